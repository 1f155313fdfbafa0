// SPDX-License-Identifier: Apache-2.0
import CSQLite
import Glibc

/// Whose call it is and which file it is about: what every error of the store has to say.
struct Origin: Sendable {
  /// The file, as the caller named it.
  let path: String
  /// The call of ours that the caller made.
  let operation: String

  /// What is the matter with the file, and what to do about it.
  func error(
    _ code: ProfileError.Code, _ problem: String, _ advice: String, cause: ErrorCause? = nil
  ) -> ProfileError {
    ProfileError(code, operation, path: path, problem, advice: advice, cause: cause)
  }

  /// The file says something that no profile says.
  func corrupted(_ what: String, cause: ErrorCause? = nil) -> ProfileError {
    error(.corrupted, "is damaged: \(what)", "use a copy from before the damage", cause: cause)
  }

  /// What is to be written makes no sense.
  func inconsistent(_ what: String) -> ProfileError {
    error(.inconsistent, "was not written: \(what)", "report it with what made these statistics")
  }

  /// An error from a number of errno(3).
  func system(_ number: Int32, _ action: String) -> ProfileError {
    let refusal = SystemRefusal(number: number)
    let (code, reason, advice): (ProfileError.Code, String, String) =
      switch number {
      case ENOENT: (.notFound, "there is no such file or folder", "check the path")
      case ENOTDIR: (.notFound, "a part of the path is not a folder", "check the path")
      case EEXIST: (.alreadyExists, "it exists already", "remove it or choose another path")
      case _ where refusal.isWantOfRoom: (.full, "", "")
      case ENOMEM: (.outOfMemory, refusal.reason, refusal.advice(or: ""))
      case EIO: (.ioFailure, refusal.reason, refusal.advice(or: ""))
      default: (.cannotOpen, refusal.reason, refusal.advice(or: "check the path, and what you may do there"))
      }
    let cause = ErrorCause.system(errno: number)
    return code == .full ? full(refusal.reason, cause) : error(code, "\(action): \(reason)", advice, cause: cause)
  }

  private func full(_ reason: String, _ cause: ErrorCause) -> ProfileError {
    error(
      .full, "has no room to grow (\(reason))",
      "what was written before is still there: make room or use another path", cause: cause)
  }

  /// The only place where a status of SQLite becomes an error of ours.
  func failure(_ status: Int32, _ connection: OpaquePointer?) -> ProfileError {
    // What SQLite notes of the system's reason is lost when a transaction is rolled back on the way; errno is not.
    let present = errno
    let extended = connection.map { sqlite3_extended_errcode($0) } ?? status
    let noted = connection.map { sqlite3_system_errno($0) } ?? 0
    let number = noted == 0 && status & 0xff == SQLITE_IOERR ? present : noted
    let words = String(cString: sqlite3_errstr(extended))
    // The number is of this failure only where SQLite says that the system failed it.
    let bySQLite = ErrorCause.sqlite(code: extended)
    let cause = number == 0 ? bySQLite : .system(errno: number)
    switch status & 0xff {
    case SQLITE_NOTADB: return notADatabase
    case SQLITE_CORRUPT, SQLITE_TOOBIG, SQLITE_SCHEMA, SQLITE_ERROR: return corrupted(words, cause: bySQLite)
    case SQLITE_INTERRUPT: return corrupted("reading it takes more steps than a file of its length explains")
    case SQLITE_FULL: return full(words, cause)
    // Rows that claim gigabytes make SQLite say so, too.
    case SQLITE_NOMEM where sqlite3_db_readonly(connection, "main") == 1 && Self.thereIsMemory:
      return corrupted("it claims more memory than it can need")
    case SQLITE_NOMEM:
      let cause = ErrorCause.system(errno: ENOMEM)
      return error(.outOfMemory, "can't be worked on: the system refused memory", Self.memoryAdvice, cause: cause)
    case SQLITE_BUSY, SQLITE_LOCKED:
      return error(.busy, "is held by another program", "wait until that is done", cause: bySQLite)
    case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH, SQLITE_READONLY:
      if number != 0 { return system(number, "can't be opened") }
      return error(.cannotOpen, "can't be opened: \(words)", "check the path, and what you may do there", cause: cause)
    case SQLITE_IOERR where SystemRefusal(number: number).isWantOfRoom: return system(number, "can't be written")
    case SQLITE_IOERR where extended == csqlite_short_read: return corrupted("it ends too early")
    case SQLITE_IOERR:
      let refusal = SystemRefusal(number: number)
      return error(
        .ioFailure, "can't be read or written: \(words), \(refusal.reason)",
        refusal.advice(or: "try it on another disk"), cause: cause)
    default: return error(.ioFailure, "can't be worked on: \(words)", "report it with the file", cause: bySQLite)
    }
  }

  /// No database at all.
  var notADatabase: ProfileError {
    error(.notAProfile, "is not a profile of Sizer: it is no SQLite database", "name a file that Sizer wrote")
  }

  private static var memoryAdvice: String { SystemRefusal(number: ENOMEM).advice(or: "") }

  /// Whether the system would give much more than SQLite may ask for.
  private static var thereIsMemory: Bool {
    let plenty = 64 * FileLimits.rowBytes
    let memory = mmap(nil, plenty, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard memory != MAP_FAILED else { return false }
    munmap(memory, plenty)
    return true
  }
}
