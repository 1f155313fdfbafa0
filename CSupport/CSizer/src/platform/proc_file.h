// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_PROC_FILE_H
#define CSIZER_PROC_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Files of /proc by open, read and close alone: no stdio, whose buffers come from the measured heap. errno may be
// changed.
//
// What is read again and again is kept open with care (kept_file.h): the host may close descriptors that it does not
// know, and a forked child would read of its parent.

/// Opens for reading; -1 when the system refuses.
int csizer_proc_open(const char *path);

/// As read(2) and pread(2), but goes on when a signal interrupts. `offset` below 0: where the last read ended.
ssize_t csizer_proc_read(int file, void *buffer, size_t capacity, int64_t offset);

/// Reads a file from its start until it ends or the buffer is full; how many bytes, or -1.
ssize_t csizer_proc_read_file(const char *path, char *buffer, size_t capacity);

/// The same for a file that the kernel makes as a whole when it is opened, as those of control groups are: one read has
/// all of it, and none is spent on its end.
ssize_t csizer_proc_read_whole(const char *path, char *buffer, size_t capacity);

/// Calls `visit` with the name of each entry of /proc/self/task, "." and ".." among them, until it answers false. False
/// when the system refuses the folder. No opendir(3), which would allocate.
bool csizer_proc_each_thread(bool (*visit)(const char *name, void *context), void *context);

/// Reads a decimal number at `*at`, which moves behind its digits. false: no digit there, above INT64_MAX, or its
/// digits reach `end` (there may have been more).
bool csizer_proc_decimal(const char **at, const char *end, uint64_t *ret);

/// The decimal number in the line that starts with `key` and blanks; false when there is no such line or no number in
/// it.
bool csizer_proc_figure(const char *text, size_t length, const char *key, uint64_t *ret);

/// As csizer_proc_decimal, hexadecimal in lower case, up to UINT64_MAX.
bool csizer_proc_hexadecimal(const char **at, const char *end, uint64_t *ret);

#endif
