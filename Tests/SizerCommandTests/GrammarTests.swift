// SPDX-License-Identifier: Apache-2.0
import SizerGraph
import SizerProfile
import TestSupport
import Testing

@Suite("One of a thing")
struct GrammarTests {
  /// One object of one class, in one snapshot and one image, with one leak, one task and one of everything else.
  private static func profile() throws -> String {
    var builder = HeapImageBuilder()
    builder.info.isFrozen = true
    builder.info.time = 1
    let node = builder.add(
      HeapType(name: "App.Node", kind: .classInstance, fields: [.init(offset: 16, label: ".next")]))
    let object = builder.addObject(at: 4_096, type: node, bytes: 8, strongCount: 1)
    builder.addEdge(from: object, to: object, label: .slot(2))
    var snapshot = Samples.snapshot("only", 1_000_000_000, 1, ["App.Node": (1, 1)])
    (snapshot.skippedCount, snapshot.unresolvedCount, snapshot.estimatedBytes) = (1, 1, 1)
    snapshot.heap = [TypeRecord(typeName: "App.Node", count: 1, bytes: 1, requestedBytes: 1, unusedCapacityBytes: 0)]
    var history = History(
      snapshots: [snapshot], names: ["App.Node"],
      objects: [.init(name: 0, className: 0, currentClass: 0, trace: 0, address: 4_096, birth: 1)],
      sizes: [.init(object: 0, snapshot: 0, bytes: 1)],
      traces: [StackTrace(frames: [.init(address: 1, image: "/bin/app", imageOffset: 1, buildID: "aa")])])
    history.heaps = [.init(snapshot: 0, heap: RecordedHeap(builder.image()))]
    return try Folder.profile(history)
  }

  /// `1 objects`, `1 calls have`: a number, a plural. Not what only looks like one.
  private static func breaches(_ text: String) -> [String] {
    let allowed: Set<String> = ["1 is", "1 has", "1 was", "1 does", "1 class", "1 ms", "1 ns", "1 s"]
    let pattern = /(?:^|[^0-9.,A-Za-z_#\-])(1 (?:more |other |smaller |living |tracked |Swift )*[a-z]+s)\b/
    return text.matches(of: pattern.anchorsMatchLineEndings()).map { String($0.1) }.filter { !allowed.contains($0) }
  }

  @Test("the pattern finds what it is for")
  func pattern() {
    #expect(Self.breaches("and 1 objects, 1 byte, 21 objects, (1 leaks)") == ["1 objects", "1 leaks"])
    #expect(Self.breaches("1 more calls") == ["1 more calls"])
    #expect(Self.breaches("1 snapshot is in x; 1 is; 0.1 bytes") == [])
  }

  @Test(
    "no command speaks of one as of many",
    arguments: [
      ["info"], ["summary"], ["summary", "--all"], ["stats"], ["stats", "--all"], ["diff"], ["heap"], ["leaks"],
      ["retained"], ["tasks"], ["waste"], ["why", "App.Node"], ["dot"], ["export", "--format", "massif"],
      ["symbolicate"], ["html", "-o", "-"], ["html"], ["heap", "--limit", "0"],
    ])
  func commands(_ command: [String]) throws {
    let path = try Self.profile()
    let extra = command.contains("-o") ? Array(command.dropFirst()) : []
    let words = [command[0], path] + (extra.isEmpty ? Array(command.dropFirst()) : extra)
    let ended = try run([sizerPath] + words)
    #expect(Self.breaches(ended.output + "\n" + ended.errors) == [])
    #expect(ended.output.count + ended.errors.count > 0)
  }

  @Test("nor does the helper")
  func helper() {
    #expect([0, 1, 2].map { counted($0, "object") } == ["0 objects", "1 object", "2 objects"])
    #expect(
      [0, 1, 2].map { counted($0, "class is", "classes are") } == ["0 classes are", "1 class is", "2 classes are"])
  }
}
