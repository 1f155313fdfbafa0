// SPDX-License-Identifier: Apache-2.0
#ifndef MADE_LIMITS_H
#define MADE_LIMITS_H
#include "csizer_headroom.h"

// A made-up system for csizer_headroom: files in a folder of its own, which is read instead of /proc and /sys.

/// Makes an empty one and has it read; it is removed at the end of the program.
void made_limits_begin(void);

/// Where it is.
const char *made_limits_root(void);

/// Writes one of its files, with the folders on the way.
void made_limits_write(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/// Removes one of its files.
void made_limits_remove(const char *path);

/// A process of 100 MiB of anonymous memory and one thread, on a machine of which nearly all is free, in no group.
void made_limits_write_process(void);

/// In such a group of version 2, with this limit and usage in bytes. "" is the root.
void made_limits_write_group(const char *group, unsigned long long limit, unsigned long long usage);

/// What an image of such a process needs, without results, when no kill takes others along.
enum { MADE_ANONYMOUS = 100 << 20, MADE_FLOOR = 16 << 20, MADE_OWN = (1 << 20) + MADE_ANONYMOUS / 64 + (10 << 20) };
enum { MADE_NEED = MADE_OWN + MADE_FLOOR + MADE_ANONYMOUS / 8 };

#define MADE_MOUNT "/sys/fs/cgroup"

/// Asks for room without results: NONE when there is some; what is short is in `ret_shortage`, if that is not NULL.
csizer_memory_limit made_limits_ask(csizer_shortage *ret_shortage);

#endif
