// SPDX-License-Identifier: Apache-2.0
import Glibc
import SizerGraph

/// The files of a recording, as the recorder left them: what is at their paths must be what it has open, and nobody
/// else may have written to them. Whoever removes, renames, replaces or cuts one takes what is recorded with it, and
/// SQLite would go on as if nothing had happened.
struct RecordedFiles {
  /// What the system says of a file.
  private struct Mark: Equatable {
    let file: FileIdentity
    var length: Int64
    let seconds: Int
    let nanoseconds: Int

    init(_ status: stat) {
      file = FileIdentity(status)
      length = Int64(status.st_size)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }

  private let profile: FilePath
  private let log: FilePath
  private var profileMark: Mark
  private var logMark: Mark
  /// SQLite's descriptors, and what each stood for when it was opened.
  private var descriptors: [(number: Int32, file: FileIdentity)] = []

  /// The files beside each other that the recorder has just made; `profile` is its resolved path, `descriptors` are
  /// those of the profile and of its log.
  init(profile: FilePath, descriptors: (file: Int32, log: Int32)) throws(ProfileError) {
    self.profile = profile
    log = profile.appending("-wal")
    profileMark = try Self.mark(of: profile, as: "the file")
    logMark = try Self.mark(of: log, as: "its log, the file that ends in -wal,")
    // A number that is not what it should be was not SQLite's.
    for (number, mark) in [(descriptors.file, profileMark), (descriptors.log, logMark)]
    where FileIdentity(descriptor: number) == mark.file { self.descriptors.append((number, mark.file)) }
  }

  /// How long SQLite lets the log be that it begins anew: what is longer, it cuts itself.
  static let logLimit: Int64 = 4 << 20

  /// Whether SQLite still has them open. Who closes descriptors that are not theirs lets other files have the numbers:
  /// SQLite would write there, and close them.
  var areOpen: Bool { descriptors.allSatisfy { FileIdentity(descriptor: $0.number) == $0.file } }

  /// Throws when one of them is not where it was, is another, or is shorter than it was; than SQLite leaves it, when we
  /// have written since then.
  ///
  /// - Returns: Whether somebody has written to one of them.
  func check(afterWriting: Bool = false) throws(ProfileError) -> Bool {
    guard areOpen else {
      throw profile.origin.error(
        .closed, "can't be written any more: the program closed its descriptor, or that of its log", Self.remedy)
    }
    let isSame = try Self.check(profile, as: "the file", profileMark)
    var expected = logMark
    if afterWriting { expected.length = min(expected.length, Self.logLimit) }
    return try !Self.check(log, as: "its log, the file that ends in -wal,", expected) || !isSame
  }

  /// They are now as the recorder wants them.
  mutating func remember() throws(ProfileError) {
    let (profileNow, logNow) = (try Self.mark(of: profile, as: "the file"), try Self.mark(of: log, as: "its log"))
    guard profileNow.file == profileMark.file, logNow.file == logMark.file else { return }
    (profileMark, logMark) = (profileNow, logNow)
  }

  /// The finished profile is where it was, and its log is gone.
  func checkFinished() throws(ProfileError) {
    let now = try Self.mark(of: profile, as: "the file")
    guard now.file == profileMark.file else {
      throw Self.replaced(profile, as: "the file")
    }
    if let left = try log.length(), left > 0 {
      throw profile.origin.corrupted("there is still a log beside it, which is not its own")
    }
  }

  private static func check(_ file: FilePath, as what: String, _ mark: Mark) throws(ProfileError) -> Bool {
    let now = try Self.mark(of: file, as: what)
    guard now.file == mark.file else { throw replaced(file, as: what) }
    guard now.length >= mark.length else {
      throw file.origin.error(
        .corrupted,
        "was damaged while it was recorded: \(what) was cut from \(mark.length) to \(counted(now.length, "byte"))",
        remedy)
    }
    return now == mark
  }

  private static func mark(of file: FilePath, as what: String) throws(ProfileError) -> Mark {
    var status = stat()
    guard stat(file.text, &status) == 0 else {
      let number = errno
      guard number == ENOENT || number == ENOTDIR else {
        throw file.origin.system(number, "is recorded, and \(what) can't be looked at")
      }
      throw file.origin.error(
        .notFound, "is not where it was recorded: \(what) was removed or renamed, or a folder above it", remedy)
    }
    return Mark(status)
  }

  private static func replaced(_ file: FilePath, as what: String) -> ProfileError {
    file.origin.error(.notFound, "is not the file that was recorded: \(what) was replaced by another", remedy)
  }

  private static let remedy =
    "the tracker still has everything: write its statistics to another path, end this recording, and start a new one"
}
