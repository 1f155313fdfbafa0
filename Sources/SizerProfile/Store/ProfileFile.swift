// SPDX-License-Identifier: Apache-2.0
import Glibc

/// How files of profiles are opened: which other files stand beside them, who may write them.
struct ProfileFile: ~Copyable {
  let connection: Connection
  /// The file's length, with what is in its log.
  let length: Int64
  /// Whether it was taken while it was recorded, without the log that had the newest snapshots.
  let lacksLog: Bool

  /// An existing file for reading. Nothing is written or made, neither the file nor one
  /// beside it.
  init(reading origin: Origin) throws(ProfileError) {
    let path = try FilePath(origin)
    guard try path.length() != nil else { throw origin.system(ENOENT, "can't be opened") }
    let file = try path.resolved()
    guard let length = try file.length(), length > 0 else {
      throw origin.error(.notAProfile, "is empty: it is no profile", "name a file that Sizer wrote")
    }
    // Immutable: the file alone, no locks, and no look at files beside it. Right for every recording that was finished.
    let alone = try Connection(uri: file.uri("immutable=1"), for: .reading, origin: origin)
    guard let header = alone.fileBytes(at: 0, count: 100), header.starts(with: "SQLite format 3\0".utf8) else {
      throw origin.notADatabase
    }
    // Two there: the file has a log while it is written to. A log beside any other file is a stale one, of a file that
    // was there before. A log is missing when nobody has the file open, and when somebody took the file without it.
    guard header[19] == 2, let logLength = try file.appending("-wal").length(), logLength > 0 else {
      guard length >= Self.length(header) else { throw origin.corrupted("it ends too early") }
      connection = alone
      self.length = length
      lacksLog = header[19] == 2
      return
    }
    connection = try Self.openWithLog(file)
    self.length = length + logLength
    lacksLog = false
  }

  /// How long the file should be: SQLite reads zeros where the last page is cut.
  private static func length(_ header: [UInt8]) -> Int64 {
    // Bytes 16 and 17: the length of a page, where 1 stands for 65,536; 28 to 31: the number of pages.
    let page = Int64(header[16]) << 8 | Int64(header[17])
    return (page == 1 ? 65_536 : page) * header[28..<32].reduce(0) { $0 << 8 | Int64($1) }
  }

  /// A file that is being recorded, or whose recorder was killed.
  private static func openWithLog(_ file: FilePath) throws(ProfileError) -> Connection {
    // With an index of the log there may be a recorder, who must not be disturbed: read as SQLite's readers do.
    if try file.appending("-shm").length() != nil {
      do throws(ProfileError) {
        let shared = try Connection(uri: file.uri(), for: .reading, origin: file.origin)
        shared.wait(milliseconds: 1_000)
        _ = try shared.integer("PRAGMA application_id")
        return shared
      } catch  where error.code == .cannotOpen {
        // Neither the index nor its folder can be written by us.
      }
    }
    // Without one, or without the right to write it: an index of our own in memory, as exclusive owners have. Without
    // locks, for those need a file that may be written.
    let exclusive = try Connection(uri: file.uri(), for: .reading, locks: false, origin: file.origin)
    try exclusive.execute("PRAGMA locking_mode=EXCLUSIVE")
    return exclusive
  }
}
