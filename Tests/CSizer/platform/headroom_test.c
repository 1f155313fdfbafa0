// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "csizer_headroom.h"

#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "csizer_process.h"
#include "platform/pages.h"
#include "csizer_refusals.h"
#include "support/check.h"
#include "support/made_limits.h"

// What an image may cost, what is left below each limit, and what is learnt. The figures are worked out by hand in
// made_limits.h.

static const unsigned long long LIMIT = 1ull << 30;

// With room for exactly so many bytes.
static void leave(unsigned long long room) { made_limits_write_group("/app", LIMIT, LIMIT - room); }

TEST(an_image_needs_what_the_header_says) {
  csizer_shortage shortage;
  made_limits_write_process();
  leave(MADE_NEED);
  CHECK_EQUAL(made_limits_ask(NULL), CSIZER_LIMIT_NONE);
  leave(MADE_NEED - 1);
  CHECK_EQUAL(made_limits_ask(&shortage), CSIZER_LIMIT_GROUP);
  CHECK_EQUAL(shortage.room, MADE_NEED - 1);
  CHECK_EQUAL(shortage.need, MADE_NEED);
}

TEST(results_count) {
  csizer_headroom *headroom;
  csizer_shortage shortage;
  made_limits_write_process();
  leave(MADE_NEED + 999);
  CHECK_EQUAL(csizer_headroom_open(1000, &headroom, &shortage), CSIZER_OK);
  CHECK_EQUAL(shortage.need, MADE_NEED + 1000);
  CHECK(headroom == NULL);
  CHECK_EQUAL(csizer_headroom_open(999, &headroom, &shortage), CSIZER_OK);
  CHECK(headroom != NULL);
  csizer_headroom_close(headroom);
}

TEST(swapped_memory_is_copied_too) {
  csizer_shortage shortage;
  made_limits_write_process();
  made_limits_write("/proc/thread-self/status",
                    "RssAnon:\t 51200 kB\nVmPTE:\t 1024 kB\nVmSwap:\t 51200 kB\nThreads:\t1\n");
  leave(0);
  CHECK_EQUAL(made_limits_ask(&shortage), CSIZER_LIMIT_GROUP);
  CHECK_EQUAL(shortage.need, MADE_NEED);
}

TEST(a_small_process_needs_no_more_than_all_of_it) {
  csizer_shortage shortage;
  made_limits_write_process();
  made_limits_write("/proc/thread-self/status", "RssAnon:\t 6400 kB\nVmPTE:\t 100 kB\nThreads:\t9\n");
  leave(0);
  CHECK_EQUAL(made_limits_ask(&shortage), CSIZER_LIMIT_GROUP);
  CHECK_EQUAL(shortage.need, (4096 + 100 + 100 + 6400 + 800) * 1024);
}

TEST(each_thread_that_may_write_needs_more) {
  csizer_shortage shortage;
  made_limits_write_process();
  made_limits_write("/proc/thread-self/status", "RssAnon:\t 1024000 kB\nVmPTE:\t 1024 kB\nThreads:\t10000\n");
  leave(0);
  CHECK_EQUAL(made_limits_ask(&shortage), CSIZER_LIMIT_GROUP);
  unsigned long long others = (1024ull + 16000 + 10240 + 128000) * 1024, floor = shortage.need - others;
  CHECK(floor % (16 << 20) == 0);
  CHECK_EQUAL(floor / (16 << 20), sysconf(_SC_NPROCESSORS_ONLN));
}

TEST(kills_that_take_all_along_need_twice_the_floor) {
  csizer_shortage shortage;
  made_limits_write_process();
  leave(MADE_NEED + MADE_FLOOR - 1);
  CHECK_EQUAL(made_limits_ask(NULL), CSIZER_LIMIT_NONE);
  made_limits_write(MADE_MOUNT "/app/memory.oom.group", "1\n");
  CHECK_EQUAL(made_limits_ask(&shortage), CSIZER_LIMIT_GROUP);
  CHECK_EQUAL(shortage.need, MADE_NEED + MADE_FLOOR);
}

TEST(a_heap_of_100_mb_below_138_mb_is_not_forked_when_kills_take_all_along) {
  made_limits_write_process();
  made_limits_write_group("/app", 138ull << 20, 106ull << 20);
  made_limits_write(MADE_MOUNT "/app/memory.oom.group", "1\n");
  CHECK_EQUAL(made_limits_ask(NULL), CSIZER_LIMIT_GROUP);
}

TEST(the_machine_is_a_limit) {
  csizer_shortage shortage;
  made_limits_write_process();
  made_limits_write("/proc/meminfo", "MemFree:  9999999 kB\nMemAvailable:   1000 kB\n");
  CHECK_EQUAL(made_limits_ask(&shortage), CSIZER_LIMIT_MACHINE);
  CHECK_EQUAL(shortage.room, 1000 * 1024);
  CHECK_EQUAL(shortage.need, MADE_NEED);
}

TEST(promises_are_a_limit_where_they_are_counted) {
  csizer_shortage shortage;
  made_limits_write_process();
  CHECK_EQUAL(made_limits_ask(NULL), CSIZER_LIMIT_NONE);
  made_limits_write("/proc/sys/vm/overcommit_memory", "2\n");
  CHECK_EQUAL(made_limits_ask(&shortage), CSIZER_LIMIT_COMMIT);
  CHECK_EQUAL(shortage.room, 100000 * 1024);
  CHECK_EQUAL(shortage.need, MADE_OWN + MADE_FLOOR + 204800 * 1024);
  made_limits_write("/proc/meminfo", "MemAvailable: 12000000 kB\nCommitLimit: 8000000 kB\nCommitted_AS: 900000 kB\n");
  CHECK_EQUAL(made_limits_ask(NULL), CSIZER_LIMIT_NONE);
}

static csizer_memory_limit ask_below(int resource, rlim_t bytes, csizer_shortage *ret_shortage) {
  struct rlimit before, now;
  CHECK_EQUAL(getrlimit(resource, &before), 0);
  now = before;
  now.rlim_cur = bytes;
  CHECK_EQUAL(setrlimit(resource, &now), 0);
  csizer_headroom *headroom = NULL;
  csizer_status status = csizer_headroom_open(0, &headroom, ret_shortage);
  CHECK_EQUAL(setrlimit(resource, &before), 0);
  csizer_headroom_close(headroom);
  CHECK_EQUAL(status, CSIZER_OK);
  return ret_shortage->limit;
}

// The made-up process has more addresses than the real one, which must get its pages for the look.
TEST(limits_that_refuse_are_kept_away_from) {
  csizer_shortage shortage;
  csizer_process_memory real;
  CHECK_EQUAL(csizer_process_memory_read(&real), CSIZER_OK);
  const rlim_t addresses = real.virtual_bytes + (1ull << 30), data = real.data + (1ull << 30);
  const rlim_t need = MADE_OWN + (16 << 20);
  made_limits_write_process();
  made_limits_write("/proc/thread-self/status",
                    "VmSize: %llu kB\nRssAnon: 102400 kB\nVmData: %llu kB\nVmPTE: 1024 kB\nThreads: 1\n",
                    (unsigned long long)addresses >> 10, (unsigned long long)data >> 10);
  CHECK_EQUAL(ask_below(RLIMIT_DATA, data + need, &shortage), CSIZER_LIMIT_NONE);
  CHECK_EQUAL(ask_below(RLIMIT_DATA, data + need - 1, &shortage), CSIZER_LIMIT_DATA);
  CHECK_EQUAL(shortage.room, need - 1);
  CHECK_EQUAL(shortage.need, need);
  CHECK_EQUAL(ask_below(RLIMIT_AS, addresses + need, &shortage), CSIZER_LIMIT_NONE);
  CHECK_EQUAL(ask_below(RLIMIT_AS, addresses + need - 1, &shortage), CSIZER_LIMIT_ADDRESS_SPACE);
}

TEST(the_watch_sees_memory_go_and_come) {
  csizer_headroom *headroom;
  csizer_shortage shortage;
  made_limits_write_process();
  leave(MADE_NEED);
  CHECK_EQUAL(csizer_headroom_open(0, &headroom, &shortage), CSIZER_OK);
  CHECK_EQUAL(csizer_headroom_look(headroom), CSIZER_ROOM_NEAR);
  leave(MADE_FLOOR + MADE_ANONYMOUS);
  CHECK_EQUAL(csizer_headroom_look(headroom), CSIZER_ROOM_AMPLE);
  leave(MADE_FLOOR);
  CHECK_EQUAL(csizer_headroom_look(headroom), CSIZER_ROOM_NEAR);
  leave(MADE_FLOOR - 1);
  CHECK_EQUAL(csizer_headroom_look(headroom), CSIZER_ROOM_SHORT);
  shortage = csizer_headroom_shortage(headroom);
  CHECK_EQUAL(shortage.limit, CSIZER_LIMIT_GROUP);
  CHECK_EQUAL(shortage.room, MADE_FLOOR - 1);
  CHECK_EQUAL(shortage.need, MADE_FLOOR);
  csizer_headroom_close(headroom);
}

// Pages that became dirty, or were taken back, since the last thorough look.
TEST(before_a_child_is_ended_what_could_be_taken_back_is_looked_at_again) {
  csizer_headroom *headroom;
  csizer_shortage shortage;
  made_limits_write_process();
  leave(MADE_NEED);
  CHECK_EQUAL(csizer_headroom_open(0, &headroom, &shortage), CSIZER_OK);
  leave(0);
  made_limits_write(MADE_MOUNT "/app/memory.stat", "inactive_file %d\nfile_dirty 10\n", MADE_FLOOR + 10);
  CHECK_EQUAL(csizer_headroom_look(headroom), CSIZER_ROOM_NEAR);
  made_limits_write(MADE_MOUNT "/app/memory.stat", "inactive_file %d\nfile_dirty 11\n", MADE_FLOOR + 10);
  int looks = 1;
  while (csizer_headroom_look(headroom) != CSIZER_ROOM_SHORT) CHECK(++looks < 20);
  csizer_headroom_close(headroom);
}

TEST(who_can_not_look_any_more_gives_up_soon) {
  csizer_headroom *headroom;
  csizer_shortage shortage;
  made_limits_write_process();
  leave(MADE_NEED);
  CHECK_EQUAL(csizer_headroom_open(0, &headroom, &shortage), CSIZER_OK);
  made_limits_remove(MADE_MOUNT "/app/memory.current");
  int looks = 0;
  while (csizer_headroom_look(headroom) != CSIZER_ROOM_SHORT) CHECK(++looks < 100);
  CHECK(looks > 1);
  CHECK_EQUAL(csizer_headroom_shortage(headroom).limit, CSIZER_LIMIT_GROUP);
  csizer_headroom_close(headroom);
}

TEST(the_machine_and_its_promises_are_watched) {
  csizer_headroom *headroom;
  csizer_shortage shortage;
  made_limits_write_process();
  made_limits_write("/proc/sys/vm/overcommit_memory", "2\n");
  made_limits_write("/proc/meminfo", "MemAvailable: 300000 kB\nCommitLimit: 8000000 kB\nCommitted_AS: 900000 kB\n");
  CHECK_EQUAL(csizer_headroom_open(0, &headroom, &shortage), CSIZER_OK);
  CHECK_EQUAL(csizer_headroom_look(headroom), CSIZER_ROOM_NEAR);
  made_limits_write("/proc/meminfo", "MemAvailable: 300000 kB\nCommitLimit: 8000000 kB\nCommitted_AS: 7990000 kB\n");
  CHECK_EQUAL(csizer_headroom_look(headroom), CSIZER_ROOM_SHORT);
  CHECK_EQUAL(csizer_headroom_shortage(headroom).limit, CSIZER_LIMIT_COMMIT);
  made_limits_write("/proc/meminfo", "MemAvailable: 10000 kB\nCommitLimit: 8000000 kB\nCommitted_AS: 900000 kB\n");
  CHECK_EQUAL(csizer_headroom_look(headroom), CSIZER_ROOM_SHORT);
  CHECK_EQUAL(csizer_headroom_shortage(headroom).limit, CSIZER_LIMIT_MACHINE);
  csizer_headroom_close(headroom);
}

static unsigned long long need_now(void) {
  csizer_shortage shortage;
  leave(0);
  CHECK_EQUAL(made_limits_ask(&shortage), CSIZER_LIMIT_GROUP);
  return shortage.need;
}

TEST(each_child_ended_in_vain_makes_the_next_ask_for_more) {
  made_limits_write_process();
  const unsigned long long rest = MADE_OWN + MADE_FLOOR;
  CHECK_EQUAL(need_now(), rest + MADE_ANONYMOUS / 8);
  const unsigned shares[] = {4, 2, 1, 1};
  for (unsigned i = 0; i < 4; i++) {
    csizer_headroom_learn(false);
    CHECK_EQUAL(need_now(), rest + MADE_ANONYMOUS / shares[i]);
  }
  for (unsigned i = 0; i < 5; i++) csizer_headroom_learn(true);
  CHECK_EQUAL(need_now(), rest + MADE_ANONYMOUS / 8);
}

static void die(const char *events) {
  csizer_headroom *headroom;
  csizer_shortage shortage;
  CHECK_EQUAL(csizer_headroom_open(0, &headroom, &shortage), CSIZER_OK);
  CHECK(headroom != NULL);
  made_limits_write(MADE_MOUNT "/app/memory.events", "%s", events);
  bool was_killed = csizer_headroom_was_killed(headroom);
  csizer_headroom_close(headroom);
  CHECK_EQUAL(was_killed, made_limits_ask(NULL) == CSIZER_LIMIT_KILLED);
}

TEST(after_a_kill_for_memory_there_is_no_room_for_ever) {
  made_limits_write_process();
  leave(MADE_NEED + MADE_ANONYMOUS);
  die("oom 1\noom_kill 0\noom_group_kill 0\n");  // somebody else killed it
  CHECK_EQUAL(made_limits_ask(NULL), CSIZER_LIMIT_NONE);
  die("oom 2\noom_kill 1\noom_group_kill 0\n");
  CHECK_EQUAL(made_limits_ask(NULL), CSIZER_LIMIT_KILLED);
  made_limits_write_process();  // forgets
  CHECK_EQUAL(made_limits_ask(NULL), CSIZER_LIMIT_NONE);
}

// Somebody may have killed it: that is no reason never to try again.
TEST(a_kill_when_hardly_any_room_was_left_makes_more_careful) {
  csizer_headroom *headroom;
  csizer_shortage shortage;
  made_limits_write_process();
  leave(MADE_NEED);
  CHECK_EQUAL(csizer_headroom_open(0, &headroom, &shortage), CSIZER_OK);
  leave(MADE_FLOOR + 1);
  CHECK_EQUAL(csizer_headroom_look(headroom), CSIZER_ROOM_NEAR);
  CHECK(!csizer_headroom_was_killed(headroom));
  csizer_headroom_close(headroom);
  leave(MADE_NEED + MADE_ANONYMOUS / 8 - 1);
  CHECK_EQUAL(made_limits_ask(&shortage), CSIZER_LIMIT_GROUP);
  CHECK_EQUAL(shortage.need, MADE_NEED + MADE_ANONYMOUS / 8);
  leave(MADE_NEED + MADE_ANONYMOUS / 8);
  CHECK_EQUAL(made_limits_ask(NULL), CSIZER_LIMIT_NONE);
}

TEST(without_proc_nothing_is_known) {
  csizer_headroom *headroom;
  csizer_shortage shortage;
  made_limits_begin();
  CHECK_EQUAL(csizer_headroom_open(0, &headroom, &shortage), CSIZER_UNREADABLE);
  CHECK(headroom == NULL);
}

TEST(without_descriptors_nothing_is_known_and_nothing_is_kept) {
  made_limits_write_process();
  leave(MADE_NEED);
  size_t held = csizer_pages_held();
  struct rlimit before, none;
  CHECK_EQUAL(getrlimit(RLIMIT_NOFILE, &before), 0);
  none = before;
  csizer_headroom *headroom = NULL;
  csizer_shortage shortage;
  int next = dup(0);
  close(next);
  none.rlim_cur = (rlim_t)next;
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
  csizer_status status = csizer_headroom_open(0, &headroom, &shortage);
  CHECK_EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
  CHECK_EQUAL(status, CSIZER_UNREADABLE);
  CHECK_REFUSAL(CSIZER_UNREADABLE, EMFILE, "/proc/thread-self/status");
  CHECK(headroom == NULL);
  CHECK_EQUAL(csizer_pages_held(), held);
  int again = dup(0);
  CHECK_EQUAL(again, next);
  close(again);
}

TEST(refused_pages_leave_nothing_behind) {
  made_limits_write_process();
  leave(MADE_NEED);
  size_t held = csizer_pages_held();
  for (size_t call = 1; call <= 2; call++) {
    csizer_headroom *headroom = NULL;
    csizer_shortage shortage;
    csizer_pages_fail_at = call;
    csizer_status status = csizer_headroom_open(0, &headroom, &shortage);
    csizer_pages_fail_at = 0;
    CHECK_EQUAL(status, CSIZER_NO_MEMORY);
    CHECK(headroom == NULL);
    CHECK_EQUAL(csizer_pages_held(), held);
  }
  CHECK_EQUAL(made_limits_ask(NULL), CSIZER_LIMIT_NONE);
}

TEST(this_system_itself_can_be_read) {
  CHECK_EQUAL(csizer_headroom_set_root(""), CSIZER_OK);
  csizer_headroom *headroom;
  csizer_shortage shortage;
  size_t held = csizer_pages_held();
  CHECK_EQUAL(csizer_headroom_open(0, &headroom, &shortage), CSIZER_OK);
  CHECK_EQUAL(headroom != NULL, shortage.limit == CSIZER_LIMIT_NONE);
  if (headroom) csizer_headroom_look(headroom);
  csizer_headroom_close(headroom);
  CHECK_EQUAL(csizer_pages_held(), held);
}
