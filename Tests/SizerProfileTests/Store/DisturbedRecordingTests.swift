// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerProfile
import TestSupport
import Testing

/// What others do to the files of a recording that is under way: nothing is recorded into the void, and nobody's file
/// is hurt.
@Suite struct DisturbedRecordingTests {
  private let folder: Folder
  private let story = Story(seed: 31, snapshots: 12)

  init() throws { folder = try Folder() }

  /// What is done to a recording at `path`, and what is told then.
  struct Disturbance: Sendable, CustomTestStringConvertible {
    let name: String
    let code: ProfileError.Code
    /// What the message says.
    let word: String
    let act: @Sendable (_ path: String, _ folder: String) throws -> Void

    var testDescription: String { name }
  }

  private static let disturbances = [
    Disturbance(name: "removed", code: .notFound, word: "removed or renamed") { path, _ in unlink(path) },
    Disturbance(name: "renamed", code: .notFound, word: "removed or renamed") { path, _ in rename(path, path + ".old")
    },
    Disturbance(name: "renamed with its log", code: .notFound, word: "removed or renamed") { path, _ in
      rename(path, path + ".old")
      rename(path + "-wal", path + ".old-wal")
    },
    Disturbance(name: "its folder renamed", code: .notFound, word: "removed or renamed") { _, folder in
      rename(folder, folder + ".old")
    },
    Disturbance(name: "removed, with another name left", code: .notFound, word: "removed or renamed") { path, _ in
      link(path, path + ".link")
      unlink(path)
    },
    Disturbance(name: "replaced by a file", code: .notFound, word: "replaced") { path, _ in
      try write("another".utf8, to: path + ".new")
      rename(path + ".new", path)
    },
    Disturbance(name: "replaced by its own copy", code: .notFound, word: "replaced") { path, _ in
      try write(try bytes(of: path), to: path + ".new")
      rename(path + ".new", path)
    },
    Disturbance(name: "replaced by a link elsewhere", code: .notFound, word: "replaced") { path, _ in
      try write("another".utf8, to: path + ".new")
      unlink(path)
      symlink(path + ".new", path)
    },
    Disturbance(name: "cut", code: .corrupted, word: "cut") { path, _ in truncate(path, 8_192) },
    Disturbance(name: "cut to nothing", code: .corrupted, word: "cut") { path, _ in truncate(path, 0) },
    Disturbance(name: "overwritten", code: .corrupted, word: "damaged") { path, _ in
      let file = open(path, O_WRONLY)
      let zeros = [UInt8](repeating: 0, count: 60_000)
      _ = pwrite(file, zeros, zeros.count, 4_096)
      close(file)
    },
    Disturbance(name: "overwritten by no database", code: .corrupted, word: "damaged") { path, _ in
      let file = open(path, O_WRONLY)
      let text = [UInt8](repeating: UInt8(ascii: "x"), count: 300_000)
      _ = pwrite(file, text, text.count, 0)
      close(file)
    },
    Disturbance(name: "its log removed", code: .notFound, word: "log") { path, _ in unlink(path + "-wal") },
    Disturbance(name: "its log cut", code: .corrupted, word: "log") { path, _ in truncate(path + "-wal", 5_000) },
    Disturbance(name: "its log cut to nothing", code: .corrupted, word: "log") { path, _ in truncate(path + "-wal", 0)
    },
    Disturbance(name: "its log replaced", code: .notFound, word: "log") { path, _ in
      try write(try bytes(of: path + "-wal"), to: path + ".new")
      rename(path + ".new", path + "-wal")
    },
    Disturbance(name: "its log overwritten", code: .corrupted, word: "damaged") { path, _ in
      let file = open(path + "-wal", O_WRONLY)
      let zeros = [UInt8](repeating: 0, count: 9_000)
      _ = pwrite(file, zeros, zeros.count, 4_096)
      close(file)
    },
  ]

  private func begun() throws -> (ProfileRecorder, path: String, folder: String) {
    let home = folder.path("home")
    #expect(mkdir(home, 0o700) == 0)
    let recorder = try ProfileRecorder(path: home + "/p")
    for delta in story.deltas[..<4] { try recorder.append(delta) }
    // Times of files count in ticks of the kernel's clock.
    usleep(20_000)
    return (recorder, home + "/p", home)
  }

  private func files(_ folder: String) -> [String: [UInt8]] {
    var files: [String: [UInt8]] = [:]
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] where !name.hasSuffix("-shm") {
      files[name] = try? bytes(of: folder + "/" + name)
    }
    return files
  }

  @Test("the next snapshot is refused, and so is every other", arguments: disturbances)
  func nextSnapshot(_ disturbance: Disturbance) throws {
    let (recorder, path, home) = try begun()
    try disturbance.act(path, home)
    let before = files(home)
    for _ in 0..<2 {
      let error = #expect(throws: ProfileError.self) { try recorder.append(story.deltas[4]) }
      #expect(error?.code == disturbance.code, "\(String(describing: error))")
      #expect(error?.message.contains(disturbance.word) == true, "\(String(describing: error))")
      #expect(error?.message.contains("home/p") == true)
    }
    let error = #expect(throws: ProfileError.self) { try recorder.finish(traces: story.histories[3].traces) }
    #expect(error?.code == disturbance.code)
    // Neither what was put in their place nor what is left of them was touched.
    #expect(files(home) == before)
    // Elsewhere it goes on.
    try story.record(to: folder.path("new"))
    #expect(try history(at: folder.path("new")) == story.history)
  }

  @Test("an end without another snapshot says so, too", arguments: disturbances)
  func endWithoutSnapshot(_ disturbance: Disturbance) throws {
    let (recorder, path, home) = try begun()
    try disturbance.act(path, home)
    let before = files(home)
    let error = #expect(throws: ProfileError.self) { try recorder.finish(traces: story.histories[3].traces) }
    #expect(error?.code == disturbance.code)
    #expect(files(home) == before)
  }

  @Test("a recorder that is dropped leaves alone what is not its own", arguments: disturbances)
  func recorderDroppedLeaves(_ disturbance: Disturbance) throws {
    var recorder: ProfileRecorder?
    let (begun, path, home) = try begun()
    recorder = begun
    try disturbance.act(path, home)
    _ = try? recorder?.append(story.deltas[4])
    let before = files(home)
    recorder = nil
    #expect(files(home) == before)
  }

  @Test("what does no harm is let be")
  func harmless() throws {
    let (recorder, path, _) = try begun()
    // Another name, other rights, a later time, a view and a moved log.
    #expect(link(path, path + ".link") == 0)
    try recorder.append(story.deltas[4])
    #expect(chmod(path, 0) == 0)
    try recorder.append(story.deltas[5])
    #expect(chmod(path, 0o600) == 0 && utimes(path, nil) == 0 && utimes(path + "-wal", nil) == 0)
    try recorder.append(story.deltas[6])
    try SQL(path).run("CREATE VIEW mine AS SELECT * FROM objects; PRAGMA wal_checkpoint(PASSIVE)")
    try recorder.append(story.deltas[7])
    #expect(try history(at: path) == story.histories[7])
    try recorder.finish()
    #expect(try history(at: path) == story.histories[7])
    #expect(try SQL(path).rows("SELECT count(*) FROM mine") == ["\(story.histories[7].objects.count)"])
  }

  @Test("rows that somebody took out are missed")
  func missingRows() throws {
    let (recorder, path, _) = try begun()
    try SQL(path).run("DELETE FROM objects WHERE id=(SELECT max(id) FROM objects)")
    let error = #expect(throws: ProfileError.self) { try recorder.append(story.deltas[4]) }
    #expect(error?.code == .corrupted && error?.message.contains("objects") == true)
  }

  @Test("a log that SQLite itself makes shorter is no damage")
  func shorterLog() throws {
    let path = folder.path("p")
    let recorder = try ProfileRecorder(path: path)
    var history = History(names: ["A"])
    var delta = History.Delta(base: History.Counts(), names: ["A"])
    var lengths: [Int] = []
    // Much, then little: the log is put into the file, begun anew, and cut to what SQLite was told to keep.
    for (round, count) in [120_000, 1, 1, 120_000, 1, 1].enumerated() {
      delta.objects = (0..<count).map {
        .init(name: 0, className: 0, currentClass: 0, birth: Int64(round * 200_000 + $0))
      }
      try recorder.append(delta)
      history.objects += delta.objects
      lengths.append(try bytes(of: path + "-wal").count)
      delta = History.Delta(base: history.counts)
    }
    #expect(zip(lengths, lengths.dropFirst()).contains { $0 > $1 }, "\(lengths)")
    try recorder.finish()
    #expect(try SizerProfileTests.history(at: path) == history)
  }
}
