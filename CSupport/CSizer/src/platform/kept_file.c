// SPDX-License-Identifier: Apache-2.0
// Descriptors that are kept, and believed only as long as the kernel says that they are what they were.
#define _GNU_SOURCE
#include "platform/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/proc_file.h"

/// What is known of one. Guarded by `is_taken`.
typedef struct kept_file {
  bool is_taken;  // atomic; who finds it taken does without
  bool is_kept;
  int number;
  /// The process that opened it: a child's copies tell of the parent.
  pid_t owner;
  dev_t device;
  ino_t inode;
  char path[512];  // a longer one is not kept
} kept_file;

// One of each for the process, as the numbers of descriptors are.
static kept_file files[KEPT_FILES];

static bool identify(int number, dev_t *ret_device, ino_t *ret_inode) {
  struct stat status;
  if (fstat(number, &status)) return false;
  *ret_device = status.st_dev;
  *ret_inode = status.st_ino;
  return true;
}

// As long as it is open its inode is nobody else's.
static bool is_still_there(const kept_file *file) {
  dev_t device;
  ino_t inode;
  return identify(file->number, &device, &inode) && device == file->device && inode == file->inode;
}

// Another file at that number is the program's own.
static void drop(kept_file *file) {
  if (file->is_kept && is_still_there(file)) close(file->number);
  file->is_kept = false;
}

static void release(kept_file *file) { __atomic_store_n(&file->is_taken, false, __ATOMIC_RELEASE); }

// The number under which it is kept from now on; the same as before when that can't be. What the file is must be known
// before the program sees a number that it may take for its own.
static int keep(kept_file *file, const char *path, int number) {
  const size_t bytes = strlen(path) + 1;
  if (bytes > sizeof file->path || !identify(number, &file->device, &file->inode)) return number;
  const int high = fcntl(number, F_DUPFD_CLOEXEC, KEPT_LOWEST);
  if (high < 0) return number;
  close(number);
  file->number = high;
  file->owner = getpid();
  memcpy(file->path, path, bytes);
  file->is_kept = true;
  return high;
}

static csizer_kept_use take(kept_name name, const char *path, bool is_for_once) {
  kept_file *file = &files[name];
  csizer_kept_use use = {.name = name};
  use.has_slot = !is_for_once && !__atomic_exchange_n(&file->is_taken, true, __ATOMIC_ACQUIRE);
  if (!use.has_slot) {
    use.number = csizer_proc_open(path);
    return use;
  }
  if (file->is_kept && (file->owner != getpid() || strcmp(file->path, path) != 0 || !is_still_there(file))) drop(file);
  use.was_kept = file->is_kept;
  use.number = file->is_kept ? file->number : csizer_proc_open(path);
  if (!use.was_kept && use.number >= 0) use.number = keep(file, path, use.number);
  if (use.number < 0) release(file);
  return use;
}

csizer_kept_use csizer_kept_take(kept_name name, const char *path) { return take(name, path, false); }

csizer_kept_use csizer_kept_take_in_turn(kept_name name, const char *path, int attempt) {
  return take(name, path, attempt >= KEPT_ATTEMPTS);
}

bool csizer_kept_give(const csizer_kept_use *use, bool was_of_use) {
  const int error_before = errno;
  kept_file *file = &files[use->name];
  bool was_that_file = true;
  if (!use->has_slot || !file->is_kept) {
    close(use->number);
  } else {
    was_that_file = is_still_there(file);
    if (!was_that_file || !was_of_use) drop(file);
  }
  if (use->has_slot) release(file);
  errno = error_before;
  return was_that_file;
}

bool csizer_kept_read(kept_name name, const char *path, char *buffer, size_t capacity,
                      bool (*parse)(const char *text, size_t length, void *context), void *context) {
  for (int attempt = 0; attempt <= KEPT_ATTEMPTS; attempt++) {
    const csizer_kept_use use = csizer_kept_take_in_turn(name, path, attempt);
    if (use.number < 0) return false;
    const ssize_t length = csizer_proc_read(use.number, buffer, capacity, 0);
    if (length >= 0) errno = 0;  // what the text says is nothing of the system's
    const bool is_read = length > 0 && parse(buffer, (size_t)length, context);
    const bool was_that_file = csizer_kept_give(&use, is_read);
    if (was_that_file && (is_read || !use.was_kept)) return is_read;
  }
  return false;
}

// The one thread of a child: nobody else opens or closes meanwhile, and whoever was reading is not there.
static void begin_in_child(void) {
  const int error_before = errno;
  for (int name = 0; name < KEPT_FILES; name++) {
    drop(&files[name]);
    release(&files[name]);
  }
  errno = error_before;
}

__attribute__((constructor)) static void survive_forks(void) { pthread_atfork(NULL, NULL, begin_in_child); }
