// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import Testing

@Suite("Statistics: sorting")
struct SortingTests {
  typealias SortKey = Statistics.SortKey

  /// Whether one object comes before another by a key, read from the finished objects; nil when they are alike.
  private func precedes(_ left: TrackedObject, _ right: TrackedObject, by key: SortKey, largest: Duration?) -> Bool? {
    func compare<Value: Comparable>(_ left: Value, _ right: Value) -> Bool? { left == right ? nil : left < right }
    func size(_ object: TrackedObject) -> Int { object.sizes.first { $0.timestamp == largest }?.bytes ?? 0 }
    switch key {
    case .className: return compare(left.className, right.className)
    case .snapshotSize: return compare(size(right), size(left))
    case .birth: return compare(left.birth, right.birth)
    case .death:
      if left.death == nil || right.death == nil {
        return (left.death == nil) == (right.death == nil) ? nil : left.death != nil
      }
      return compare(left.death ?? .zero, right.death ?? .zero)
    case .name: return compare(left.name, right.name)
    case .representation: return compare(left.representation, right.representation)
    case .size: return compare(right.sizes.map(\.bytes).max() ?? 0, left.sizes.map(\.bytes).max() ?? 0)
    }
  }

  /// Insertion sort, which keeps the order of those alike.
  private func sorted(_ model: Model, by keys: [SortKey]) -> [TrackedObject] {
    var largest: Snapshot?
    for snapshot in model.snapshots where snapshot.error == nil {
      if snapshot.trackedBytes > largest?.trackedBytes ?? -1 { largest = snapshot }
    }
    var result: [TrackedObject] = []
    for object in model.objects {
      let position = result.firstIndex { other in
        keys.lazy.compactMap { precedes(object, other, by: $0, largest: largest?.timestamp) }.first ?? false
      }
      result.insert(object, at: position ?? result.endIndex)
    }
    return result
  }

  @Test(
    "each key sorts as the objects say, ties in the order of tracking", arguments: SortKey.allCases, 0..<UInt64(12))
  func oneKey(key: SortKey, seed: UInt64) {
    let model = Model.random(seed: seed)
    #expect(Statistics(model.history).sorted(by: key).objects == sorted(model, by: [key]))
  }

  @Test("a second key sorts those that are alike in the first", arguments: SortKey.allCases, SortKey.allCases)
  func twoKeys(first: SortKey, second: SortKey) {
    let model = Model.random(seed: 99)
    #expect(Statistics(model.history).sorted(by: first, second).objects == sorted(model, by: [first, second]))
    #expect(Statistics(model.history).sorted(by: [first, second]).objects == sorted(model, by: [first, second]))
  }

  @Test("no key is all keys, in the order of their declaration", arguments: 0..<UInt64(12))
  func allKeys(seed: UInt64) {
    let model = Model.random(seed: seed)
    let all: [SortKey] = [.className, .snapshotSize, .birth, .death, .name, .representation, .size]
    #expect(Statistics(model.history).sorted().objects == sorted(model, by: all))
    #expect(Statistics(model.history).sorted(by: []).objects == sorted(model, by: all))
  }

  @Test("living objects come after dead ones by death, also those whose tracking ended first")
  func death() {
    let history = History(
      names: ["alive", "left", "late", "early"],
      objects: [
        .init(name: 0, className: 0, currentClass: 0, birth: 0),
        .init(name: 1, className: 0, currentClass: 0, birth: 0, end: 1),
        .init(name: 2, className: 0, currentClass: 0, birth: 0, end: 9, isDead: true),
        .init(name: 3, className: 0, currentClass: 0, birth: 0, end: 5, isDead: true),
      ])
    #expect(Statistics(history).sorted(by: .death).objects.map(\.name) == ["early", "late", "alive", "left"])
  }

  @Test("snapshotSize asks the snapshot with the most tracked bytes, size all of them")
  func sizes() {
    let history = History(
      snapshots: [
        Snapshot(timestamp: .nanoseconds(1), trackedBytes: 70), Snapshot(timestamp: .nanoseconds(2), trackedBytes: 100),
        Snapshot(timestamp: .nanoseconds(3), trackedBytes: 100),
      ],
      names: ["shrinks", "grows", "late"],
      objects: (0..<3).map { .init(name: $0, className: 0, currentClass: 0, birth: 0) },
      sizes: [
        .init(object: 0, snapshot: 0, bytes: 60), .init(object: 0, snapshot: 1, bytes: 40),
        .init(object: 1, snapshot: 0, bytes: 10), .init(object: 1, snapshot: 1, bytes: 50),
        .init(object: 2, snapshot: 2, bytes: 99),
      ])
    let statistics = Statistics(history)
    #expect(statistics.sorted(by: .snapshotSize).objects.map(\.name) == ["grows", "shrinks", "late"])
    #expect(statistics.sorted(by: .size).objects.map(\.name) == ["late", "shrinks", "grows"])
  }

  @Test("reversed turns the current order round, and sorting again starts from the order of tracking")
  func reversed() {
    let model = Model.random(seed: 5)
    let statistics = Statistics(model.history)
    #expect(statistics.reversed().objects == Array(model.objects.reversed()))
    #expect(statistics.reversed().reversed().objects == model.objects)
    #expect(statistics.sorted(by: .size).reversed().objects == Array(sorted(model, by: [.size]).reversed()))
    #expect(statistics.reversed().sorted(by: .size).objects == sorted(model, by: [.size]))
    #expect(statistics.sorted(by: .size).object(at: 3) == sorted(model, by: [.size])[3])
    #expect(statistics.objects == model.objects)
  }

  @Test("keys are known by their names, and an unknown one is seen as such")
  func rawValues() {
    #expect(SortKey(rawValue: "snapshotSize") == .snapshotSize)
    #expect(SortKey(rawValue: "tsize") == nil)
    #expect(
      SortKey.allCases.map(\.rawValue) == [
        "className", "snapshotSize", "birth", "death", "name", "representation", "size",
      ])
  }

  @Test("nothing recorded sorts to nothing")
  func empty() {
    let statistics = Statistics(History())
    #expect(statistics.sorted().objects.isEmpty)
    #expect(statistics.sorted(by: .size).reversed().objects.isEmpty)
    #expect(statistics.sorted(by: .snapshotSize).objectCount == 0)
  }
}
