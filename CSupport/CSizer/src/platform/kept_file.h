// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_KEPT_FILE_H
#define CSIZER_KEPT_FILE_H
#include <stdbool.h>
#include <stddef.h>

// Files of the kernel's that stay open from one look to the next: to open and to close one takes longer than to read
// it, above all ten times a second, when what the kernel needs for it has left the processor's caches each time.
//
// The descriptors are the process's, and it may do with them what it likes: close them, all at once too, and give
// their numbers to files of its own. So at each use, before and after, the kernel is asked whether the number is still
// that very file; if not it is left alone and the file opened again. None is low, for programs count on the lowest free
// number; where there is no room above, files are opened for one use. A program that is executed inherits none, and a
// forked child closes them. Nothing is opened before the first use.
//
// Closed they are only when they are of no more use, when the thread that opened one has ended or the control group is
// another, and right after such a look.

/// The files that may be kept, one descriptor each.
typedef enum kept_name {
  KEPT_STATUS,
  KEPT_MAPS,
  KEPT_PAGEMAP,
  KEPT_GROUP_USAGE,
  KEPT_GROUP_PEAK,
  KEPT_FILES
} kept_name;

/// Where numbers of kept files begin.
enum { KEPT_LOWEST = 200 };

/// A file in use, until csizer_kept_give. One thread uses what is kept; others get one of their own meanwhile.
typedef struct csizer_kept_use {
  /// Of the file, whose position says nothing; -1: the system refuses it (errno), and nothing is to be given back.
  int number;
  /// It was opened for an earlier use: of a thread that may have ended, or of a control group that is no more. Where it
  /// answers nothing of use it is worth another try.
  bool was_kept;
  kept_name name;
  bool has_slot;  // the module's own
} csizer_kept_use;

/// The file at `path`: the one that is kept under `name`, or opened now.
csizer_kept_use csizer_kept_take(kept_name name, const char *path);

/// The same, for attempts that are counted from 0 on: behind the last one with what is kept comes one with a file that
/// is opened for it alone, as when the program closes all descriptors again and again.
enum { KEPT_ATTEMPTS = 2 };
csizer_kept_use csizer_kept_take_in_turn(kept_name name, const char *path, int attempt);

/// Gives it back; it is not kept any longer when it was of no use. False when the number has become another file
/// meanwhile: then nothing that was read there may be believed. errno is kept.
bool csizer_kept_give(const csizer_kept_use *use, bool was_of_use);

/// Reads the file's start into `buffer` and has it read by `parse`, which says whether that is what it should be; once
/// more from a file that is opened anew when a kept one has nothing of use. What `parse` has written is right only if
/// the answer is true. False: errno says why, or 0.
bool csizer_kept_read(kept_name name, const char *path, char *buffer, size_t capacity,
                      bool (*parse)(const char *text, size_t length, void *context), void *context);

#endif
