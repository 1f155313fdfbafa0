// SPDX-License-Identifier: Apache-2.0
// A function of a C library as distributions build them: on AArch64 it signs the address that it returns to.

void signed_call(void (*body)(void *context), void *context);

void signed_call(void (*body)(void *context), void *context) {
  body(context);
  __asm__ volatile("" ::: "memory");  // the call is not the last thing that it does
}
