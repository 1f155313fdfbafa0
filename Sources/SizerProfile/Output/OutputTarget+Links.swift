// SPDX-License-Identifier: Apache-2.0
import Glibc

extension OutputTarget {
  /// Where a path ends, links followed.
  struct Place {
    /// Without links.
    var folder: String
    /// No link.
    var name: String
    /// If it is an open file of this process by way of /proc (/dev/stdout, /dev/fd/3), its descriptor.
    var descriptor: Int32?
    /// Whether it is an open file of any process, by way of /proc.
    var isPassedOn = false
  }

  static func place(of path: String) throws(OutputError) -> Place {
    var next = path
    // As many as the system follows.
    for _ in 0..<40 {
      let place = try parts(of: next, path)
      if place.isPassedOn { return place }
      let link =
        place.folder.utf8.last == UInt8(ascii: "/") ? place.folder + place.name : "\(place.folder)/\(place.name)"
      var status = stat()
      guard lstat(link, &status) == 0 else {
        guard errno == ENOENT else { throw .system(errno, path, "can't be written") }
        return place
      }
      guard status.st_mode & S_IFMT == S_IFLNK else { return place }
      try check(linkOf: status, in: place.folder, path)
      let target = try target(of: link, path)
      next = target.utf8.first == UInt8(ascii: "/") ? target : "\(place.folder)/\(target)"
    }
    throw .system(ELOOP, path, "can't be written")
  }

  /// The folder without links, and the name in it.
  private static func parts(of path: String, _ whole: String) throws(OutputError) -> Place {
    let slash = UInt8(ascii: "/")
    let split = path.utf8.lastIndex(of: slash).map { path.utf8.index(after: $0) } ?? path.startIndex
    let name = String(path[split...])
    guard !name.isEmpty, name != ".", name != ".." else {
      throw OutputError(.invalid, whole, "is a folder", advice: "name a file")
    }
    guard let real = realpath(split == path.startIndex ? "." : String(path[..<split]), nil) else {
      throw .system(errno, whole, "can't be made")
    }
    defer { free(real) }
    var place = Place(folder: String(cString: real), name: name)
    // What look like links in a folder of descriptors are the open files themselves.
    var (folder, processes) = (stat(), stat())
    guard place.folder.hasSuffix("/fd"), stat(real, &folder) == 0, stat("/proc", &processes) == 0,
      folder.st_dev == processes.st_dev
    else { return place }
    place.isPassedOn = true
    let folders = place.folder.split(separator: "/")
    if folders.count > 2,
      folders[folders.count - 2] == "\(getpid())" || folders.contains("task") && folders[1] == "\(getpid())"
    {
      place.descriptor = Int32(name)
    }
    return place
  }

  /// The system's rule for folders in which everybody may make files, which it may have switched off: a link there is
  /// followed only if it is ours or the folder's owner's. Somebody else's may lead to what only we can write.
  private static func check(linkOf link: stat, in folder: String, _ path: String) throws(OutputError) {
    var status = stat()
    guard stat(folder, &status) == 0 else { throw .system(errno, path, "can't be written") }
    let isEverybodys = status.st_mode & (S_ISVTX | S_IWOTH) == S_ISVTX | S_IWOTH
    guard isEverybodys, link.st_uid != geteuid(), link.st_uid != status.st_uid else { return }
    throw OutputError(
      .invalid, path, "is somebody else's link in a folder where everybody may write",
      advice: "name the file that it leads to")
  }

  private static func target(of link: String, _ path: String) throws(OutputError) -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
    let count = buffer.withUnsafeMutableBytes {
      readlink(link, $0.baseAddress!.assumingMemoryBound(to: CChar.self), $0.count)
    }
    guard count > 0, count < buffer.count else {
      throw .system(count < 0 ? errno : ENAMETOOLONG, path, "can't be written")
    }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }
}
