// SPDX-License-Identifier: Apache-2.0
// SQLite's header stands in a system folder; SwiftPM wants a header of the module's own to name. The rest is what Swift
// can't say.
#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H
#include <sqlite3.h>

/// As unistd.h has it for programs that ask for GNU's extensions, which Swift's importer does not.
extern int pipe2(int ends[2], int flags);
/// O_PATH of fcntl.h, likewise; the same on every processor that Swift has for Linux.
static const int csqlite_open_path = 010000000;

/// SQLITE_IOERR_SHORT_READ, which Swift does not import, for it is an expression.
static const int csqlite_short_read = SQLITE_IOERR_SHORT_READ;

/// SQLITE_IOERR_SHMMAP, likewise: the index of the log can't be reached.
static const int csqlite_shared_memory_failed = SQLITE_IOERR_SHMMAP;

/// Switches one of SQLITE_DBCONFIG_* on or off: Swift does not call variadic functions.
static inline int csqlite_switch(sqlite3 *connection, int option, int on) {
  return sqlite3_db_config(connection, option, on, (int *)0);
}

/// Binds text that SQLite copies: Swift does not import SQLITE_TRANSIENT, which is an integer in a pointer's clothes.
static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, int length) {
  return sqlite3_bind_text(statement, index, text, length, SQLITE_TRANSIENT);
}

/// The same for bytes.
static inline int csqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int length) {
  return sqlite3_bind_blob(statement, index, bytes, length, SQLITE_TRANSIENT);
}

/// Reads from the database's file through SQLite: whoever opens and closes that file otherwise drops, by the rules of
/// POSIX, the locks that SQLite holds on it for this process.
static inline int csqlite_read(sqlite3 *connection, void *out, int length, sqlite3_int64 offset) {
  sqlite3_file *file = 0;
  int status = sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (status != SQLITE_OK) return status;
  if (!file || !file->pMethods) return SQLITE_CANTOPEN;
  return file->pMethods->xRead(file, out, length, offset);
}

/// The descriptor of the database's file, or of its log; -1 when it can't be known. SQLite has no call for it: it is
/// the first thing behind three pointers in its file, and must be compared with what the file is.
static inline int csqlite_descriptor(sqlite3 *connection, int of_log) {
  struct {
    const void *methods, *system, *inode;
    int descriptor;
  } const *file = 0;
  sqlite3_vfs *system = 0;
  int which = of_log ? SQLITE_FCNTL_JOURNAL_POINTER : SQLITE_FCNTL_FILE_POINTER;
  if (sqlite3_file_control(connection, "main", SQLITE_FCNTL_VFS_POINTER, &system) != SQLITE_OK) return -1;
  if (!system || system->szOsFile < (int)sizeof *file) return -1;
  if (sqlite3_file_control(connection, "main", which, &file) != SQLITE_OK) return -1;
  return file && file->methods ? file->descriptor : -1;
}
#endif
