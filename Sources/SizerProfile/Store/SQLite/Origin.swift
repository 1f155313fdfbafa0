// SPDX-License-Identifier: Apache-2.0
import CSQLite
import Glibc

/// Whose call it is and which file it is about: what every error of the store has to say.
struct Origin: Sendable {
  /// The file, as the caller named it.
  let path: String
  /// The call of ours that the caller made.
  let place: String

  func error(_ code: ProfileError.Code, _ what: String) -> ProfileError {
    ProfileError(code: code, message: "\(path) \(what)", place: place)
  }

  /// The file says something that no profile says.
  func corrupted(_ what: String) -> ProfileError {
    error(.corrupted, "is damaged: \(what); use a copy from before the damage")
  }

  /// What is to be written makes no sense.
  func inconsistent(_ what: String) -> ProfileError {
    error(.inconsistent, "was not written: \(what)")
  }

  /// An error from a number of errno(3).
  func system(_ number: Int32, _ action: String) -> ProfileError {
    let reason = Self.text(of: number)
    switch number {
    case ENOENT: return error(.notFound, "\(action): there is no such file or folder; check the path")
    case ENOTDIR: return error(.notFound, "\(action): a part of the path is not a folder; check the path")
    case EEXIST: return error(.alreadyExists, "\(action): it exists already; remove it or choose another path")
    case ENOSPC, EDQUOT, EFBIG: return full(reason)
    case ENOMEM: return error(.outOfMemory, "\(action): \(reason)")
    case EIO: return error(.ioFailure, "\(action): \(reason)")
    default: return error(.cannotOpen, "\(action): \(reason)")
    }
  }

  private func full(_ reason: String) -> ProfileError {
    error(
      .full, "has no room to grow (\(reason)); what was written before is still there: make room or use another path")
  }

  /// The only place where a status of SQLite becomes an error of ours.
  func failure(_ status: Int32, _ connection: OpaquePointer?) -> ProfileError {
    // What SQLite notes of the system's reason is lost when a transaction is rolled back on the way; errno is not.
    let present = errno
    let extended = connection.map { sqlite3_extended_errcode($0) } ?? status
    let noted = connection.map { sqlite3_system_errno($0) } ?? 0
    let number = noted == 0 && status & 0xff == SQLITE_IOERR ? present : noted
    let words = String(cString: sqlite3_errstr(extended))
    switch status & 0xff {
    case SQLITE_NOTADB: return error(.notAProfile, "is not a profile of Sizer: it is no SQLite database")
    case SQLITE_CORRUPT, SQLITE_TOOBIG, SQLITE_SCHEMA, SQLITE_ERROR: return corrupted(words)
    case SQLITE_INTERRUPT: return corrupted("reading it takes more steps than a file of its length explains")
    case SQLITE_FULL: return full(words)
    // Rows that claim gigabytes make SQLite say so, too.
    case SQLITE_NOMEM where sqlite3_db_readonly(connection, "main") == 1 && Self.thereIsMemory:
      return corrupted("it claims more memory than it can need")
    case SQLITE_NOMEM: return error(.outOfMemory, "could not be worked on: the system refused memory")
    case SQLITE_BUSY, SQLITE_LOCKED:
      return error(.busy, "is held by another program; wait until that is done")
    case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_AUTH, SQLITE_READONLY:
      return number == 0 ? error(.cannotOpen, "can't be opened: \(words)") : system(number, "can't be opened")
    case SQLITE_IOERR where [ENOSPC, EDQUOT, EFBIG].contains(number): return full(Self.text(of: number))
    case SQLITE_IOERR where extended == csqlite_short_read: return corrupted("it ends too early")
    case SQLITE_IOERR: return error(.ioFailure, "can't be read or written: \(words), \(Self.text(of: number))")
    default: return error(.ioFailure, "failed: \(words) (SQLite \(extended))")
    }
  }

  /// Whether the system would give much more than SQLite may ask for.
  private static var thereIsMemory: Bool {
    let plenty = 64 * Limits.rowBytes
    let memory = mmap(nil, plenty, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard memory != MAP_FAILED else { return false }
    munmap(memory, plenty)
    return true
  }

  private static func text(of number: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
      // Not strerror: that one's text may change under us when another thread asks too.
      guard strerror_r(number, buffer.baseAddress!, buffer.count) == 0 else { return "error \(number)" }
      return String(cString: buffer.baseAddress!)
    }
  }
}
