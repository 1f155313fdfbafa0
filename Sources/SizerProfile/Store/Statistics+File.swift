// SPDX-License-Identifier: Apache-2.0

extension Statistics {
  /// What the profile at `path` holds. The file is only read, and may come from a stranger: it is checked throughout, and no code of
  /// it runs. It may be one that is being recorded; what was recorded up to now is read then.
  ///
  /// Takes time and memory in proportion to the file's length: for a million objects about a second and 100 MB.
  ///
  /// - Throws: `notFound`, `cannotOpen`, `notAProfile`, `newerVersion`, `corrupted`, `busy`, `ioFailure` or `outOfMemory`.
  public init(contentsOf path: String) throws(ProfileError) {
    self.init(try ProfileReader.history(at: path, place: "Statistics(contentsOf:)"))
  }

  /// Writes a profile that holds all of this, in the order of announcement whatever the current order is. Only the owner may read
  /// the file. A file that is there is replaced, at once and when the new one is complete: whatever fails, one of the two is there, whole.
  /// A recording that is not finished is not replaced (`alreadyExists`). Times are kept in whole nanoseconds.
  ///
  /// - Throws: `notFound`, `cannotOpen`, `alreadyExists`, `full`, `inconsistent`, `ioFailure` or `outOfMemory`.
  public func write(to path: String) throws(ProfileError) {
    let target = try FilePath(Origin(path: path, place: "Statistics.write(to:)"))
    try holdingSignals { () throws(ProfileError) in try write(to: target) }
  }

  private func write(to target: FilePath) throws(ProfileError) {
    if try target.length() != nil, let log = try target.appending("-wal").length(), log > 0 || target.needsLog {
      throw target.origin.error(
        .alreadyExists, "is a recording that is not finished; write to another path, or remove it and its -wal and -shm"
      )
    }
    let (folder, name) = target.parts
    guard !name.isEmpty else { throw target.origin.error(.cannotOpen, "is a folder; name a file") }
    // In the same folder, for a file is put in another's place within one file system only.
    let draft = try FilePath(
      Origin(path: "\(folder)/.\(name.prefix(32)).\(UInt64.random(in: .min ... .max)).tmp", place: target.origin.place)
    ).told(as: target.origin)
    try draft.create()
    do throws(ProfileError) {
      try history.write(to: draft)
      try draft.replace(target)
    } catch {
      draft.remove()
      throw error
    }
  }
}

extension History {
  /// Fills an empty file.
  fileprivate func write(to file: FilePath) throws(ProfileError) {
    let connection = try Connection(uri: file.uri(), for: .writing, origin: file.origin)
    // Nobody sees the file before it is whole: no journal.
    try connection.execute("PRAGMA journal_mode=OFF; PRAGMA locking_mode=EXCLUSIVE")
    var writer = try ProfileWriter(connection)
    try writer.connection.execute("PRAGMA synchronous=OFF")
    try writer.begin()
    try writer.add(self)
    try writer.commit()
  }
}
