// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerProfile
import TestSupport
import Testing

/// Paths that are odd, wrong or forbidden.
@Suite struct PathTests {
  private let folder: Folder
  private let story = Story(seed: 3)

  init() throws { folder = try Folder() }

  /// How reading, writing and recording fail there.
  private func codes(_ path: String) -> [ProfileError.Code?] {
    [
      code(path) { _ = try Statistics(contentsOf: path) },
      code(path) { try Statistics(story.history).write(to: path) },
      code(path) { _ = try ProfileRecorder(path: path) },
    ]
  }

  private func code(_ path: String, _ call: () throws -> Void) -> ProfileError.Code? {
    let error = #expect(throws: ProfileError.self) { try call() }
    #expect(error?.message.hasPrefix(path.isEmpty ? "an empty path " : "\(path) ") == true)
    #expect(error?.path == path && error?.operation.isEmpty == false)
    #expect(error.map(isWellFormed) == true)
    return error?.code
  }

  @Test("a missing file or folder is told")
  func missingFile() throws {
    #expect(throws: ProfileError.self) { try history(at: folder.path("none")) }
    #expect(codes(folder.path("none/p")) == [.notFound, .notFound, .notFound])
    #expect(codes("") == [.notFound, .notFound, .notFound])
    try write("x".utf8, to: folder.path("file"))
    #expect(codes(folder.path("file/p")) == [.notFound, .notFound, .notFound])
    #expect(folder.files == ["file"])
  }

  @Test("a folder, a pipe and a device are no profiles")
  func noPlainFile() throws {
    #expect(codes(folder.path) == [.cannotOpen, .cannotOpen, .alreadyExists])
    #expect(codes(folder.path + "/") == [.cannotOpen, .cannotOpen, .cannotOpen])
    #expect(mkfifo(folder.path("pipe"), 0o600) == 0)
    #expect(codes(folder.path("pipe")) == [.cannotOpen, .cannotOpen, .alreadyExists])
    #expect(codes("/dev/zero") == [.cannotOpen, .cannotOpen, .alreadyExists])
    #expect(codes(folder.path("a\0b")) == [.cannotOpen, .cannotOpen, .cannotOpen])
    #expect(folder.files == ["pipe"])
  }

  @Test(
    "a name is taken as it is",
    arguments: [
      "a?b=c#d", "100%25", ":memory:", "with space", "caf\u{e9}", "-wal", "x'y\"z", "file:p", "new\nline", "\u{1}",
    ])
  func oddNames(name: String) throws {
    try story.record(to: folder.path(name))
    #expect(folder.files == [name])
    #expect(try history(at: folder.path(name)) == story.history)
    try Statistics(story.history).write(to: folder.path(name))
    #expect(folder.files == [name])
    #expect(try history(at: folder.path(name)) == story.history)
  }

  @Test("names relative to the folder and links are followed")
  func relativeNames() async throws {
    await #expect(processExitsWith: .success) { [folder = folder.path as String] in
      let story = Story(seed: 3)
      #expect(chdir(folder) == 0)
      for name in ["p", ":memory:", "./q"] {
        try Statistics(story.history).write(to: name)
        #expect(try history(at: name) == story.history)
        #expect(FileManager.default.fileExists(atPath: "\(folder)/\(name)"))
      }
    }
    #expect(mkdir(folder.path("d"), 0o700) == 0)
    let recorder = try ProfileRecorder(path: folder.path("d/r"))
    for delta in story.deltas { try recorder.append(delta) }
    #expect(symlink("d/r", folder.path("link")) == 0)
    #expect(try history(at: folder.path("link")) == story.history)
  }

  @Test("a written profile replaces a file, for the owner only, and leaves no other")
  func replacedFile() throws {
    try write("old".utf8, to: folder.path("p"))
    chmod(folder.path("p"), 0o644)
    try Statistics(story.history).write(to: folder.path("p"))
    #expect(mode(of: folder.path("p")) == 0o600)
    #expect(try history(at: folder.path("p")) == story.history)
    #expect(folder.files == ["p"])
  }

  @Test("without permission there is a clear refusal; what may only be read can be read")
  func withoutPermission() throws {
    try story.record(to: folder.path("done"))
    let recorder = try ProfileRecorder(path: folder.path("running"))
    for delta in story.deltas { try recorder.append(delta) }
    for suffix in ["", "-wal"] {
      try write(try bytes(of: folder.path("running" + suffix)), to: folder.path("copy" + suffix))
    }
    try write("x".utf8, to: folder.path("secret"))
    for file in folder.files { chmod(folder.path(file), file == "secret" ? 0 : 0o444) }
    chmod(folder.path, 0o555)
    let before = folder.files
    try withoutPrivileges { try expectReadOnly() }
    #expect(folder.files == before)
  }

  private func expectReadOnly() throws {
    for name in ["done", "running", "copy"] {
      let read = try history(at: folder.path(name))
      #expect(read == story.history, "\(name)")
    }
    #expect(code(folder.path("secret")) { _ = try Statistics(contentsOf: folder.path("secret")) } == .cannotOpen)
    #expect(code(folder.path("new")) { _ = try ProfileRecorder(path: folder.path("new")) } == .cannotOpen)
    let error = #expect(throws: ProfileError.self) { try Statistics(story.history).write(to: folder.path("done")) }
    #expect(error?.code == .cannotOpen)
    #expect(error?.message.contains("Permission denied") == true)
  }
}
