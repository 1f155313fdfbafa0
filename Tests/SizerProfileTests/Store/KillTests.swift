// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerProfile
import TestSupport
import Testing

/// What is in the file stays there, however the process ends. Each test's recording runs in a process of its own.
@Suite struct KillTests {
  @Test("a recording that is killed loses at most the snapshot being written", arguments: 0..<6)
  func killedRecording(round: Int) async throws {
    let folder = try Folder()
    await #expect(processExitsWith: .signal(SIGKILL)) { [folder = folder.path as String, round = round as Int] in
      let story = Story(seed: UInt64(round), snapshots: 30, births: 60)
      let recorder = try ProfileRecorder(path: "\(folder)/p")
      let log = open("\(folder)/log", O_CREAT | O_WRONLY | O_APPEND, 0o600)
      // Killed by another thread, at whatever point the recording has come to.
      let killer = Thread {
        usleep(UInt32(3_000 + 17_000 * round))
        kill(getpid(), SIGKILL)
      }
      killer.start()
      while true {
        for delta in story.deltas {
          try recorder.append(delta)
          _ = write(log, "x", 1)
        }
        // All written before the signal came: it comes now.
        sleep(60)
      }
    }
    let story = Story(seed: UInt64(round), snapshots: 30, births: 60)
    let returned = (try? bytes(of: folder.path("log")).count) ?? 0
    let read = try history(at: folder.path("p"))
    let expected = [History()] + story.histories
    #expect(read == expected[returned] || returned + 1 < expected.count && read == expected[returned + 1])
    // Read again: reading has changed nothing. Then without the index of the log, as when two files were copied.
    #expect(try history(at: folder.path("p")) == read)
    unlink(folder.path("p-shm"))
    let before = folder.files
    #expect(try history(at: folder.path("p")) == read)
    #expect(folder.files == before)
    // And it can be written as a profile of its own.
    try Statistics(contentsOf: folder.path("p")).write(to: folder.path("saved"))
    #expect(try history(at: folder.path("saved")) == read)
  }

  @Test("a full disk is told, and what was recorded before stays")
  func fullDisk() async throws {
    let folder = try Folder()
    await #expect(processExitsWith: .success) { [folder = folder.path as String] in
      let story = Story(seed: 5, snapshots: 40, births: 80)
      // SIGXFSZ ends a process that has not said otherwise.
      openSignals(SIGXFSZ)
      var limit = rlimit(rlim_cur: 300_000, rlim_max: 300_000)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      let recorder = try ProfileRecorder(path: "\(folder)/p")
      var written = 0
      do throws(ProfileError) {
        for delta in story.deltas {
          try recorder.append(delta)
          written += 1
        }
        Issue.record("the limit was not reached")
      } catch {
        #expect(error.code == .full, "\(error)")
      }
      #expect(written > 0)
      #expect(try history(at: "\(folder)/p") == story.histories[written - 1])
      // It stays so: nothing is half written by trying again, nor by the end.
      #expect(#expect(throws: ProfileError.self) { try recorder.append(story.deltas[written]) }?.code == .full)
      try? recorder.finish()
      #expect(try history(at: "\(folder)/p") == story.histories[written - 1])
      // Nor does a profile that is written whole leave a part of it, or take the old one away.
      try "old".write(toFile: "\(folder)/old", atomically: false, encoding: .utf8)
      let error = #expect(throws: ProfileError.self) { try Statistics(story.history).write(to: "\(folder)/old") }
      #expect(error?.code == .full, "\(String(describing: error))")
      #expect(try String(contentsOfFile: "\(folder)/old", encoding: .utf8) == "old")
      #expect(!(try FileManager.default.contentsOfDirectory(atPath: folder)).contains { $0.hasSuffix(".tmp") })
      // A recording can't even begin where nothing may be written.
      limit.rlim_cur = 100
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      #expect(#expect(throws: ProfileError.self) { try ProfileRecorder(path: "\(folder)/q") }?.code == .full)
      #expect(!(try FileManager.default.contentsOfDirectory(atPath: folder)).contains("q"))
    }
  }

  @Test("a reader that may not make the index gets an error and no signal")
  func readerWithoutIndex() async throws {
    let folder = try Folder()
    await #expect(processExitsWith: .success) { [folder = folder.path as String] in
      let recorder = try ProfileRecorder(path: "\(folder)/p")
      try recorder.append(Story(seed: 6).deltas[0])
      // Without an end: as if it were killed.
      _exit(0)
    }
    #expect(truncate(folder.path("p-shm"), 0) == 0)
    await #expect(processExitsWith: .success) { [folder = folder.path as String] in
      openSignals(SIGXFSZ)
      var limit = rlimit(rlim_cur: 1, rlim_max: .max)
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      #expect(throws: ProfileError.self) { try Statistics(contentsOf: "\(folder)/p") }
      #expect(throws: ProfileError.self) { _ = try ProfileQuery(path: "\(folder)/p", sql: "SELECT 1") }
      limit.rlim_cur = .max
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0)
      let read = try history(at: "\(folder)/p")
      #expect(read == Story(seed: 6).histories[0])
    }
  }
}
