// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerProfile
import TestSupport
import Testing

/// A program that closes descriptors it does not know, and opens files of its own: they get the numbers. Nothing is
/// written to them, and they stay open.
@Suite struct ForeignDescriptorTests {
  /// A file of the program's own that has the number of a descriptor it closed.
  struct Taken {
    let number: Int32
    let path: String
    private let status: stat

    /// Opens a file at `path` and gives it the number.
    init(_ number: Int32, path: String) throws {
      try write("mine".utf8, to: path)
      let file = open(path, O_RDWR)
      #expect(file >= 0 && dup2(file, number) == number)
      close(file)
      var status = stat()
      #expect(fstat(number, &status) == 0)
      (self.number, self.path, self.status) = (number, path, status)
    }

    var isUntouched: Bool {
      var now = stat()
      guard fstat(number, &now) == 0, now.st_ino == status.st_ino, now.st_dev == status.st_dev else { return false }
      return lseek(number, 0, SEEK_CUR) == 0 && (try? bytes(of: path)) == Array("mine".utf8)
    }
  }

  /// The open descriptors, and what each leads to as the kernel says it.
  private static func descriptors() -> [Int32: String] {
    var found: [Int32: String] = [:]
    for number in 0..<Int32(1_024) {
      var target = [UInt8](repeating: 0, count: 4_096)
      let count = target.withUnsafeMutableBytes { readlink("/proc/self/fd/\(number)", $0.baseAddress!, $0.count) }
      if count > 0 { found[number] = String(decoding: target[..<count], as: UTF8.self) }
    }
    return found
  }

  @Test("what has the numbers of the pipe is not written to, and recording goes on")
  func numbersOfPipe() async throws {
    let folder = try Folder()
    await #expect(processExitsWith: .success) { [folder = folder.path as String] in
      let story = Story(seed: 61, snapshots: 12)
      let before = Self.descriptors()
      let recorder = try ProfileRecorder(path: "\(folder)/p")
      try recorder.append(story.deltas[0])
      let pipes = Self.descriptors().filter { before[$0.key] == nil && $0.value.hasPrefix("pipe:") }.keys.sorted()
      #expect(pipes.count == 2)
      // One after the other: one end may be lost alone.
      var taken: [Taken] = []
      for (round, number) in pipes.enumerated() {
        taken.append(try Taken(number, path: "\(folder)/mine\(round)"))
        try recorder.append(story.deltas[round + 1])
        #expect(taken.allSatisfy { $0.isUntouched })
      }
      for delta in story.deltas[3...] { try recorder.append(delta) }
      try recorder.finish()
      #expect(taken.count == 2 && taken.allSatisfy { $0.isUntouched })
      #expect(try history(at: "\(folder)/p") == story.history)
    }
  }

  @Test(
    "what has the numbers of the recording's files is not written to",
    arguments: [["/p"], ["/p-wal"], ["/p", "/p-wal", "/p-shm"]])
  func numbersOfFiles(names: [String]) async throws {
    let folder = try Folder()
    await #expect(processExitsWith: .success) { [folder = folder.path as String, names = names as [String]] in
      let story = Story(seed: 62, snapshots: 12)
      var recorder = try ProfileRecorder(path: "\(folder)/p") as ProfileRecorder?
      for delta in story.deltas[..<4] { try recorder?.append(delta) }
      let taken = try Self.descriptors().filter { open in names.contains { open.value.hasSuffix($0) } }
        .map { try Taken($0.key, path: "\(folder)/mine\($0.key)") }
      #expect(taken.count >= names.count)
      for _ in 0..<2 {
        let error = #expect(throws: ProfileError.self) { try recorder?.append(story.deltas[4]) }
        #expect(error?.code == .closed, "\(String(describing: error))")
      }
      let error = #expect(throws: ProfileError.self) { try recorder?.finish(traces: story.histories[3].traces) }
      #expect(error?.code == .closed, "\(String(describing: error))")
      recorder = nil
      #expect(taken.allSatisfy { $0.isUntouched })
    }
    // What was recorded before is there.
    #expect(try history(at: folder.path("p")) == Story(seed: 62, snapshots: 12).histories[3])
  }

  @Test("a recorder that is dropped closes none of them")
  func droppedRecorder() async throws {
    let folder = try Folder()
    await #expect(processExitsWith: .success) { [folder = folder.path as String] in
      var recorder = try ProfileRecorder(path: "\(folder)/p") as ProfileRecorder?
      try recorder?.append(Story(seed: 63).deltas[0])
      let taken = try Self.descriptors().filter { $0.value.contains("\(folder)/p") || $0.value.hasSuffix("/p-wal") }
        .map { try Taken($0.key, path: "\(folder)/mine\($0.key)") }
      #expect(taken.count >= 2)
      recorder = nil
      #expect(taken.allSatisfy { $0.isUntouched })
    }
    #expect(try history(at: folder.path("p")) == Story(seed: 63).histories[0])
  }
}
