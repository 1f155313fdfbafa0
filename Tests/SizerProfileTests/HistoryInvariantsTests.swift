// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import Testing

@Suite("History: invariants")
struct HistoryInvariantsTests {
  /// Two objects, two snapshots, all columns in use; nothing is wrong with it.
  private static func sound() -> History {
    let tree = [
      SizeNode(
        name: "a", typeName: "T", bytes: 8, flatBytes: 8,
        children: [
          SizeNode(name: "b", typeName: "T", bytes: 8, flatBytes: 8)
        ])
    ]
    return History(
      snapshots: [1, 2].map {
        Snapshot(
          timestamp: .nanoseconds($0), trackedBytes: 8, classes: ["A": ClassRecord(active: 1, bytes: 8, share: 1)])
      },
      names: ["A"],
      objects: [
        .init(name: 0, className: 0, currentClass: 0, trace: 0, birth: 0),
        .init(name: 0, className: 0, currentClass: 0, birth: 1, end: 1, isDead: true),
      ],
      sizes: [
        .init(object: 0, snapshot: 0, bytes: 8), .init(object: 0, snapshot: 1, bytes: 9),
        .init(object: 1, snapshot: 0, bytes: 0),
      ],
      referents: [.init(object: 0, snapshot: 0, tree: tree), .init(object: 0, snapshot: 1, tree: [])],
      traces: [StackTrace()])
  }

  struct Damage: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var apply: @Sendable (inout History) -> Void

    init(_ breach: String, _ apply: @escaping @Sendable (inout History) -> Void) {
      self.testDescription = breach
      self.apply = apply
    }
  }

  static let damages = [
    Damage("snapshots[1]: taken at") { $0.snapshots[1].timestamp = .zero },
    Damage("snapshots[0]: taken at") { $0.snapshots[0].timestamp = .nanoseconds(-1) },
    Damage("snapshots[1]: trackedBytes -1") { $0.snapshots[1].trackedBytes = -1 },
    Damage("snapshots[0]: overheadBytes -1") { $0.snapshots[0].overheadBytes = -1 },
    Damage("snapshots[0]: skippedCount -1") { $0.snapshots[0].skippedCount = -1 },
    Damage("snapshots[0]: unresolvedCount -1") { $0.snapshots[0].unresolvedCount = -1 },
    Damage("snapshots[0]: estimatedBytes -1") { $0.snapshots[0].estimatedBytes = -1 },
    Damage("snapshots[0]: pause") { $0.snapshots[0].pause = .nanoseconds(-1) },
    Damage("snapshots[0]: class \"A\": active -1") { $0.snapshots[0].classes["A"]?.active = -1 },
    Damage("snapshots[0]: class \"A\": active 1, bytes -1") { $0.snapshots[0].classes["A"]?.bytes = -1 },
    Damage("snapshots[1]: class \"A\": active 1, bytes 8, share nan") { $0.snapshots[1].classes["A"]?.share = .nan },
    Damage("snapshots[1]: class \"A\": active 1, bytes 8, share 43.63") { $0.snapshots[1].classes["A"]?.share = 43.63 },
    Damage("objects[1]: name is 1, of 1 name") { $0.objects[1].name = 1 },
    Damage("objects[0]: className is 4294967295, of 1 name") { $0.objects[0].className = .max },
    Damage("objects[0]: currentClass is 7, of 1 name") { $0.objects[0].currentClass = 7 },
    Damage("objects[0]: name is 0, of 0 names") { $0.names = [] },
    Damage("objects[1]: trace is 1, of 1 trace") { $0.objects[1].trace = 1 },
    Damage("objects[0]: born at -1 ns") { $0.objects[0].birth = -1 },
    Damage("objects[1]: born at 1 ns, ended at 0 ns") { $0.objects[1].end = 0 },
    Damage("objects[0]: dead, but without") { $0.objects[0].isDead = true },
    Damage("sizes[2]: object is 2, of 2 objects") { $0.sizes[2].object = 2 },
    Damage("sizes[1]: snapshot is 2, of 2 snapshots") { $0.sizes[1].snapshot = 2 },
    Damage("sizes[1]: object 0 at snapshot 0 comes after 0 at 0") { $0.sizes[1].snapshot = 0 },
    Damage("sizes[2]: object 0 at snapshot 1 comes after 1 at 0") { $0.sizes.swapAt(1, 2) },
    Damage("sizes[2]: -1 bytes") { $0.sizes[2].bytes = -1 },
    Damage("referents[0]: object is 9, of 2 objects") { $0.referents[0].object = 9 },
    Damage("referents[1]: object 0 at snapshot 0 comes after 0 at 0") { $0.referents[1].snapshot = 0 },
    Damage("referents[0]: \"a\": bytes -1, flatBytes 8") { $0.referents[0].tree[0].bytes = -1 },
    Damage("referents[0]: \"b\": bytes 8, flatBytes -2") { $0.referents[0].tree[0].children[0].flatBytes = -2 },
  ]

  @Test("a sound history has no breach, nor has an empty one")
  func noBreach() {
    #expect(Self.sound().firstBreach() == nil)
    #expect(History().firstBreach() == nil)
  }

  @Test("each damage is found and named", arguments: damages)
  func breach(damage: Damage) throws {
    var history = Self.sound()
    damage.apply(&history)
    let breach = try #require(history.firstBreach())
    #expect(breach.hasPrefix(damage.testDescription))
  }
}
