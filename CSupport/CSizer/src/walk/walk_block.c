// SPDX-License-Identifier: Apache-2.0
#include "walk/walk_internal.h"

// Blocks: a header, then what they captured. Sources: BlocksRuntime/Block_private.h, src/block.cpp and
// src/queue_internal.h in swiftlang/swift-corelibs-libdispatch; lib/IRGen/GenFunc.cpp, emitBlockHeader, in
// swiftlang/swift.

typedef struct block {
  const void *isa;
  uint32_t flags;  // low half: references, in steps of two
  uint32_t reserved;
  const void *invoke;
  const struct block_descriptor {
    uintptr_t reserved, size;
  } *descriptor;
  uintptr_t captures[];
} block;

#define BLOCK_IS_ON_HEAP (1u << 24)
#define BLOCK_HAS_HELPERS (1u << 25)  // that copy and dispose of captures: some of them is more than bits
#define BLOCK_REFERENCES 0xFFFFu

/// What a block holds that dispatch_block_create made, as DispatchWorkItem does.
typedef struct work_item {
  uintptr_t magic;
  uintptr_t flags;
  uint32_t atomic_flags, performed;
  uintptr_t priority;
  uintptr_t voucher;
  uintptr_t block, group, queue;
} work_item;
enum { WORK_ITEM_MAGIC = 0xD159B10Cu };

// src/semaphore_internal.h, dispatch_group_s: the head of a list of those that wait to be told.
enum { GROUP_WAITING = 7 };

// Swift makes blocks of closures only: it captures the closure, code and context.
enum { CLOSURE_CODE, CLOSURE_CONTEXT, CLOSURE_WORDS };

static bool in_image(const csizer_walk *walk, const void *address) {
  return csizer_images_contain(&walk->layouts->images, (uintptr_t)address);
}

// Counts a block on the heap that was not met before: how many bytes of captures it has; 0 when there is nothing to be
// read.
static size_t count(csizer_walk *walk, uintptr_t address) {
  if (address < WALK_FLOOR || address & 7 || in_image(walk, (const void *)address)) return 0;
  size_t usable = csizer_walk_raw_block(walk, address, walk->layouts->block_kind, true);
  const block *block = (const void *)address;
  if (usable < sizeof *block) return 0;
  bool is_block = (block->flags & BLOCK_IS_ON_HEAP) && (block->flags & BLOCK_REFERENCES) &&
                  in_image(walk, block->invoke) && in_image(walk, block->descriptor);
  size_t size = is_block ? block->descriptor->size : 0;
  if (size < sizeof *block || size > usable) {
    walk->totals.unresolved++;
    return 0;
  }
  return size - sizeof *block;
}

// What waits there is libdispatch's, and leads to blocks and queues of others.
static void add_group(csizer_walk *walk, uintptr_t group) {
  if (!group) return;
  size_t usable = csizer_walk_raw_block(walk, group, walk->layouts->block_kind, true);
  bool is_waited_for = usable > GROUP_WAITING * sizeof(uintptr_t) && ((const uintptr_t *)group)[GROUP_WAITING];
  walk->totals.unresolved += is_waited_for;
}

// Of what a block made by C captured nothing is known but whether it keeps something alive. The queue is there only
// while the item waits in it, which keeps it.
static void captures_of(csizer_walk *walk, const block *block, size_t bytes) {
  // A work item's block leads to another, which leads no further.
  for (bool is_outer = true; (block->flags & BLOCK_HAS_HELPERS) != 0; is_outer = false) {
    const work_item *item = (const void *)block->captures;
    if (bytes == CLOSURE_WORDS * sizeof(uintptr_t) && in_image(walk, (const void *)block->captures[CLOSURE_CODE])) {
      walk_reference(walk, block->captures[CLOSURE_CONTEXT], &block->captures[CLOSURE_CONTEXT]);
      return;
    }
    if (!is_outer || bytes < sizeof *item || item->magic != WORK_ITEM_MAGIC) break;
    add_group(walk, item->group);
    bytes = count(walk, item->block);
    if (!bytes) return;
    block = (const void *)item->block;
  }
  if (block->flags & BLOCK_HAS_HELPERS) walk->totals.unresolved++;
}

void csizer_walk_block(csizer_walk *walk, uintptr_t address, const void *at) {
  size_t bytes = count(walk, address);
  const walk_scope outer = walk_sink_enter(walk->sink, at, false);
  if (bytes) captures_of(walk, (const block *)address, bytes);
  walk_sink_leave(walk->sink, outer);
}
