// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_CLASS_DECISIONS_H
#define CSIZER_CLASS_DECISIONS_H
#include "lifetimes/lifetimes_internal.h"

// class_decisions.c: which classes are tracked, by whom and how, decided once for each metadata. Holding all shards,
// but for csizer_decision_meet.

/// What is known of a metadata that an object was just made with for the first time. Never NULL. Any thread that holds
/// no shard.
class_entry *csizer_decision_meet(const void *metadata);

/// Decides anew. False when something was refused: then births of the class ask again, and those that can't be recorded
/// are counted.
bool csizer_decide(const void *metadata);

/// Room for the trackings of one class by so many trackers; false when the system refuses memory.
bool csizer_decisions_reserve(uint32_t count);

/// Takes away what is not wanted any more of a class, and adds nothing: can't be refused.
void csizer_decision_drop_outdated(class_entry *entry);

/// What is tracked has changed, and all classes that it concerns are decided: births and deaths are told, or not.
void csizer_decisions_have_changed(void);

/// Counts anew how many tracked objects live of classes that nobody tracks, and puts back the destroy functions of
/// those that have none. Linear in the number of tracked objects.
void csizer_decisions_settle(void);

/// What a tracker was told of the class itself; NULL: nothing.
tracked_class *csizer_tracked_class_find(const csizer_lifetimes *lifetimes, const void *type);

#endif
