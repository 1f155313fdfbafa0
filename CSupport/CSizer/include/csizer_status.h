// SPDX-License-Identifier: Apache-2.0
#ifndef CSIZER_STATUS_H
#define CSIZER_STATUS_H

/// What every fallible call of the engine answers. The values are stable: they may be stored.
typedef enum csizer_status {
  CSIZER_OK = 0,
  /// The system refused memory for the engine's own tables. Nothing was changed.
  CSIZER_NO_MEMORY = 1,
  /// An argument is outside what the header of the call allows. Nothing was changed.
  CSIZER_INVALID = 2,
  /// The running Swift runtime lacks an entry point that the engine needs, or keeps it where it can't be reached.
  CSIZER_UNSUPPORTED = 3,
  /// The kernel did not answer: a file of /proc could not be opened (no descriptor left, or /proc is not mounted) or
  /// read, or its text is none that is known. Nothing was changed.
  CSIZER_UNREADABLE = 4,
  /// The kernel refused a process. Nothing was changed.
  CSIZER_REFUSED = 5,
  /// The kernel refused a process for want of memory. Nothing was changed.
  CSIZER_NO_ROOM = 6,
} csizer_status;

#endif
