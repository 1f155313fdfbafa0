// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "lifetimes/unloaded.h"

#include <link.h>

#include "csizer_images.h"
#include "layouts/unknown_types.h"
#include "lifetimes/lifetimes_internal.h"

// Metadata live for ever, says the runtime; dlclose(3) says otherwise. What the class table, trackers' trackings,
// cohorts and morphs hold are addresses, and each is looked at behind the next dlclose as if it were any word: metadata
// have a descriptor in some image that is loaded. What is none any more is forgotten, so that a class which comes to
// lie there later is new.

static int read_removals(struct dl_phdr_info *info, size_t size, void *context) {
  (void)size;
  *(unsigned long long *)context = info->dlpi_subs;
  return 1;  // the first image tells
}

unsigned long long csizer_removals(void) {
  unsigned long long removals = 0;
  dl_iterate_phdr(read_removals, &removals);
  return removals;
}

static bool is_there(const csizer_images *images, const void *type) { return csizer_is_metadata(images, type); }

static bool forget_class(void *context, const void *metadata) {
  if (is_there(context, metadata)) return true;
  class_entry *entry = csizer_class_find(metadata);
  if (entry && entry != &csizer_class_untracked) csizer_class_is_gone(entry);
  csizer_class_set(metadata, NULL);  // it has a place: can't fail
  return true;
}

static bool forget_in_tracker(void *context, csizer_lifetimes *lifetimes) {
  const csizer_images *images = context;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < lifetimes->tracked_class_count; i++)
    if (is_there(images, lifetimes->tracked_classes[i].type))
      lifetimes->tracked_classes[kept++] = lifetimes->tracked_classes[i];
  lifetimes->tracked_class_count = kept;
  for (uint32_t i = 0; i < lifetimes->cohort_count; i++)
    if (lifetimes->cohorts[i].type && !is_there(images, lifetimes->cohorts[i].type)) lifetimes->cohorts[i].type = NULL;
  csizer_morph *morphs = lifetimes->morphs.memory;
  for (size_t i = 0; i < lifetimes->morph_count; i++)
    if (morphs[i].type && !is_there(images, morphs[i].type)) morphs[i].type = NULL;
  return true;
}

static void forget(csizer_images *images) {
  if (csizer_images_refresh(images)) return;  // without memory for the list the next call tries again
  csizer_shards_hold();
  csizer_class_each(forget_class, images);
  csizer_lifetimes_each(forget_in_tracker, images);
  csizer_shards_release();
}

void csizer_unloaded_forget(void) {
  static unsigned long long known_removals;
  if (csizer_shards_held()) return;
  csizer_images_look_for_swift();  // a library whose class is tracked was seen, if it is closed before any walk
  unsigned long long removals = csizer_removals();
  // Relaxed: one of those who see the new number forgets, under all shards, which orders what it does.
  if (__atomic_exchange_n(&known_removals, removals, __ATOMIC_RELAXED) == removals) return;
  csizer_images images = {0};
  forget(&images);
  csizer_images_deinit(&images);
}
