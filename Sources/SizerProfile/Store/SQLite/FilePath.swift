// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A path, and what the system says about it.
struct FilePath: Sendable {
  /// Absolute or not; for files that exist, without symbolic links.
  let text: String
  let origin: Origin

  /// A path that a caller gave; refuses what C would cut short.
  init(_ origin: Origin) throws(ProfileError) {
    guard !origin.path.isEmpty else { throw origin.error(.notFound, "names no file", "give a path") }
    guard !origin.path.utf8.contains(0) else {
      throw origin.error(.cannotOpen, "holds a zero byte, which no path may", "take it out")
    }
    self.text = origin.path
    self.origin = origin
  }

  private init(_ text: String, _ origin: Origin) {
    self.text = text
    self.origin = origin
  }

  func appending(_ suffix: String) -> FilePath { FilePath(text + suffix, origin) }

  /// The same file, with errors that speak of another: the one that the caller knows.
  func told(as origin: Origin) -> FilePath { FilePath(text, origin) }

  /// What the system calls it: SQLite looks for the files beside a database there, too.
  func resolved() throws(ProfileError) -> FilePath {
    guard let real = realpath(text, nil) else { throw origin.system(errno, "can't be opened") }
    defer { free(real) }
    return FilePath(String(cString: real), origin)
  }

  /// Its length; nil when there is no such file. Anything but a plain file is refused: opening a pipe waits for its
  /// other end.
  func length() throws(ProfileError) -> Int64? {
    var status = stat()
    guard stat(text, &status) == 0 else {
      if errno == ENOENT { return nil }
      throw origin.system(errno, "can't be opened")
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return Int64(status.st_size)
    case S_IFDIR: throw origin.error(.cannotOpen, "is a folder", "name a file")
    default: throw origin.error(.cannotOpen, "is a device, pipe or socket", "name a plain file")
    }
  }

  /// Whether it is a database that is written by way of a log; false of what can't be read.
  var needsLog: Bool {
    // Through SQLite: whoever opens and closes the file otherwise takes the locks away that a recorder in this process
    // has on it.
    guard let alone = try? Connection(uri: uri("immutable=1"), for: .reading, origin: origin) else { return false }
    // Byte 19 of a database: 2 from when it is given a log until its recorder puts all into one file.
    return alone.fileBytes(at: 19, count: 1) == [2]
  }

  /// As SQLite's open takes it: the path byte for byte, whatever is in it, with options behind it.
  func uri(_ options: String = "") -> String {
    var uri = "file:"
    // "//host" would be a host, and a relative path like ":memory:" something else than a file.
    uri += text.utf8.first == UInt8(ascii: "/") ? "//" : "./"
    let digits = Array("0123456789ABCDEF")
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"),
        UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
        uri.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        uri += "%"
        uri.append(digits[Int(byte >> 4)])
        uri.append(digits[Int(byte & 15)])
      }
    }
    return options.isEmpty ? uri : uri + "?" + options
  }

  /// Makes an empty file that only the owner may read and write; fails when there is anything of that name.
  func create() throws(ProfileError) {
    let descriptor = open(text, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw origin.system(errno, "can't be made") }
    // The mode again: a mask that takes rights from the owner would make the file useless.
    let status = fchmod(descriptor, 0o600)
    let number = errno
    close(descriptor)
    guard status == 0 else { throw origin.system(number, "can't be made") }
  }

  func remove() { unlink(text) }
}
