// SPDX-License-Identifier: Apache-2.0
// The agent begins, right before the program's main: as a library that was preloaded, or in a program that links it.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "csizer_agent.h"
#include "csizer_census.h"
#include "csizer_guest.h"

/// The agent itself (Sources/SizerAgent): does what the environment asks for.
extern void sizer_agent_start(void);

// Of a program that runs with other rights than who started it the environment is not to be believed.
static bool is_asked_for(const char *variable) {
  const char *value = secure_getenv(variable);
  return value && *value && strcmp(value, "0") != 0;
}

static csizer_guest_outcome begin_census(const char **ret_reason) {
  if (csizer_is_guest()) return csizer_guest_start(ret_reason);
  *ret_reason = csizer_census_reason();
  return csizer_census_state() == CSIZER_HOOKS_REPLACED ? CSIZER_GUEST_STARTED : CSIZER_GUEST_REFUSED;
}

static void start(char **environment) {
  const char *reason;
  if (!is_asked_for("SIZER_OUTPUT") && !is_asked_for("SIZER_SOCKET")) return;
  csizer_agent_note_standard_error();
  csizer_guest_outcome outcome = begin_census(&reason);
  // A shell, or a tool between the command and the program: the variables are for what it starts.
  if (outcome == CSIZER_GUEST_NO_SWIFT) return;
  if (outcome == CSIZER_GUEST_STARTED) sizer_agent_start();
  else csizer_agent_say(reason);
  if (!is_asked_for("SIZER_CHILDREN")) csizer_agent_leave_environment(environment);
}

#ifdef CSIZER_GUEST

typedef int main_function(int count, char **arguments, char **environment);
static main_function *program;

// The name says in stacks whose frame it is, whatever the file of the agent is called.
static int csizer_agent_run_program(int count, char **arguments, char **environment) {
  start(environment);
  return program(count, arguments, environment);
}

/// libc's own is the next. It calls main when all constructors have run: the program's Swift runtime is ready, and as a
/// rule there is one thread.
__attribute__((visibility("default"))) int __libc_start_main(main_function *main, int count, char **arguments,
                                                             void (*init)(void), void (*fini)(void),
                                                             void (*end_of_loader)(void), void *end_of_stack);

int __libc_start_main(main_function *main, int count, char **arguments, void (*init)(void), void (*fini)(void),
                      void (*end_of_loader)(void), void *end_of_stack) {
  __typeof__(&__libc_start_main) next;
  void *found = dlsym(RTLD_NEXT, "__libc_start_main");
  memcpy(&next, &found, sizeof found);
  program = main;
  return next(csizer_agent_run_program, count, arguments, init, fini, end_of_loader, end_of_stack);
}

#else

// Constructors with a priority have run, the engine's among them, and those of libraries, Swift's runtime among them.
__attribute__((constructor)) static void start_linked(void) { start(environ); }

#endif
