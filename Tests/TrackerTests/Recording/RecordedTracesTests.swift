// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import TestSupport
import Testing

private final class Traced { let value = number(1) }

// What must be a call of its own, and tells where it made the object.
@inline(never)
private func createTraced() -> (object: Traced, line: Int) {
  let object = made { Traced() }; let line = #line
  return (object, line)
}

// Both follow one class, and see what the other makes.
@Suite("Traces of a recording", .serialized)
struct RecordedTracesTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("p") }

  init() throws { folder = try TemporaryFolder() }

  @Test("have addresses while it goes on, and names, files and lines when it has stopped")
  func stopped() throws {
    let tracker = ClassTracker()
    try tracker.record(to: path)
    try tracker.track(class: Traced.self, name: "Traced", trace: true)
    let (object, line) = createTraced()
    try tracker.createSnapshot()
    let raw = try #require(try Statistics(contentsOf: path).object(at: 0)?.trace)
    #expect(raw.frames.count > 1)
    #expect(raw.frames.allSatisfy { $0.function == nil && $0.file == nil && $0.line == 0 && $0.address != 0 })
    // Of another stack, after the last snapshot.
    let late = made { Traced() }
    try tracker.stopRecording()
    let file = try Statistics(contentsOf: path)
    try expectPlace(try #require(file.objects[0].trace), line)
    #expect(file.objects[1].trace?.frames.contains { $0.function?.contains("stopped()") == true } == true)
    #expect(file.objects.map(\.trace) == tracker.statistics.objects.map(\.trace))
    keepAlive((object, late))
  }

  @Test("of a process that was killed get their names by the program's file")
  func killed() async throws {
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = path as String] in
      let tracker = ClassTracker()
      try tracker.track(class: Traced.self, name: "Traced", trace: true)
      try tracker.record(to: path)
      let object = createTraced().object
      try tracker.createSnapshot("last words")
      keepAlive(object)
      kill(getpid(), SIGKILL)
    }
    let raw = try #require(try Statistics(contentsOf: path).object(at: 0)?.trace)
    #expect(raw.frames.count > 1)
    #expect(raw.frames.allSatisfy { $0.function == nil && $0.file == nil && $0.address != 0 })
    #expect(raw.frames.contains { $0.image != nil && $0.imageOffset != 0 && $0.buildID?.isEmpty == false })
    var symboliser = OfflineSymboliser()
    let other = StackTrace(frames: [.init(address: 1, function: "named before"), raw.frames[0]])
    let named = symboliser.traces([raw, other, raw])
    try expectPlace(try #require(named.first), createTraced().line)
    #expect(named[1] == other && named[2] == named[0])
    // Each frame is kept once, whoever calls it.
    let shared = try named.map { try #require($0.sharedCalls).shared }
    #expect(shared.allSatisfy { $0 === shared[0] })
    #expect(shared[0].frames.count <= Set(named.flatMap(\.frames) + raw.frames).count)
  }

  /// The trace goes through `createTraced`, at the line where it makes its object.
  private func expectPlace(_ trace: StackTrace, _ line: Int) throws {
    // The closure of that line comes before it, unless it was inlined away.
    let frames = trace.frames.filter { $0.function?.contains("createTraced()") == true }
    #expect(frames.last?.function == "createTraced()")
    #expect(frames.contains { $0.file == #filePath && $0.line == line })
  }
}
