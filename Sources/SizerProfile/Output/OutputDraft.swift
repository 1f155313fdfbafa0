// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A file beside the one that it is to become: whatever fails, the old one is there or the new one, whole. Gone unless
/// it is put in place.
package final class OutputDraft {
  /// Where it is written.
  package let path: String
  private let target: OutputTarget
  private var isDone = false

  /// Makes an empty file, which only its owner may read, beside a target that is a file or nothing yet.
  package init(for target: OutputTarget) throws(OutputError) {
    self.target = target
    var generator = SystemRandomNumberGenerator()
    while true {
      // Of 2^64 names, one that is taken is another draft's that is being written.
      let name = ".\(target.name.prefix(bytes: 128)).\(String(generator.next(), radix: 36)).tmp"
      let path = target.folder.utf8.last == UInt8(ascii: "/") ? target.folder + name : "\(target.folder)/\(name)"
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
      if descriptor >= 0 {
        close(descriptor)
        self.path = path
        return
      }
      guard errno == EEXIST || errno == EINTR else { throw .system(errno, target.path, "can't be made") }
    }
  }

  deinit {
    if !isDone { unlink(path) }
  }

  /// Puts it in its place for good: after a power cut, too, the old file is there or the new one. What replaces a file
  /// keeps whose that was and what they might do with it, as far as the system lets, if `keepsOwner` says so; what does
  /// not is its owner's alone.
  ///
  /// - Parameter replaces: Whether a file that is there by now may be replaced.
  package func put(replaces: Bool, keepsOwner: Bool) throws(OutputError) {
    let descriptor = open(path, O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system(errno, target.path, "can't be written") }
    if case .file(let owner) = target.kind, keepsOwner { adopt(owner, descriptor) }
    var failure = fsync(descriptor) == 0 ? nil : errno
    // The last moment at which a network file system may say that the disk is full.
    if close(descriptor) != 0, failure == nil { failure = errno }
    if failure == nil { failure = move(replaces: replaces) }
    guard failure != EEXIST else { throw target.taken }
    if let failure { throw .system(failure, target.path, "can't be written") }
    isDone = true
    // The folder's entry is the file system's to keep; where it can't be asked to (some network disks), the file is
    // there all the same.
    let folder = open(target.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard folder >= 0 else { return }
    fsync(folder)
    close(folder)
  }

  private func adopt(_ owner: OutputTarget.Owner, _ descriptor: Int32) {
    var mode = owner.mode
    // Rights are for whom they were given to: without that group or owner they are nobody's.
    if fchown(descriptor, owner.user, owner.group) != 0, fchown(descriptor, .max, owner.group) != 0 { mode &= 0o707 }
    fchmod(descriptor, mode)
  }

  /// The error's number; nil when it is done.
  private func move(replaces: Bool) -> Int32? {
    if replaces { return rename(path, target.resolved) == 0 ? nil : errno }
    // A name that is given, not moved, is never taken from another file.
    if link(path, target.resolved) == 0 {
      unlink(path)
      return nil
    }
    guard errno != EEXIST else { return EEXIST }
    // A file system without links of this kind. What comes between these two is lost.
    var status = stat()
    if lstat(target.resolved, &status) == 0 { return EEXIST }
    return rename(path, target.resolved) == 0 ? nil : errno
  }
}

extension OutputTarget {
  /// Says that there is something already.
  var taken: OutputError { OutputError(.exists, path, "already exists", advice: "remove it or name another file") }
}
