// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <string.h>

#include "lifetimes/class_patterns.h"
#include "lifetimes/name_pattern.h"
#include "platform/pages.h"
#include "support/check.h"
#include "support/made_lifetimes.h"

// Classes that are tracked by their names.

static int born_as(csizer_lifetimes *tracker, const swift_class *type) {
  swift_object *object = made_birth(type);
  int tracking = made_tracking_of(tracker, object);
  made_death(object);
  return tracking;
}

TEST(a_class_is_tracked_from_its_first_object_on) {
  csizer_lifetimes *tracker = made_tracker();
  made_track_named(tracker, "Shop.*", 3);  // of which none was met
  const swift_class *order = made_named_class("Shop", "Order", NULL), *inner = made_named_class("Shop", "A.B", NULL);
  const swift_class *other = made_named_class("ShopCore", "Order", NULL), *nameless = made_life_class(NULL);
  CHECK_EQUAL(born_as(tracker, order), 3);
  CHECK_EQUAL(born_as(tracker, inner), 3);
  CHECK_EQUAL(born_as(tracker, other), -1);
  CHECK_EQUAL(born_as(tracker, nameless), -1);
  CHECK(!made_slot_is_own(order) && made_slot_is_own(other) && made_slot_is_own(nameless));
  CHECK_EQUAL(csizer_lifetimes_cohort_count(tracker), 2);  // each by its own class
  CHECK(csizer_lifetimes_cohort(tracker, 0).type == order && csizer_lifetimes_cohort(tracker, 1).type == inner);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), 2);
  csizer_lifetimes_destroy(tracker);
  CHECK(made_slot_is_own(order) && made_slot_is_own(inner));
  CHECK(!csizer_births_are_tracked && !csizer_deaths_are_tracked);
}

TEST(classes_that_were_met_before_are_tracked_from_then_on) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *order = made_named_class("Shop", "Order", NULL), *bill = made_named_class("Shop", "Bill", NULL);
  made_track_named(tracker, "Shop.Bill", 1);
  swift_object *early = made_birth(order);
  CHECK_EQUAL(made_tracking_of(tracker, early), -1);
  CHECK(csizer_class_find(order) == &csizer_class_untracked);
  made_track_named(tracker, "*.Or*", 2);
  swift_object *late = made_birth(order);
  CHECK_EQUAL(made_tracking_of(tracker, early), -1);
  CHECK_EQUAL(made_tracking_of(tracker, late), 2);
  CHECK(csizer_lifetimes_untrack_named(tracker, "*.Or*"));
  CHECK(!csizer_lifetimes_untrack_named(tracker, "*.Or*"));
  CHECK(!csizer_lifetimes_untrack_named(tracker, "*"));
  CHECK_EQUAL(born_as(tracker, order), -1);
  CHECK_EQUAL(born_as(tracker, bill), 1);
  CHECK_EQUAL(made_tracking_of(tracker, late), 2);  // it stays, and so does the hook
  CHECK(!made_slot_is_own(order));
  made_death(late);
  CHECK(made_slot_is_own(order));
  made_death(early);
  CHECK_EQUAL(made_count(tracker, CSIZER_DEAD), 2);
  csizer_lifetimes_destroy(tracker);
}

TEST(the_nearest_reason_wins) {
  csizer_lifetimes *tracker = made_tracker();
  const swift_class *base = made_named_class("Shop", "Base", NULL), *named = made_named_class("Shop", "Named", base);
  const swift_class *own = made_named_class("Shop", "NamedToo", base), *heir = made_named_class("Else", "Heir", named);
  made_track_named(tracker, "*Named*", 1);
  CHECK_EQUAL(born_as(tracker, heir), -1);  // heirs have names of their own
  made_track(tracker, base, 2);
  made_track(tracker, own, 3);
  CHECK_EQUAL(born_as(tracker, base), 2);
  CHECK_EQUAL(born_as(tracker, named), 1);
  CHECK_EQUAL(born_as(tracker, own), 3);
  CHECK_EQUAL(born_as(tracker, heir), 2);
  made_track_named(tracker, "Shop.*", 4);  // the last
  CHECK_EQUAL(born_as(tracker, named), 4);
  made_track_named(tracker, "*Named*", 5);
  CHECK_EQUAL(born_as(tracker, named), 5);
  CHECK_EQUAL(born_as(tracker, base), 2);
  CHECK(csizer_lifetimes_untrack_class(tracker, own));
  CHECK_EQUAL(born_as(tracker, own), 5);
  CHECK(csizer_lifetimes_untrack_named(tracker, "*Named*"));
  CHECK_EQUAL(born_as(tracker, own), 4);
  CHECK(csizer_lifetimes_untrack_named(tracker, "Shop.*"));
  CHECK_EQUAL(born_as(tracker, own), 2);
  csizer_lifetimes_untrack_classes(tracker);
  CHECK(made_slot_is_own(own) && made_slot_is_own(heir));
  csizer_lifetimes_destroy(tracker);
}

TEST(what_is_no_class_with_a_name_is_meant_by_no_pattern) {
  csizer_lifetimes *tracker = made_tracker();
  made_track_named(tracker, "*", 1);
  static const char *const own[] = {"Sizer", "SizerGraph", "SizerProfile", "SizerReports"};
  for (size_t i = 0; i < sizeof own / sizeof *own; i++)
    CHECK_EQUAL(born_as(tracker, made_named_class(own[i], "Lifetimes", NULL)), -1);
  CHECK_EQUAL(born_as(tracker, made_named_class("SizerTests", "Lifetimes", NULL)), 1);
  swift_class *odd = (swift_class *)(uintptr_t)made_named_class("Shop", "Order", NULL);
  ((swift_descriptor *)(uintptr_t)odd->description)->flags = SWIFT_CONTEXT_STRUCT;
  CHECK_EQUAL(born_as(tracker, odd), -1);
  odd = (swift_class *)(uintptr_t)made_named_class("Shop", "Order", NULL);
  odd->kind = SWIFT_LOCAL_VARIABLE;
  CHECK_EQUAL(born_as(tracker, odd), -1);
  // The longest pattern means the longest name.
  for (size_t length = CSIZER_PATTERN_ROOM - 4; length < CSIZER_PATTERN_ROOM + 4; length++) {
    static char name[CSIZER_PATTERN_ROOM + 8];
    memset(name, 'n', length - 2);
    name[length - 2] = 0;
    CHECK_EQUAL(born_as(tracker, made_named_class("M", name, NULL)), length < CSIZER_PATTERN_ROOM ? 1 : -1);
  }
  csizer_lifetimes_destroy(tracker);
}

TEST(patterns_are_checked) {
  csizer_lifetimes *tracker = made_tracker();
  static char pattern[CSIZER_PATTERN_ROOM + 1];
  const csizer_tracking tracking = {0};
  memset(pattern, '*', CSIZER_PATTERN_ROOM);
  CHECK_EQUAL(csizer_lifetimes_track_named(tracker, "", &tracking), CSIZER_INVALID);
  CHECK_EQUAL(csizer_lifetimes_track_named(tracker, pattern, &tracking), CSIZER_INVALID);
  pattern[CSIZER_PATTERN_ROOM - 1] = 0;  // births are not told in this program
  CHECK_EQUAL(csizer_lifetimes_track_named(tracker, pattern, &tracking), CSIZER_UNSUPPORTED);
  CHECK(!csizer_births_are_tracked);
  csizer_lifetimes_destroy(tracker);
}

// ---- Against a model ----

enum { CLASSES = 60, PATTERNS = 12, TRACKERS = 3 };

typedef struct model {
  const swift_class *types[CLASSES];
  char names[CLASSES][16];
  int parents[CLASSES];
  int own[TRACKERS][CLASSES];        // numbers of trackings; 0: none
  int named[TRACKERS][PATTERNS];
  unsigned set[TRACKERS][PATTERNS];  // when it was set last
} model;

static const char *const patterns[PATTERNS] = {"*",    "A.*",   "B.*",   "*.a", "*.*b*", "A.a*",
                                               "*a*a", "A.abb", "*.b*a", "C.*", "**b",   "B.*.*"};

static int expected(const model *model, int tracker, int type) {
  if (model->own[tracker][type]) return model->own[tracker][type];
  int number = 0;
  unsigned latest = 0;
  for (int i = 0; i < PATTERNS; i++) {
    if (!model->named[tracker][i] || model->set[tracker][i] < latest) continue;
    if (!csizer_name_matches(patterns[i], model->names[type])) continue;
    latest = model->set[tracker][i];
    number = model->named[tracker][i];
  }
  for (int at = model->parents[type]; !number && at >= 0; at = model->parents[at]) number = model->own[tracker][at];
  return number ? number : -1;
}

TEST(whatever_is_tracked_is_what_the_model_says) {
  static model model;
  csizer_lifetimes *trackers[TRACKERS];
  uint64_t random = 11;
  for (int i = 0; i < TRACKERS; i++) trackers[i] = made_tracker();
  for (int i = 0; i < CLASSES; i++) {
    char name[8] = {0};
    for (size_t j = 0; j < 1 + check_random(&random) % 4; j++) name[j] = "ab.ab"[check_random(&random) % (j ? 5 : 2)];
    const char module[] = {"ABC"[check_random(&random) % 3], 0};
    model.parents[i] = i % 4 ? (int)(check_random(&random) % (unsigned)i) : -1;
    snprintf(model.names[i], sizeof model.names[i], "%s.%s", module, name);
    model.types[i] = made_named_class(module, name, model.parents[i] < 0 ? NULL : model.types[model.parents[i]]);
  }
  for (unsigned step = 1; step < 4000; step++) {
    int tracker = (int)(check_random(&random) % TRACKERS), number = (int)step;
    int type = (int)(check_random(&random) % CLASSES), pattern = (int)(check_random(&random) % PATTERNS);
    switch (check_random(&random) % 6) {
      case 0:
        made_track(trackers[tracker], model.types[type], step);
        model.own[tracker][type] = number;
        break;
      case 1:
        CHECK_EQUAL(csizer_lifetimes_untrack_class(trackers[tracker], model.types[type]), model.own[tracker][type] > 0);
        model.own[tracker][type] = 0;
        break;
      case 2:
        made_track_named(trackers[tracker], patterns[pattern], step);
        model.named[tracker][pattern] = number;
        model.set[tracker][pattern] = step;
        break;
      case 3:
        CHECK_EQUAL(csizer_lifetimes_untrack_named(trackers[tracker], patterns[pattern]),
                    model.named[tracker][pattern] > 0);
        model.named[tracker][pattern] = 0;
        break;
      default: break;
    }
    type = (int)(check_random(&random) % CLASSES);
    swift_object *object = made_birth(model.types[type]);
    for (int i = 0; i < TRACKERS; i++)
      CHECK_EQUAL(made_tracking_of(trackers[i], object), expected(&model, i, type));
    made_death(object);
  }
  for (int i = 0; i < TRACKERS; i++) csizer_lifetimes_destroy(trackers[i]);
  for (int i = 0; i < CLASSES; i++) CHECK(made_slot_is_own(model.types[i]));
}

// ---- Refusals ----

TEST(a_pattern_is_refused_as_a_whole) {
  enum { MET = 400 };
  size_t refusals = 0;
  for (bool refused = true; refused; refusals += refused) {
    csizer_lifetimes *tracker = made_tracker(), *other = made_tracker();
    const swift_class *types[MET];
    made_track_named(other, "Other.*", 9);
    for (int i = 0; i < MET; i++) {
      types[i] = made_named_class(i % 2 ? "Shop" : "Other", "Order", NULL);
      CHECK_EQUAL(born_as(tracker, types[i]), -1);
    }
    // Patterns fill their page.
    for (uint32_t i = 0; i < 4; i++) {
      const char pattern[] = {(char)('a' + i), 0};
      made_track_named(tracker, pattern, i);
    }
    csizer_pages_fail_at = refusals + 1;
    csizer_status status = csizer_tracked_pattern_add(tracker, "*.Order", &(csizer_tracking){.number = 7});
    refused = csizer_pages_fail_at == 0;
    csizer_pages_fail_at = 0;
    CHECK_EQUAL(status, refused ? CSIZER_NO_MEMORY : CSIZER_OK);
    for (int i = 0; i < MET; i++) {
      CHECK_EQUAL(made_slot_is_own(types[i]), refused && i % 2);
      CHECK_EQUAL(born_as(tracker, types[i]), refused ? -1 : 7);
      CHECK_EQUAL(born_as(other, types[i]), i % 2 ? -1 : 9);
    }
    CHECK_EQUAL(csizer_lifetimes_lost(tracker) + csizer_lifetimes_lost(other), 0);
    CHECK_EQUAL(csizer_lifetimes_untrack_named(tracker, "*.Order"), !refused);
    csizer_lifetimes_destroy(tracker);
    csizer_lifetimes_destroy(other);
    for (int i = 0; i < MET; i++) CHECK(made_slot_is_own(types[i]));
  }
  CHECK(refusals >= 2);
}

// ---- Threads ----

enum { THREADS = 6, FRESH = 400, EACH = 20 };

static const swift_class *fresh[2][FRESH];
static size_t met[2];  // births of each module; atomic
static bool is_over;   // atomic

// All meet each class at about the same time, for the first time.
static void *meet(void *argument) {
  for (int i = 0; i < FRESH; i++)
    for (int module = 0; module < 2; module++)
      for (int j = 0; j < EACH; j++) {
        made_death(made_birth(fresh[module][i]));
        __atomic_fetch_add(&met[module], 1, __ATOMIC_RELAXED);
      }
  return argument;
}

static void *track_and_untrack(void *argument) {
  csizer_lifetimes *tracker = argument;
  while (!__atomic_load_n(&is_over, __ATOMIC_RELAXED)) {
    CHECK_EQUAL(csizer_tracked_pattern_add(tracker, "Second.*", &(csizer_tracking){.number = 2}), CSIZER_OK);
    CHECK_EQUAL(csizer_tracked_pattern_add(tracker, "*.Fresh", &(csizer_tracking){.number = 1}), CSIZER_OK);
    CHECK(csizer_lifetimes_untrack_named(tracker, "*.Fresh"));
    CHECK(csizer_lifetimes_untrack_named(tracker, "Second.*"));
  }
  return NULL;
}

TEST(first_births_while_patterns_come_and_go) {
  for (int i = 0; i < FRESH; i++) {
    fresh[0][i] = made_named_class("First", "Fresh", NULL);
    fresh[1][i] = made_named_class("Second", "Fresh", i ? fresh[0][i] : NULL);
  }
  csizer_lifetimes *all = made_tracker(), *first = made_tracker(), *changing = made_tracker();
  made_track_named(all, "*", 1);
  made_track_named(first, "First.*", 1);
  size_t destroyed = made_destroyed;
  pthread_t threads[THREADS], changer;
  CHECK_EQUAL(pthread_create(&changer, NULL, track_and_untrack, changing), 0);
  for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, meet, NULL), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  __atomic_store_n(&is_over, true, __ATOMIC_RELAXED);
  pthread_join(changer, NULL);
  CHECK_EQUAL(met[0], THREADS * FRESH * EACH);
  CHECK_EQUAL(made_destroyed - destroyed, met[0] + met[1]);
  CHECK_EQUAL(made_count(all, CSIZER_DEAD), met[0] + met[1]);
  CHECK_EQUAL(made_count(first, CSIZER_DEAD), met[0]);
  CHECK_EQUAL(made_count(changing, CSIZER_DEAD), csizer_lifetimes_count(changing));
  CHECK_EQUAL(csizer_lifetimes_lost(all) + csizer_lifetimes_lost(first) + csizer_lifetimes_lost(changing), 0);
  csizer_lifetimes_destroy(all);
  csizer_lifetimes_destroy(first);
  csizer_lifetimes_destroy(changing);
  for (int i = 0; i < FRESH; i++) CHECK(made_slot_is_own(fresh[0][i]) && made_slot_is_own(fresh[1][i]));
}
