// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

/// A delta that does not fit is refused, by a history and by a recording, and changes nothing.
@Suite struct DeltaTests {
  private static let wrong: [(String, @Sendable (inout History.Delta) -> Void)] = [
    ("a gap before it", { $0.base.objects += 1 }),
    ("a repeated snapshot", { $0.base.snapshots = 0 }),
    ("an object's name", { $0.objects[0].name = 9 }),
    ("an object's class", { $0.objects[0].className = 9 }),
    ("an object's present class", { $0.objects[0].currentClass = 9 }),
    ("an object's trace", { $0.objects[0].trace = 9 }),
    ("an end's object", { $0.ends = [.init(object: 3, time: 5, isDead: true)] }),
    ("a changed object", { $0.classChanges = [.init(object: 3, currentClass: 0)] }),
    ("a changed class", { $0.classChanges = [.init(object: 0, currentClass: 9)] }),
    ("an object's end before its birth", { $0.objects[0].end = 1 }),
    ("a death without a time", { $0.objects[0].isDead = true }),
    ("a size's object", { $0.sizes = [.init(object: 3, snapshot: 1, bytes: 16)] }),
    ("a size's snapshot", { $0.sizes = [.init(object: 0, snapshot: 0, bytes: 16)] }),
    ("sizes without a snapshot", { $0.snapshot = nil }),
    (
      "sizes out of order",
      { $0.sizes = [.init(object: 1, snapshot: 1, bytes: 16), .init(object: 0, snapshot: 1, bytes: 16)] }
    ),
    (
      "a size twice",
      { $0.sizes = [.init(object: 1, snapshot: 1, bytes: 16), .init(object: 1, snapshot: 1, bytes: 16)] }
    ),
    ("a referent's object", { $0.referents = [.init(object: 3, snapshot: 1, tree: [])] }),
    ("a referent's snapshot", { $0.referents = [.init(object: 0, snapshot: 2, tree: [])] }),
  ]

  private let first = History.Delta(
    base: .init(), snapshot: Snapshot(label: "one"), names: ["A"],
    objects: [.init(name: 0, className: 0, currentClass: 0, birth: 1)],
    sizes: [.init(object: 0, snapshot: 0, bytes: 16)])

  private var second: History.Delta {
    let row = History.ObjectRow(name: 0, className: 1, currentClass: 0, trace: 0, birth: 2)
    return History.Delta(
      base: first.counts, snapshot: Snapshot(label: "two"), names: ["B"], traces: [StackTrace()], objects: [row, row],
      sizes: [.init(object: 2, snapshot: 1, bytes: 32)])
  }

  @Test("is refused with", arguments: 0..<wrong.count)
  func wrongDeltas(index: Int) throws {
    let folder = try Folder()
    var bad = second
    Self.wrong[index].1(&bad)
    var sum = History()
    try sum.apply(first)
    let before = sum
    let recorder = try ProfileRecorder(path: folder.path("p"))
    try recorder.append(first)
    #expect(throws: ProfileError.self, "\(Self.wrong[index].0)") { try sum.apply(bad) }
    let error = #expect(throws: ProfileError.self, "\(Self.wrong[index].0)") { try recorder.append(bad) }
    #expect(error?.code == .inconsistent)
    #expect(sum == before)
    // The right one still fits, and is all that is there.
    try sum.apply(second)
    try recorder.append(second)
    try recorder.finish()
    #expect(try history(at: folder.path("p")) == sum)
    #expect(sum.objects.count == 3)
  }

  @Test("figures that no profile holds are refused, and the next delta is written")
  func impossibleFigures() throws {
    let folder = try Folder()
    let recorder = try ProfileRecorder(path: folder.path("p"))
    try recorder.append(first)
    let changes: [(inout History.Delta) -> Void] = [
      { $0.sizes[0].bytes = -1 }, { $0.sizes[0].bytes = .max }, { $0.objects[1].birth = -1 },
      { $0.objects[1].end = -5 },
      { $0.snapshot?.trackedBytes = -1 }, { $0.snapshot?.timestamp = .seconds(-1) },
      { $0.snapshot?.pause = .seconds(Int64.max) },
      { $0.snapshot?.classes["A"] = ClassRecord(active: -1) },
      { $0.snapshot?.classes["A"] = ClassRecord(share: .nan) }, { $0.snapshot?.process.resident = .max },
      { $0.traces = [StackTrace(frames: [.init(address: 1, function: "new text", line: -1)])] },
      { $0.snapshot?.label = String(repeating: "x", count: 2 << 20) },
      {
        $0.referents = [
          .init(
            object: 1, snapshot: 1, tree: [SizeNode(name: "new name", typeName: "new type", bytes: -1, flatBytes: 0)])
        ]
      },
    ]
    for change in changes {
      var bad = second
      change(&bad)
      #expect(#expect(throws: ProfileError.self) { try recorder.append(bad) }?.code == .inconsistent)
    }
    var good = second
    good.traces = [StackTrace(frames: [.init(address: 1, function: "new text", line: 1)])]
    good.referents = [
      .init(object: 1, snapshot: 1, tree: [SizeNode(name: "new name", typeName: "new type", bytes: 1, flatBytes: 0)])
    ]
    try recorder.append(good)
    try recorder.finish()
    var sum = History()
    try sum.apply(first)
    try sum.apply(good)
    #expect(try history(at: folder.path("p")) == sum)
  }
}
