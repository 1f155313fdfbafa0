// SPDX-License-Identifier: Apache-2.0
#include "platform/checked_read.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

// Reading what may not be there, with all that the system allows and with less.

#define PAGE check_page_bytes()

static char *two_pages;  // one that can be read, then one that can't

static void start(void) {
  two_pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(two_pages != MAP_FAILED && !mprotect(two_pages + PAGE, PAGE, PROT_NONE));
  memset(two_pages, 'x', PAGE);
}

static bool copies(const void *from, size_t bytes) {
  char copy[64] = {0};
  return csizer_checked_copy(from, copy, bytes) && memcmp(copy, from, bytes) == 0;
}

static bool tells_what_is_readable(void) {
  char ignored[64];
  int before = errno = ERANGE;
  bool is_right = copies(two_pages, 64) && copies(two_pages + PAGE - 8, 8) && copies(two_pages + PAGE - 3, 3) &&
                  !csizer_checked_copy(two_pages + PAGE - 8, ignored, 9) &&
                  !csizer_checked_copy(two_pages + PAGE, ignored, 1) && !csizer_checked_copy(NULL, ignored, 1) &&
                  !csizer_checked_copy((void *)(uintptr_t)0x123456789ABC8, ignored, 8);
  return is_right && errno == before;
}

TEST(all_of_it_or_nothing_is_copied) {
  start();
  CHECK(tells_what_is_readable());
}

// From now on the calling process may not read by process_vm_readv(2), as in some containers.
static bool enter_sandbox(void) {
  struct sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {sizeof rules / sizeof *rules, rules};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void in_sandbox(bool has_descriptors) {
  start();
  pid_t process = fork();
  CHECK(process >= 0);
  if (process == 0) {
    struct rlimit none = {0, 0};
    bool is_set = enter_sandbox() && (has_descriptors || setrlimit(RLIMIT_NOFILE, &none) == 0);
    _exit(is_set && tells_what_is_readable() ? 0 : 1);
  }
  int status;
  CHECK_EQUAL(waitpid(process, &status, 0), process);
  CHECK_EQUAL(status, 0);
}

TEST(in_a_sandbox) { in_sandbox(true); }

TEST(in_a_sandbox_without_descriptors) { in_sandbox(false); }

TEST(readable_pages_are_remembered_and_others_are_not) {
  start();
  csizer_checked_pages pages = {0};
  for (int i = 0; i < 2; i++) {
    CHECK(csizer_checked_readable(&pages, two_pages, PAGE));
    CHECK(csizer_checked_readable(&pages, two_pages + PAGE - 1, 1));
    CHECK(!csizer_checked_readable(&pages, two_pages + PAGE - 1, 2));
    CHECK(!csizer_checked_readable(&pages, NULL, 1));
    CHECK(csizer_checked_readable(&pages, NULL, 0));
    CHECK(!csizer_checked_readable(&pages, two_pages, SIZE_MAX));
    CHECK(!csizer_checked_readable(&pages, (void *)UINTPTR_MAX, 8));
  }
}

TEST(texts_end_before_what_can_not_be_read) {
  start();
  csizer_checked_pages pages = {0};
  CHECK(!csizer_checked_text(&pages, two_pages, 2 * PAGE));
  two_pages[PAGE - 1] = 0;
  CHECK(csizer_checked_text(&pages, two_pages, 2 * PAGE));
  CHECK(csizer_checked_text(&pages, two_pages + PAGE - 1, 1));
  CHECK(!csizer_checked_text(&pages, two_pages, PAGE - 1));
  CHECK(!csizer_checked_text(&pages, two_pages + PAGE, 8));
}
