// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What a path leads to, as a place to write to. Symbolic links are followed: what they lead to is written, and they
/// stay.
package struct OutputTarget: Sendable {
  package enum Kind: Sendable, Hashable {
    /// Nothing: a file can be made.
    case absent
    /// A file, which is replaced as a whole.
    case file(Owner)
    /// Something that is written to as it comes: a pipe, a terminal, another device.
    case stream
    /// The same, by way of a descriptor of this process.
    case descriptor(Int32)
    /// A disk: written to as it comes, and what was there is gone.
    case disk
  }

  /// Whose a file is, and what they may do with it.
  package struct Owner: Sendable, Hashable {
    var user: uid_t
    var group: gid_t
    var mode: mode_t
  }

  /// As the caller named it.
  package let path: String
  package let kind: Kind
  /// Where that is, links followed: the folder, and the name in it.
  let folder: String
  let name: String
  /// Which file it is, if there is one.
  private let identity: Identity?

  private struct Identity: Hashable {
    var device: dev_t
    var number: ino_t

    init(_ status: stat) { (device, number) = (status.st_dev, status.st_ino) }
  }

  /// Looks where a path leads to.
  package init(path: String) throws(OutputError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw OutputError(
        .invalid, path, "is no path that a file can have", advice: "give one that is not empty and holds no zero byte")
    }
    self.path = path
    var status = stat()
    // The system first: it knows loops, and links that it does not follow for safety.
    let isThere = stat(path, &status) == 0
    guard isThere || errno == ENOENT else { throw .system(errno, path, "can't be written") }
    let place = try Self.place(of: path)
    (folder, name) = (place.folder, place.name)
    if let number = place.descriptor {
      guard fcntl(number, F_GETFL) >= 0 else { throw .system(errno, path, "can't be written") }
      kind = .descriptor(number)
    } else if !isThere {
      kind = .absent
    } else {
      kind = try Self.kind(status, path, isPassedOn: place.isPassedOn)
    }
    identity = isThere ? Identity(status) : nil
  }

  /// Standard output.
  package static var standardOutput: OutputTarget { OutputTarget(descriptor: STDOUT_FILENO, path: "standard output") }

  private init(descriptor: Int32, path: String) {
    (self.path, kind, folder, name) = (path, .descriptor(descriptor), "", "")
    var status = stat()
    identity = fstat(descriptor, &status) == 0 ? Identity(status) : nil
  }

  /// Whether it is replaced as a whole, or made; if not, it is written to as it comes.
  package var isFile: Bool {
    switch kind {
    case .absent, .file: true
    case .stream, .descriptor, .disk: false
    }
  }

  /// Whether something that is there is gone when it is written.
  package var destroys: Bool {
    switch kind {
    case .file, .disk: true
    case .absent, .stream, .descriptor: false
    }
  }

  /// Whether it is a terminal.
  package var isTerminal: Bool {
    switch kind {
    case .descriptor(let number): return isatty(number) == 1
    case .stream:
      // Only of devices: a pipe's reader takes an end that is closed again for the end.
      var status = stat()
      guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFCHR else { return false }
      let descriptor = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else { return false }
      defer { close(descriptor) }
      return isatty(descriptor) == 1
    case .absent, .file, .disk: return false
    }
  }

  /// Whether it is the same file as the one at another path, by whatever name.
  package func isSame(as other: String) -> Bool {
    var status = stat()
    return stat(other, &status) == 0 && identity == Identity(status)
  }

  /// The path with all links followed.
  var resolved: String { folder.utf8.last == UInt8(ascii: "/") ? folder + name : "\(folder)/\(name)" }

  private static func kind(_ status: stat, _ path: String, isPassedOn: Bool) throws(OutputError) -> Kind {
    switch status.st_mode & S_IFMT {
    // Somebody's open file by way of /proc: it has no name that another file could be given.
    case S_IFREG where isPassedOn: return .stream
    case S_IFREG:
      return .file(Owner(user: status.st_uid, group: status.st_gid, mode: status.st_mode & 0o777))
    case S_IFDIR: throw OutputError(.invalid, path, "is a folder", advice: "name a file")
    case S_IFBLK: return .disk
    default: return .stream
    }
  }
}
