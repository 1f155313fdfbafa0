// SPDX-License-Identifier: Apache-2.0
// Completes stacks by the records of frames.
#include "traces/frame_chain.h"

#if defined(FRAMES_ARE_CHAINED)
#include <stddef.h>

#include "traces/stack_range.h"

uintptr_t csizer_frame_chain_ends[FRAME_CHAIN_ENDS];

// The thread's stack. It must need no memory: it is used at births.
static _Thread_local __attribute__((tls_model("initial-exec"))) stack_range range;

enum { FRAME_POINTER, RETURN_ADDRESS, RECORD_WORDS };

// Never behind zero, which ends a chain. A chain goes up, so it ends within the stack.
static const uintptr_t *record_above(const uintptr_t *record) {
  const uintptr_t above = record[FRAME_POINTER];
  if (above <= (uintptr_t)record || above >= range.high || above % sizeof above) return NULL;
  return range.high - above < RECORD_WORDS * sizeof above ? NULL : (const uintptr_t *)above;
}

static uintptr_t return_address(const uintptr_t *record) { return frame_chain_unsigned(record[RETURN_ADDRESS]); }

static int place_of(uintptr_t address, void **frames, int from, int found) {
  while (from < found && (uintptr_t)frames[from] != address) from++;
  return from;
}

static bool all_repeat(void **frames, int from, int found) {
  for (int i = from; i < found; i++)
    if (frames[i] != frames[from - 1]) return false;
  return true;
}

static void note_end(uintptr_t address) {
  for (int i = 0; i < FRAME_CHAIN_ENDS; i++) {
    uintptr_t known = 0;
    if (__atomic_compare_exchange_n(&csizer_frame_chain_ends[i], &known, address, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED) ||
        known == address)
      return;
  }
}

int csizer_frame_chain_complete(const uintptr_t *record, void **frames, int found, int most) {
  if (!stack_range_holds(&range, (uintptr_t)record)) return found;
  // Up to where both tell the same. Functions without a record are libunwind's alone; one that it does not tell is the
  // first one that it lacks.
  const uintptr_t *last = NULL;
  int count = 0;
  for (int place; record; record = record_above(record), count = place + 1) {
    place = place_of(return_address(record), frames, count, found);
    if (place == found) break;
    last = record;
  }
  // Without a rule for a function libunwind 1.6 takes the address that it came from for the one it returns to: the last
  // frame twice.
  if (!count || !all_repeat(frames, count, found)) return found;
  if (count == found && !record && !last[FRAME_POINTER]) note_end((uintptr_t)frames[found - 1]);
  for (; record && count < most && return_address(record); record = record_above(record))
    frames[count++] = (void *)return_address(record);
  return count;
}
#endif
