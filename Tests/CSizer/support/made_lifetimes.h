// SPDX-License-Identifier: Apache-2.0
#ifndef MADE_LIFETIMES_H
#define MADE_LIFETIMES_H
#include "csizer_lifetimes.h"
#include "lifetimes/births.h"
#include "lifetimes/tracked_classes.h"
#include "support/made_types.h"

// Lives of made-up objects, told to the engine as the runtime's entry points would tell them.

/// A class whose instances are destroyed by a function that counts; `superclass` may be NULL. Its metadata is new to
/// the engine.
const swift_class *made_life_class(const swift_class *superclass);

/// The same, declared in a module: "Module" and "Outer.Inner", or any other text.
const swift_class *made_named_class(const char *module, const char *name, const swift_class *superclass);

/// Whether the class's destroy slot holds its own function.
bool made_slot_is_own(const swift_class *type);

/// Demands what must always be true of tracking (csizer_lifetimes_check). Births, deaths and made_track do, too.
void made_check_lives(void);

/// How many objects were destroyed by their own classes' functions.
extern size_t made_destroyed;

/// An object whose birth is not told.
swift_object *made_silent_object(const swift_class *type);

/// An object that is born.
swift_object *made_birth(const swift_class *type);

/// Its deinit and then its memory's end.
void made_death(swift_object *object);

/// Its memory's end without a deinit.
void made_silent_death(swift_object *object);

csizer_lifetimes *made_tracker(void);

/// Tracks a class, with everything at its plainest; the tracking has this number.
void made_track(csizer_lifetimes *tracker, const swift_class *type, uint32_t tracking);

/// The same for all classes that a pattern means.
void made_track_named(csizer_lifetimes *tracker, const char *pattern, uint32_t tracking);

/// The tracking under which a tracker tracks the object; -1: it does not.
int made_tracking_of(csizer_lifetimes *tracker, const void *object);

/// How many of a tracker's records have this fate.
uint32_t made_count(csizer_lifetimes *tracker, csizer_fate fate);

#endif
