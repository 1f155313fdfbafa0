// SPDX-License-Identifier: Apache-2.0
// Shows ThreadSanitizer that who waited for a mutex of Swift's comes after who had it.
//
// What Synchronization.Mutex does when nobody waits is inlined into its users and instrumented there. Waiting and
// waking are in the library, which is not, and in the kernel. These take their place in a test program that is built
// with ThreadSanitizer.
#if __has_feature(thread_sanitizer)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

// stdlib/public/Synchronization/Mutex/LinuxImpl.swift: of _MutexHandle.
#define LOCK_SLOW "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK_SLOW "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK_SLOW "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void csizer_sanitized_lock(uint32_t thread, SELF mutex) __asm__(LOCK_SLOW);
SWIFT bool csizer_sanitized_try_lock(SELF mutex) __asm__(TRY_LOCK_SLOW);
SWIFT void csizer_sanitized_unlock(SELF mutex) __asm__(UNLOCK_SLOW);

static SWIFT void (*lock)(uint32_t thread, SELF mutex);
static SWIFT bool (*try_lock)(SELF mutex);
static SWIFT void (*unlock)(SELF mutex);

static void *next(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);
  if (!function) abort();
  return function;
}

// Not when first wanted: who looks a name up takes the lock of the loader, for which a holder of the mutex may wait.
__attribute__((constructor)) static void look_up(void) {
  lock = next(LOCK_SLOW);
  try_lock = next(TRY_LOCK_SLOW);
  unlock = next(UNLOCK_SLOW);
}

SWIFT void csizer_sanitized_lock(uint32_t thread, SELF mutex) {
  lock(thread, mutex);
  __tsan_acquire(mutex);
}

SWIFT bool csizer_sanitized_try_lock(SELF mutex) {
  bool is_mine = try_lock(mutex);
  if (is_mine) __tsan_acquire(mutex);
  return is_mine;
}

SWIFT void csizer_sanitized_unlock(SELF mutex) {
  __tsan_release(mutex);
  unlock(mutex);
}
#else
typedef int csizer_nothing_to_show;  // a file must hold something
#endif
