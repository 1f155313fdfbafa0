// SPDX-License-Identifier: Apache-2.0
#include "layouts/unknown_types.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check.h"

// What a walk takes for metadata in memory that other threads were changing may be any word.

static csizer_images images;

static bool is_metadata(const void *type) {
  if (!images.count) CHECK_EQUAL(csizer_images_refresh(&images), CSIZER_OK);
  return csizer_is_metadata(&images, type);
}

// As the compiler would have written them: the word before the address point, then the metadata.
static uint32_t struct_descriptor[8] = {SWIFT_CONTEXT_STRUCT | 0x40}, class_descriptor[8] = {SWIFT_CONTEXT_CLASS};
static uintptr_t witnesses[12];
static uintptr_t a_struct[4] = {(uintptr_t)witnesses, SWIFT_STRUCT, (uintptr_t)struct_descriptor};
static uintptr_t a_class[8] = {(uintptr_t)witnesses, SWIFT_CLASS, 0, 0, 0, 0, (uintptr_t)class_descriptor};
static uintptr_t a_context[4] = {(uintptr_t)witnesses, SWIFT_LOCAL_VARIABLE, 16};

// A copy where metadata that the runtime makes could be: on the heap.
static uintptr_t *on_heap(const uintptr_t *words, size_t count) {
  uintptr_t *copy = calloc(16, sizeof *copy);
  CHECK(copy);
  return memcpy(copy, words, count * sizeof *words);
}

TEST(what_the_compiler_wrote_is_metadata) {
  CHECK(is_metadata(a_struct + 1) && is_metadata(a_class + 1) && is_metadata(a_context + 1));
}

TEST(instances_of_generic_types_lie_on_the_heap) {
  uintptr_t *type = on_heap(a_struct, 3), *class = on_heap(a_class, 7);
  CHECK(is_metadata(type + 1) && is_metadata(class + 1));
  type[2] = (uintptr_t)class_descriptor;  // a class's descriptor is no struct's
  class[6] = (uintptr_t)struct_descriptor;
  CHECK(!is_metadata(type + 1) && !is_metadata(class + 1));
  free(type);
  free(class);
}

TEST(a_box_is_metadata_if_its_type_is) {
  uintptr_t box[] = {(uintptr_t)witnesses, SWIFT_GENERIC_BOX, 16, (uintptr_t)(a_struct + 1)};
  uintptr_t *made = on_heap(box, 4);
  CHECK(is_metadata(made + 1));
  made[3] = (uintptr_t)(a_class + 1);
  CHECK(is_metadata(made + 1));
  made[3] = (uintptr_t)(made + 1);  // a box of itself
  CHECK(!is_metadata(made + 1));
  made[3] = 8;
  CHECK(!is_metadata(made + 1));
  made[3] = (uintptr_t)(a_struct + 1);
  made[2] = 0;  // a value in the place of the header
  CHECK(!is_metadata(made + 1));
  free(made);
}

TEST(words_that_are_kinds_by_chance_are_no_metadata) {
  for (uintptr_t kind = 0; kind <= SWIFT_LAST_KIND; kind++) {
    uintptr_t words[] = {1, kind, 16, 3, 4, 5, 6};
    uintptr_t *made = on_heap(words, 7);
    CHECK(!is_metadata(made + 1));
    made[0] = (uintptr_t)made;  // its witnesses are readable
    CHECK(kind == SWIFT_TUPLE || !is_metadata(made + 1));
    free(made);
  }
}

TEST(words_that_are_no_addresses_are_no_metadata) {
  char *unreadable = mmap(NULL, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(unreadable != MAP_FAILED);
  CHECK(!is_metadata(NULL) && !is_metadata((void *)8) && !is_metadata(unreadable + 4096));
  CHECK(!is_metadata((char *)a_struct + 9));
  uint64_t state = 7;
  for (int i = 0; i < 10000; i++) CHECK(!is_metadata((void *)(uintptr_t)check_random(&state)));
  CHECK_EQUAL(munmap(unreadable, 1 << 16), 0);
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

TEST(types_are_known_in_a_sandbox_too) {
  (void)is_metadata(NULL);
  char *unreadable = mmap(NULL, 1 << 16, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(unreadable != MAP_FAILED);
  pid_t process = fork();
  CHECK(process >= 0);
  if (process == 0) {
    bool is_right = enter_sandbox() && is_metadata(a_struct + 1) && is_metadata(a_class + 1) &&
                    !is_metadata(unreadable + 4096) && !is_metadata((void *)(uintptr_t)0x123456789ABC8);
    _exit(is_right ? 0 : 1);
  }
  int status;
  CHECK_EQUAL(waitpid(process, &status, 0), process);
  CHECK_EQUAL(status, 0);
  CHECK_EQUAL(munmap(unreadable, 1 << 16), 0);
}

TEST(only_types_are_kept) {
  static csizer_unknown_types unknown;
  uintptr_t rubbish[16] = {0};
  (void)is_metadata(NULL);
  csizer_unknown_note(&unknown, UNKNOWN_VALUE, rubbish + 1, NULL, 0);
  csizer_unknown_note(&unknown, UNKNOWN_VALUE, a_struct + 1, NULL, 0);
  csizer_unknown_note(&unknown, UNKNOWN_VALUE, a_struct + 1, NULL, 0);
  csizer_unknown_note(&unknown, UNKNOWN_OBJECT, a_class + 1, NULL, 0);
  csizer_unknown_note(&unknown, UNKNOWN_OBJECT, (void *)16, NULL, 0);
  CHECK_EQUAL(unknown.count, 4);  // each once
  CHECK_EQUAL(csizer_unknown_keep_types(&unknown, &images), 2);
  CHECK(unknown.types[0].type == a_struct + 1 && unknown.types[1].type == a_class + 1);
}
