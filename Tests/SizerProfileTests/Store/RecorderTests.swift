// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerProfile
import TestSupport
import Testing

/// A recording while it grows, and its end.
@Suite struct RecorderTests {
  private let folder: Folder
  private let story = Story(seed: 11, snapshots: 8)

  init() throws { folder = try Folder() }

  @Test("each snapshot can be read when append returns")
  func readableAfterAppend() throws {
    let recorder = try ProfileRecorder(path: folder.path("p"))
    #expect(try history(at: folder.path("p")) == History())
    for (delta, expected) in zip(story.deltas, story.histories) {
      try recorder.append(delta)
      #expect(try history(at: folder.path("p")) == expected)
    }
    try recorder.finish()
    #expect(try history(at: folder.path("p")) == story.history)
  }

  @Test("it is one file after the end, and only the owner may read it at any time")
  func oneFileAfterEnd() throws {
    let mask = umask(0)
    defer { umask(mask) }
    let recorder = try ProfileRecorder(path: folder.path("p"))
    try recorder.append(story.deltas[0])
    #expect(folder.files.contains("p-wal"))
    for file in folder.files { #expect(mode(of: folder.path(file)) == 0o600, "\(file)") }
    try recorder.finish()
    #expect(folder.files == ["p"])
    #expect(mode(of: folder.path("p")) == 0o600)
    // Byte 19 of a database says whether it needs a log.
    #expect(try bytes(of: folder.path("p"))[19] == 1)
  }

  @Test("symbols take the place of addresses at the end")
  func symbols() throws {
    let recorder = try ProfileRecorder(path: folder.path("p"))
    for delta in story.deltas { try recorder.append(delta) }
    var expected = story.history
    expected.traces = (0..<expected.traces.count).map { index in
      let frames = (0..<3).map {
        StackTrace.Frame(address: UInt64($0), function: "f\(index)", file: "/src/a.swift", line: 7)
      }
      return StackTrace(frames: frames)
    }
    try recorder.finish(traces: expected.traces)
    #expect(try history(at: folder.path("p")) == expected)
  }

  @Test("a wrong number of symbols leaves what was recorded")
  func wrongNumberOfSymbols() throws {
    let recorder = try ProfileRecorder(path: folder.path("p"))
    for delta in story.deltas { try recorder.append(delta) }
    let traces = [StackTrace](repeating: StackTrace(), count: story.history.traces.count + 1)
    #expect(#expect(throws: ProfileError.self) { try recorder.finish(traces: traces) }?.code == .inconsistent)
    #expect(try history(at: folder.path("p")) == story.history)
  }

  @Test("after the end nothing is recorded, and a second end is none")
  func afterTheEnd() throws {
    let recorder = try ProfileRecorder(path: folder.path("p"))
    try recorder.append(story.deltas[0])
    try recorder.finish()
    try recorder.finish()
    #expect(#expect(throws: ProfileError.self) { try recorder.append(story.deltas[1]) }?.code == .closed)
    #expect(try history(at: folder.path("p")) == story.histories[0])
  }

  @Test("a recorder that is dropped leaves a whole profile")
  func recorderDroppedLeaves() throws {
    do {
      let recorder = try ProfileRecorder(path: folder.path("p"))
      for delta in story.deltas { try recorder.append(delta) }
    }
    #expect(try history(at: folder.path("p")) == story.history)
    // Somebody takes the one file elsewhere.
    try write(try bytes(of: folder.path("p")), to: folder.path("copy"))
    #expect(try history(at: folder.path("copy")) == story.history)
  }

  @Test("a file that is there is not overwritten by a recording")
  func existingFile() throws {
    try write("mine".utf8, to: folder.path("p"))
    #expect(#expect(throws: ProfileError.self) { try ProfileRecorder(path: folder.path("p")) }?.code == .alreadyExists)
    #expect(try bytes(of: folder.path("p")) == Array("mine".utf8))
    #expect(symlink(folder.path("elsewhere"), folder.path("link")) == 0)
    #expect(
      #expect(throws: ProfileError.self) { try ProfileRecorder(path: folder.path("link")) }?.code == .alreadyExists)
    #expect(folder.files == ["link", "p"])
  }

  @Test("a recording under way is not replaced by a written profile")
  func writtenOverRecording() throws {
    let recorder = try ProfileRecorder(path: folder.path("p"))
    try recorder.append(story.deltas[0])
    let error = #expect(throws: ProfileError.self) { try Statistics(story.history).write(to: folder.path("p")) }
    #expect(error?.code == .alreadyExists)
    try recorder.append(story.deltas[1])
    try recorder.finish()
    #expect(try history(at: folder.path("p")) == story.histories[1])
  }

  @Test("a reader in another connection keeps the end from tidying up, not from being recorded")
  func readerAtTheEnd() throws {
    let recorder = try ProfileRecorder(path: folder.path("p"))
    try recorder.append(story.deltas[0])
    try recorder.append(story.deltas[1])
    do {
      let reader = try SQL(folder.path("p"))
      try reader.run("BEGIN; SELECT count(*) FROM objects")
      try recorder.append(story.deltas[2])
      #expect(#expect(throws: ProfileError.self) { try recorder.finish() }?.code == .busy)
    }
    #expect(try history(at: folder.path("p")) == story.histories[2])
  }

  @Test("eight threads that append at once leave a sum of what was accepted")
  func manyThreads() async throws {
    let recorder = try ProfileRecorder(path: folder.path("p"))
    let path = folder.path("p")
    let deltas = story.deltas
    let accepted = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<8 {
        group.addTask {
          var count = 0
          for delta in deltas {
            // Each delta fits once, and only in its turn.
            while (try? history(at: path).counts) != delta.counts {
              if (try? recorder.append(delta)) != nil { count += 1 }
              if let present = try? history(at: path).counts, present.snapshots > delta.base.snapshots { break }
            }
          }
          return count
        }
      }
      return await group.reduce(0, +)
    }
    try recorder.finish()
    #expect(accepted >= deltas.count(where: { $0.snapshot != nil }))
    #expect(try history(at: path).snapshots == story.history.snapshots)
  }

  @Test("a forked process can neither record nor spoil its parent's recording")
  func forkedProcess() throws {
    let recorder = try ProfileRecorder(path: folder.path("p"))
    try recorder.append(story.deltas[0])
    // Swift hides fork; the child does little and leaves by _exit.
    typealias Fork = @convention(c) () -> pid_t
    let fork = unsafeBitCast(try #require(dlsym(nil, "fork")), to: Fork.self)
    let child = fork()
    if child == 0 {
      do throws(ProfileError) {
        try recorder.append(story.deltas[1])
        _exit(1)
      } catch {
        _exit(error.code == .closed ? 0 : 2)
      }
    }
    var status: Int32 = -1
    #expect(waitpid(child, &status, 0) == child)
    #expect(status == 0)
    try recorder.append(story.deltas[1])
    #expect(try history(at: folder.path("p")) == story.histories[1])
  }
}
