// SPDX-License-Identifier: Apache-2.0
import Glibc

extension Statistics {
  /// What the profile at `path` holds. The file is only read, and may come from a stranger: it is checked throughout,
  /// and no code of it runs. It may be one that is being recorded; what was recorded up to now is read then.
  ///
  ///     let statistics = try Statistics(contentsOf: "server.sizer")
  ///
  /// Takes time and memory in proportion to the file's length: for a million objects about a second and 100 MB.
  ///
  /// - Throws: `notFound`, `cannotOpen`, `notAProfile`, `newerVersion`, `corrupted`, `busy`, `ioFailure` or
  ///   `outOfMemory`.
  public init(contentsOf path: String) throws(ProfileError) {
    self.init(try ProfileReader.history(at: path, operation: "Statistics(contentsOf:)"))
  }

  /// Writes a profile that holds all of this, in the order of tracking whatever the current order is. Only the owner
  /// may read the file. A file that is there is replaced, at once and when the new one is complete: whatever fails, one
  /// of the two is there, whole. A symbolic link stays, and the file that it leads to is replaced. A recording that is
  /// not finished is not replaced (`alreadyExists`). Times are kept in whole nanoseconds.
  ///
  /// - Throws: `notFound`, `cannotOpen`, `alreadyExists`, `full`, `inconsistent`, `ioFailure` or `outOfMemory`.
  public func write(to path: String) throws(ProfileError) {
    let origin = Origin(path: path, operation: "Statistics.write(to:)")
    // Refuses pipes and devices: what is written there is no database.
    _ = try FilePath(origin).length()
    let target = try origin.translating { () throws(OutputError) in try OutputTarget(path: path) }
    try write(to: target, replaces: true, keepsOwner: false)
  }

  /// The same, to a target that is a file; `keepsOwner` as ``OutputFile`` has it.
  package func write(to target: OutputTarget, replaces: Bool, keepsOwner: Bool) throws(ProfileError) {
    let origin = Origin(path: target.path, operation: "Statistics.write(to:)")
    let place = try FilePath(Origin(path: target.resolved, operation: origin.operation)).told(as: origin)
    if try place.length() != nil, let log = try place.appending("-wal").length(), log > 0 || place.needsLog {
      throw origin.error(
        .alreadyExists, "is a recording that is not finished",
        "write to another path, or remove it and its -wal and -shm"
      )
    }
    let draft = try origin.translating { () throws(OutputError) in try OutputDraft(for: target) }
    let file = try FilePath(Origin(path: draft.path, operation: origin.operation)).told(as: origin)
    try holdingSignals { () throws(ProfileError) in try history.write(to: file) }
    try origin.translating { () throws(OutputError) in try draft.put(replaces: replaces, keepsOwner: keepsOwner) }
  }

  /// The same, to whatever takes bytes: by way of a file in a folder for such (`TMPDIR`, or /tmp), which is gone
  /// afterwards.
  package func write(through output: OutputFile) throws {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let target = try OutputTarget(path: "\(folder)/sizer")
    let draft = try OutputDraft(for: target)
    let operation = "Statistics.write(to:)"
    let file = try FilePath(Origin(path: draft.path, operation: operation))
    try holdingSignals { () throws(ProfileError) in try history.write(to: file) }
    let descriptor = open(draft.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw OutputError.system(errno, draft.path, "can't be read") }
    defer { close(descriptor) }
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &piece, piece.count)
      guard count >= 0 else { throw OutputError.system(errno, draft.path, "can't be read") }
      if count == 0 { break }
      try output.write(piece[..<count])
    }
    try output.finish()
  }
}

extension Origin {
  /// Does something with the file, and tells why that fails as the store does.
  func translating<Result>(_ body: () throws(OutputError) -> Result) throws(ProfileError) -> Result {
    do throws(OutputError) {
      return try body()
    } catch {
      switch error.kind {
      case .system(let number): throw system(number, "can't be written")
      case .invalid: throw self.error(.cannotOpen, error.problem, error.advice)
      case .exists: throw self.error(.alreadyExists, error.problem, error.advice)
      }
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
    try writer.begin()
    try writer.add(self)
    try writer.commit()
  }
}
