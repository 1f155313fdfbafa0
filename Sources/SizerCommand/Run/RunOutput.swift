// SPDX-License-Identifier: Apache-2.0

import Glibc
import SizerAgent

/// The files that a run is recorded to: one, or with `%p` in the name one for each process.
struct RunOutput {
  /// Time and host are those of the run; its processes differ in their numbers only.
  private let pattern: String
  private let before: Set<String>

  /// - Throws: when the only file that there can be is there already.
  init(pattern: String, _ marks: ProcessMarks) throws {
    self.pattern = PathPattern(pattern).pinned(to: marks)
    before = Set(Self.files(self.pattern))
    if !PathPattern(pattern).namesProcess, let path = before.first {
      throw Failure(message: "\(path) already exists; choose another path, or one with %p or %t in it")
    }
    let folder = Self.folder(of: self.pattern)
    guard access(folder, W_OK | X_OK) == 0 else {
      throw Failure(
        message: "nothing can be written in \(folder): \(String(cString: strerror(errno))); choose another path")
    }
  }

  /// The same from any folder: the program may change to another one before it is recorded.
  var absolutePattern: String { Self.absolute(pattern) }

  /// A pattern of a path that means the same from any folder.
  static func absolute(_ pattern: String) -> String {
    guard !pattern.hasPrefix("/"), let folder = getcwd(nil, 0) else { return pattern }
    defer { free(folder) }
    return "\(PathPattern.escaped(String(cString: folder)))/\(pattern)"
  }

  /// What is there now and was not before, that of `process` first.
  func files(ofProcess process: pid_t) -> [String] {
    let first = PathPattern(pattern).path(for: ProcessMarks(number: process, time: "", host: ""))
    let new = Self.files(pattern).filter { !before.contains($0) && $0 != first }.sorted()
    return (access(first, F_OK) == 0 && !before.contains(first) ? [first] : []) + new
  }

  /// The folder that the files are in, to the last slash; a dot for the present one.
  private static func folder(of pattern: String) -> String {
    guard let slash = pattern.lastIndex(of: "/") else { return "." }
    return PathPattern(String(pattern[...slash])).path(for: ProcessMarks(number: 0, time: "", host: ""))
  }

  private static func files(_ pattern: String) -> [String] {
    let slash = pattern.lastIndex(of: "/").map { pattern.index(after: $0) } ?? pattern.startIndex
    let name = PathPattern(String(pattern[slash...]))
    let nobody = ProcessMarks(number: 0, time: "", host: "")
    guard name.namesProcess else {
      let path = PathPattern(pattern).path(for: nobody)
      return access(path, F_OK) == 0 ? [path] : []
    }
    let folder = PathPattern(String(pattern[..<slash])).path(for: nobody)
    return FolderEntries.names(of: folder.isEmpty ? "." : folder).filter { name.matches($0) }.map { folder + $0 }
  }
}
