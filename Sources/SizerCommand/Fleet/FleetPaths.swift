// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The profiles that some paths name: files as they are, of folders all files below them that end in `.sizer`. Found
/// one by one, so that a folder of a million files takes no more memory than one of a thousand.
struct FleetPaths: ~Copyable {
  enum Found: Equatable {
    case file(String)
    /// What is passed over, and why.
    case problem(String)
  }

  /// A folder that is being read. Its names come in order, some thousands at a time.
  private struct Folder {
    let path: String
    /// An open directory (`DIR *`).
    let entries: OpaquePointer
    var names: [String] = []
  }

  private static let deepest = 64
  private static let namesAtOnce = 4_096

  private var arguments: ArraySlice<String>
  private var folders: [Folder] = []

  init(_ arguments: [String]) { self.arguments = arguments[...] }

  deinit {
    for folder in folders { closedir(folder.entries) }
  }

  /// The next one; nil after the last.
  mutating func next() -> Found? {
    while true {
      guard let last = folders.indices.last else {
        guard let argument = arguments.popFirst() else { return nil }
        if let found = look(at: argument, isNamed: true) { return found }
        continue
      }
      if folders[last].names.isEmpty { folders[last].names = Self.names(in: folders[last].entries) }
      guard let name = folders[last].names.popLast() else {
        closedir(folders.removeLast().entries)
        continue
      }
      let folder = folders[last].path
      if let found = look(at: folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)", isNamed: false) {
        return found
      }
    }
  }

  /// What a path leads to; nil for a folder, which is gone through next, and for what is no profile by its name.
  private mutating func look(at path: String, isNamed: Bool) -> Found? {
    var status = stat()
    // A link to a folder may lead back to where it is: only one that was named is followed.
    guard lstat(path, &status) == 0 else {
      return isNamed ? .file(path) : nil
    }
    let isLink = status.st_mode & S_IFMT == S_IFLNK
    if isLink, stat(path, &status) != 0 { return isNamed || path.hasSuffix(".sizer") ? .file(path) : nil }
    guard status.st_mode & S_IFMT == S_IFDIR else { return isNamed || path.hasSuffix(".sizer") ? .file(path) : nil }
    if isLink, !isNamed { return .problem("\(path) is a link to a folder: name it, too, if it is meant") }
    guard folders.count < Self.deepest else { return .problem("\(path) is deeper than \(Self.deepest) folders") }
    guard let entries = opendir(path) else {
      return .problem("\(path) can't be looked into: \(String(cString: strerror(errno)))")
    }
    folders.append(Folder(path: path, entries: entries))
    return nil
  }

  /// The next names, the first of them at the end.
  private static func names(in entries: OpaquePointer) -> [String] {
    var names: [String] = []
    while names.count < namesAtOnce, let entry = readdir(entries) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted(by: >)
  }
}
