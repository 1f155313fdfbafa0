// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "csizer_symbols.h"
#include "platform/malloc_calls.h"
#include "runtime/target.h"

// Readable forms of symbols, by Swift's demangler and by the C++ runtime's, whose answer is malloc's.

static bool demangle_cxx(const char *symbol, char *text, size_t room) {
  int status;
  if (!csizer_target.cxx_demangle) return false;
  char *answer = csizer_target.cxx_demangle(symbol, NULL, NULL, &status);
  bool fits = answer && strlen(answer) < room;
  if (fits) strcpy(text, answer);
  csizer_malloc.free(answer);
  return fits;
}

bool csizer_demangle(const char *symbol, char *text, size_t room) {
  const csizer_runtime *runtime = csizer_runtime_current();
  if (strncmp(symbol, "_Z", 2) == 0) return demangle_cxx(symbol, text, room);
  return symbol[0] == '$' && runtime->demangle && runtime->demangle(symbol, text, room);
}
