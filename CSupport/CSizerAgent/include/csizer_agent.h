// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_AGENT_H
#define CSIZER_AGENT_H
#include <stdbool.h>

/// What the agent asks of the process that Swift has no words for, or that must not wait for Swift.

/// Notes where standard error leads now. Once, before csizer_agent_say.
void csizer_agent_note_standard_error(void);

/// Writes one line, "sizer: TEXT", to standard error; nothing when that has come to lead elsewhere since, for then it
/// is a file of the program's. Any thread.
void csizer_agent_say(const char *text);

/// Calls `end` once when the program ends: by exit(3), by quick_exit(3), by the return of `main`, or by SIGHUP, SIGINT
/// or SIGTERM where these have their default action. Such a signal lets the program go on until `end` has returned on
/// a thread of the agent's, and then ends it as it would have; a second one of them ends it at once. What the program
/// does about a signal later is what counts. Not by `_exit`, `abort`, other signals or `exec`, and not in a child that
/// is forked. `end` must not call exit. False when the system refuses the thread: then signals are left alone.
bool csizer_agent_at_end(void (*end)(void));

/// Takes the variables whose names begin with SIZER_ out of an environment, and out of LD_PRELOAD the library that this
/// function is in: the program's children are not the agent's. While there is one thread.
void csizer_agent_leave_environment(char **environment);

/// Whether a file gives whoever starts it rights of its own (capabilities(7)): then the loader preloads nothing.
bool csizer_agent_file_has_capabilities(int file);

#endif
