// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerProfile
import Synchronization
import TestSupport
import Testing

/// The index of a recording's log, which all who have it open share: whatever is done to its file, nobody gets a
/// signal.
@Suite struct SharedIndexTests {
  /// What is done to the index at a path.
  enum Damage: CaseIterable, Sendable {
    case cut, cutToAPiece, zeros, noise, removed, replaced

    func act(_ path: String, _ round: Int) {
      switch self {
      case .cut: truncate(path, 0)
      case .cutToAPiece: truncate(path, 4_096)
      case .zeros, .noise:
        let file = open(path, O_WRONLY)
        let bytes = [UInt8](repeating: self == .zeros ? 0 : UInt8(truncatingIfNeeded: 0x5b + round), count: 32_768)
        _ = pwrite(file, bytes, bytes.count, 0)
        close(file)
      case .removed: unlink(path)
      case .replaced:
        unlink(path)
        close(open(path, O_CREAT | O_WRONLY, 0o600))
      }
    }
  }

  @Test("damage to it between snapshots loses nothing", arguments: Damage.allCases)
  func damagedIndex(damage: Damage) async throws {
    let folder = try Folder()
    await #expect(processExitsWith: .success) {
      [folder = folder.path as String, kind = Damage.allCases.firstIndex(of: damage)! as Int] in
      let story = Story(seed: 41, snapshots: 12)
      let recorder = try ProfileRecorder(path: "\(folder)/p")
      for (round, delta) in story.deltas.enumerated() {
        Damage.allCases[kind].act("\(folder)/p-shm", round)
        try recorder.append(delta)
      }
      Damage.allCases[kind].act("\(folder)/p-shm", 99)
      try recorder.finish()
      #expect(try history(at: "\(folder)/p") == story.history)
    }
    #expect(try history(at: folder.path("p")) == Story(seed: 41, snapshots: 12).history)
  }

  @Test("another file in its place is left alone, cut or not")
  func otherFile() throws {
    let folder = try Folder()
    let story = Story(seed: 45)
    let recorder = try ProfileRecorder(path: folder.path("p"))
    try recorder.append(story.deltas[0])
    try write("mine".utf8, to: folder.path("mine"))
    truncate(folder.path("p-shm"), 0)
    unlink(folder.path("p-shm"))
    symlink(folder.path("mine"), folder.path("p-shm"))
    let error = #expect(throws: ProfileError.self) { try recorder.append(story.deltas[1]) }
    #expect(error?.code == .ioFailure)
    #expect(try bytes(of: folder.path("mine")) == Array("mine".utf8))
    unlink(folder.path("p-shm"))
    #expect(try history(at: folder.path("p")) == story.histories[0])
  }

  @Test("cut again and again while it is written and read, it ends nobody")
  func cutAgain() async throws {
    let folder = try Folder()
    await #expect(processExitsWith: .success) { [folder = folder.path as String] in
      let story = Story(seed: 42, snapshots: 40, births: 60)
      let recorder = try ProfileRecorder(path: "\(folder)/p")
      let isDone = Atomic(false)
      let cutter = Thread {
        var round = 0
        while !isDone.load(ordering: .relaxed) {
          round += 1
          truncate("\(folder)/p-shm", off_t(round % 3 * 4_096))
          usleep(50)
        }
        isDone.store(false, ordering: .releasing)
      }
      cutter.start()
      var written = 0
      // Cut at a bad moment, SQLite is told that the index can't be reached, or finds it held by who makes it anew.
      for _ in 0..<1_000 where written < story.deltas.count {
        do throws(ProfileError) {
          try recorder.append(story.deltas[written])
          written += 1
        } catch {
          #expect([.busy, .ioFailure].contains(error.code), "\(error)")
        }
        _ = try? history(at: "\(folder)/p")
      }
      isDone.store(true, ordering: .relaxed)
      while isDone.load(ordering: .acquiring) { usleep(1_000) }
      // Whatever it was cut in between, each snapshot that was taken is there.
      #expect(written > 0)
      while written < story.deltas.count {
        try recorder.append(story.deltas[written])
        written += 1
      }
      try recorder.finish()
      #expect(try history(at: "\(folder)/p") == story.history)
    }
  }

  @Test("SQLite itself reads a recording while it grows, here and in another process")
  func otherReaders() async throws {
    let folder = try Folder()
    let path = folder.path("p")
    let story = Story(seed: 43, snapshots: 30, births: 200)
    let recorder = try ProfileRecorder(path: path)
    var reader = try SQL(path) as SQL?
    async let other = #expect(processExitsWith: .success) { [path = path as String] in
      let story = Story(seed: 43, snapshots: 30, births: 200)
      let counts = ["0"] + story.deltas.map { "\($0.counts.objects)" }
      let stays = try SQL(path)
      try write("".utf8, to: path + ".ready")
      var seen = 0
      // Nobody may wait for a writer that has failed, nor read all the while that other tests need.
      while seen < counts.count - 1, access(path + ".over", F_OK) != 0 {
        usleep(2_000)
        for reader in [stays, try SQL(path)] {
          let count = try reader.rows("SELECT count(*) FROM objects")
          // Never fewer than before, and never half a snapshot.
          seen = try #require(counts.indices.dropFirst(seen).first { counts[$0] == count[0] })
          #expect(try reader.rows("PRAGMA integrity_check") == ["ok"])
        }
      }
      #expect(seen == counts.count - 1)
    }
    defer { try? write("".utf8, to: path + ".over") }
    while !folder.files.contains("p.ready") { try await Task.sleep(for: .milliseconds(10)) }
    for delta in story.deltas {
      try recorder.append(delta)
      #expect(try reader?.rows("SELECT count(*) FROM objects") == ["\(delta.counts.objects)"])
      usleep(5_000)  // a task that sleeps would come back behind all other tests
    }
    _ = await other
    reader = nil
    try recorder.finish()
    #expect(try history(at: path) == story.history)
  }

  @Test("a reader keeps its view while others are written, and its mark keeps the log")
  func viewOfReader() throws {
    let folder = try Folder()
    let story = Story(seed: 44, snapshots: 200, births: 30)
    let recorder = try ProfileRecorder(path: folder.path("p"))
    try recorder.append(story.deltas[0])
    let reader = try SQL(folder.path("p"))
    try reader.run("BEGIN")
    let before = try reader.rows("SELECT id, birth FROM objects")
    // Long enough for the log to be put into the file several times, had it no reader.
    for delta in story.deltas.dropFirst() { try recorder.append(delta) }
    #expect(try reader.rows("SELECT id, birth FROM objects") == before)
    #expect(try reader.rows("PRAGMA integrity_check") == ["ok"])
    try reader.run("COMMIT")
    #expect(try reader.rows("SELECT count(*) FROM objects") == ["\(story.history.objects.count)"])
    #expect(try history(at: folder.path("p")) == story.history)
  }
}
