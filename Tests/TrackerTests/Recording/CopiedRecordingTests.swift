// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import TestSupport
import Testing

/// Copies, and keeps the copy under another name.
private func copy(_ tracker: ClassTracker, to path: String) throws -> String {
  #expect(try tracker.withCopyOfRecording { link($0, path) } == 0)
  return path
}

@Suite("A copy of a recording that goes on")
struct CopiedRecordingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test(
    "it has what a reader sees in the recording then, in one file, and the recording goes on", arguments: [1, 2, 3])
  func copies(_ seed: UInt64) async {
    // In a process of its own: its snapshots tell the whole heap, and that of all other tests is large.
    await #expect(processExitsWith: .success) { [seed] in
      let folder = try TemporaryFolder()
      // What SQL, a URI and a shell would each take for something else.
      let path = folder.path("it's 50%25 of ?a=\"b\"#c")
      var program = LiveProgram(seed: seed)
      let tracker = program.tracker
      try tracker.track(class: Session.self, trace: true)
      try tracker.record(to: path)
      var copied: [(path: String, snapshots: [Snapshot], objects: [TrackedObject])] = []
      for number in 0..<6 {
        let seen = try Statistics(contentsOf: path)
        copied.append((try copy(tracker, to: folder.path("copy \(number)")), seen.snapshots, seen.objects))
        try program.live()
        try tracker.createSnapshot("\(number)", heap: .classes)
      }
      try tracker.recordHeap("heap")
      let last = try copy(tracker, to: folder.path("last"))
      #expect(try HeapGraph(contentsOf: last).image == HeapGraph(contentsOf: path).image)
      try tracker.stopRecording()
      try expectEqual(path, tracker.statistics)
      program.end()
      for (number, copy) in copied.enumerated() {
        let read = try Statistics(contentsOf: copy.path)
        #expect(read.snapshots.count == number)
        #expect(read.snapshots == copy.snapshots)
        #expect(read.objects == copy.objects)
        var status = stat()
        #expect(stat(copy.path, &status) == 0 && status.st_mode == S_IFREG | 0o600)
        let file = try #require(fopen(copy.path, "r"))
        var head = [UInt8](repeating: 0, count: 20)
        #expect(fread(&head, 1, 20, file) == 20)
        fclose(file)
        // As SQLite's file format has it: read and written without a log.
        #expect(head[18...] == [1, 1])
      }
      #expect(folder.files.allSatisfy { $0.hasPrefix("copy ") || $0 == "last" || $0.hasPrefix("it's") })
    }
  }

  @Test("without a recording there is none")
  func none() throws {
    let tracker = ClassTracker()
    func refused() { expectClosed { _ = try tracker.withCopyOfRecording { _ in } } }
    refused()
    try tracker.record(to: folder.path("p"))
    try tracker.withCopyOfRecording { _ in }
    try tracker.stopRecording()
    refused()
    #expect(folder.files == ["p"])
  }

  private func expectClosed(_ body: () throws -> Void) {
    let error = #expect(throws: ProfileError.self) { try body() }
    #expect(error?.code == .closed)
  }

  @Test("a recording whose file was taken away is told, and nothing is left")
  func lost() throws {
    let tracker = ClassTracker()
    try tracker.record(to: folder.path("p"))
    try tracker.createSnapshot("one")
    rename(folder.path("p"), folder.path("q"))
    let error = #expect(throws: ProfileError.self) { try tracker.withCopyOfRecording { _ in } }
    #expect(error?.code == .notFound)
    #expect(error?.operation.hasPrefix("ClassTracker") == true)
    #expect(!folder.files.contains { $0.hasSuffix(".tmp") })
  }
}
