// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Programs, libraries and files of symbols, named or below named folders, found by build ID whatever they are called.
final class SymbolSources {
  private static let mostFiles = 200_000

  private let folders: [String]
  private let named: [SymbolFile]
  /// By build ID; nil before the folders were searched.
  private var found: [String: [String]]?
  /// What was given and can't be used, or not all of it, a line each.
  private(set) var notes: [String] = []

  /// - Throws: ``Failure`` when one of the paths leads to no file and no folder.
  init(_ paths: [String]) throws {
    folders = paths.filter { Self.isFolder($0) }
    let files = paths.filter { !Self.isFolder($0) }
    for file in files where access(file, F_OK) != 0 {
      throw Failure(message: "\(file) is not there; name a program, a library, a .debug file or a folder of them")
    }
    named = files.compactMap { SymbolFile($0) }
    for file in files where !named.contains(where: { $0.path == file }) {
      notes.append("\(file) has no build ID, so it can't be matched to anything")
    }
  }

  /// The files of a build; those with debug information come first. Where the build ID tells the file's place that is
  /// looked at; if there is none, all folders are searched, once. Complexity: O(files below the folders), once.
  func files(of buildID: String) -> [String] {
    guard buildID.utf8.count > 2, buildID.utf8.allSatisfy(Self.isDigit) else { return [] }
    let given = named.filter { $0.buildID == buildID }
    let known = folders.flatMap { folder in Self.places(of: buildID).map { "\(folder)/\($0)" } }
    let direct = Self.ordered(given + known.compactMap { SymbolFile($0) }.filter { $0.buildID == buildID })
    if !direct.isEmpty { return direct }
    let all = found ?? search()
    found = all
    return all[buildID] ?? []
  }

  /// GDB's manual, "Debugging Information in Separate Files"; debuginfod(8), the client's cache and the server's paths.
  private static func places(of buildID: String) -> [String] {
    let inFolder = "\(buildID.prefix(2))/\(buildID.dropFirst(2))"
    return [
      ".build-id/\(inFolder).debug", ".build-id/\(inFolder)", "\(inFolder).debug", inFolder, "\(buildID)/debuginfo",
      "\(buildID)/executable", "buildid/\(buildID)/debuginfo", "buildid/\(buildID)/executable",
    ]
  }

  private func search() -> [String: [String]] {
    var files: [String: [SymbolFile]] = [:]
    for folder in folders {
      var left = Self.mostFiles
      Self.visit(folder, &left) { path in
        if let file = SymbolFile(path) { files[file.buildID, default: []].append(file) }
      }
      if left == 0 { notes.append("\(folder) has more than \(Self.mostFiles) files; the rest was not looked at") }
    }
    return files.mapValues(Self.ordered)
  }

  private static func ordered(_ files: [SymbolFile]) -> [String] {
    files.sorted { ($0.rank, $0.path) < ($1.rank, $1.path) }.map(\.path)
  }

  /// Each plain file below a folder. Links to files are followed, links to folders are not: these may lead round.
  private static func visit(_ root: String, _ left: inout Int, _ body: (String) -> Void) {
    var waiting = [root]
    while let folder = waiting.popLast() {
      guard let open = opendir(folder) else { continue }
      defer { closedir(open) }
      while left > 0, let entry = readdir(open) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        guard name != ".", name != ".." else { continue }
        left -= 1
        let path = "\(folder)/\(name)"
        if isFolder(path, followsLinks: false) { waiting.append(path) } else { body(path) }
      }
    }
  }

  private static func isFolder(_ path: String, followsLinks: Bool = true) -> Bool {
    var status = stat()
    return (followsLinks ? stat(path, &status) : lstat(path, &status)) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }
}

/// A file that may tell what a program's addresses are.
private struct SymbolFile {
  let path: String
  let buildID: String
  /// 0: has lines; 1: has the whole table of symbols; 2: neither.
  let rank: Int

  /// nil when it is no plain file, or none that a linker named.
  init?(_ path: String) {
    var status = stat()
    // Opening a pipe would wait for its other end.
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    guard let elf = ELFFile(file), let buildID = elf.buildID else { return nil }
    self.path = path
    self.buildID = buildID
    rank = elf.hasSection(".debug_info") ? 0 : elf.hasSymbols ? 1 : 2
  }
}
