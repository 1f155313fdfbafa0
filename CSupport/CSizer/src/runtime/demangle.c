// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "csizer_symbols.h"
#include "runtime/runtime.h"

// The C++ runtime's, where the process has one: Itanium C++ ABI, "Demangler API". What it answers is malloc's.
typedef char *(*cxx_demangler)(const char *symbol, char *buffer, size_t *length, int *status);

static bool demangle_cxx(const char *symbol, char *text, size_t room) {
  cxx_demangler demangler;
  void *found = dlsym(RTLD_DEFAULT, "__cxa_demangle");
  if (!found) return false;
  memcpy(&demangler, &found, sizeof demangler);
  int status;
  char *answer = demangler(symbol, NULL, NULL, &status);
  bool fits = answer && strlen(answer) < room;
  if (fits) strcpy(text, answer);
  free(answer);
  return fits;
}

bool csizer_demangle(const char *symbol, char *text, size_t room) {
  const csizer_runtime *runtime = csizer_runtime_current();
  if (strncmp(symbol, "_Z", 2) == 0) return demangle_cxx(symbol, text, room);
  return symbol[0] == '$' && runtime->demangle && runtime->demangle(symbol, text, room);
}
