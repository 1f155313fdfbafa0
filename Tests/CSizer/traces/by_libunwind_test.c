// SPDX-License-Identifier: Apache-2.0
// Return addresses that libunwind tells less one, as 1.3 does on x86-64: here they are made so from what this machine
// tells, and must come out as they were, with a signal's handler among the calls.
#include "traces/by_libunwind.h"

#include <signal.h>
#include <string.h>

#include "csizer_trace.h"
#include "support/check.h"

enum { HANDLER = 1, INTERRUPTED, MOST = 64 };
static void *told[MOST];
static volatile int count;

static void take(int number) {
  (void)number;
  count = csizer_unwind_backtrace()(told, MOST);
}

static void shift(void **frames, int by) {
  for (int i = 0; i < count; i++)
    if (i != INTERRUPTED) frames[i] = (char *)frames[i] + by;
}

TEST(addresses_that_were_told_less_one_are_right_again) {
  enum { FIRST_BYTE = 0x48 };  // of where a handler returns to
  CHECK(csizer_trace_is_available());
  struct sigaction action = {.sa_handler = take};
  CHECK_EQUAL(sigaction(SIGUSR1, &action, NULL), 0);
  CHECK_EQUAL(raise(SIGUSR1), 0);
  CHECK(count > INTERRUPTED + 1);
  if (*(const unsigned char *)told[HANDLER] != FIRST_BYTE) shift(told, 1);  // this machine's is such a one
  CHECK_EQUAL(*(const unsigned char *)told[HANDLER], FIRST_BYTE);
  void *frames[MOST];
  memcpy(frames, told, sizeof frames);
  shift(frames, -1);
  csizer_trace_add_one(frames, count);
  for (int i = 0; i < count; i++) CHECK_EQUAL((uintptr_t)frames[i], (uintptr_t)told[i]);
}
