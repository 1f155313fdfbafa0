// SPDX-License-Identifier: Apache-2.0
// What the program's children would inherit, and should not.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "csizer_agent.h"

static const char own_variables[] = "SIZER_", preload[] = "LD_PRELOAD=";

// What getenv says of LD_PRELOAD by now is true of this array, too. The array is the process's own, on the stack or
// where setenv has put it; unsetenv(3) does the same.
static void take_out(char **environment) {
  const char *list = getenv("LD_PRELOAD");
  char **kept = environment;
  for (char **at = environment; *at; at++) {
    bool is_list = strncmp(*at, preload, sizeof preload - 1) == 0;
    if (strncmp(*at, own_variables, sizeof own_variables - 1) == 0 || (is_list && !list)) continue;
    *kept++ = is_list ? (char *)(uintptr_t)(list - (sizeof preload - 1)) : *at;
  }
  *kept = NULL;
}

// By its file: the path may be written in several ways.
static bool is_own(const char *path, const struct stat *own) {
  struct stat other;
  return stat(path, &other) == 0 && other.st_dev == own->st_dev && other.st_ino == own->st_ino;
}

// ld.so(8): the list is separated by colons or spaces. `text` becomes a list without `own`.
static void leave_list(char *text, const struct stat *own) {
  char *end = text, *at = text;
  while (*at) {
    size_t length = strcspn(at, ": ");
    char separator = at[length];
    at[length] = 0;
    bool is_kept = length && !is_own(at, own);
    if (is_kept && end != text) *end++ = ':';
    if (is_kept) end = (char *)memmove(end, at, length) + length;
    at += length + (separator != 0);
  }
  *end = 0;
}

static void leave_preload(void) {
  Dl_info info;
  struct stat own;
  const char *value = getenv("LD_PRELOAD");
  if (!value || !dladdr((const void *)own_variables, &info) || !info.dli_fname || stat(info.dli_fname, &own)) return;
  char *text = strdup(value);
  if (!text) return;
  leave_list(text, &own);
  if (!*text) unsetenv("LD_PRELOAD");
  else if (strcmp(text, value) != 0) setenv("LD_PRELOAD", text, 1);
  free(text);
}

// `main` is given the array that the process began with; a constructor that called setenv has made another.
void csizer_agent_leave_environment(char **environment) {
  leave_preload();
  take_out(environ);
  if (environment != environ) take_out(environment);
}
