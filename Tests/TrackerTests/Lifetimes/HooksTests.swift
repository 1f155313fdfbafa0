// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

/// The function that destroys a class's objects: the word two before the class's metadata.
private func destroySlot(_ type: AnyClass) -> UInt {
  unsafeBitCast(type, to: UnsafeRawPointer.self).load(fromByteOffset: -16, as: UInt.self)
}

@Suite("Hooks")
struct HooksTests {
  @Test("a class that is detached is as it was when the last of its tracked objects is dead")
  func detached() throws {
    class Base {}
    class Derived: Base {}
    let types: [AnyClass] = [Base.self, Derived.self]
    let before = types.map(destroySlot)
    let tracker = ClassTracker()
    try tracker.track(class: Base.self, name: "Base")
    var objects: [Base] = [made { Base() }, made { Derived() }]
    #expect(zip(types.map(destroySlot), before).allSatisfy { $0 != $1 })
    try tracker.detach(class: Base.self)
    objects.removeLast()
    objects.append(made { Derived() })
    #expect(destroySlot(Derived.self) == before[1])
    objects = []
    #expect(types.map(destroySlot) == before)
    #expect(tracker.statistics.objects.allSatisfy { $0.death != nil })
  }

  @Test(
    "closing, clearing and freeing leave no hook, whatever is alive", .serialized,
    arguments: ["close", "clear", "detachAll", "free"])
  func closed(_ way: String) throws {
    class Base {}
    class Derived: Base { var text = TestSupport.text() }
    let types: [AnyClass] = [Base.self, Derived.self, Leaf.self]
    let before = types.map(destroySlot)
    var tracker: ClassTracker? = ClassTracker()
    try tracker!.track(class: Base.self, name: "Base")
    try tracker!.track(class: Derived.self, name: "Derived")
    let objects = [made { Base() }, made { Derived() }]
    let leaf = made { HookLeaf() }
    let leafBefore = destroySlot(HookLeaf.self)
    try tracker!.track(leaf)
    switch way {
    case "close": tracker!.close()
    case "clear": tracker!.clear()
    case "detachAll": tracker!.detachAll()
    default: tracker = nil
    }
    #expect(types.map(destroySlot) == before)
    #expect(destroySlot(HookLeaf.self) == leafBefore)
    keepAlive((objects, leaf))
  }

  @Test("a hook stays as long as one tracker needs it")
  func shared() throws {
    final class Tracked {}
    let before = destroySlot(Tracked.self)
    let trackers = (0..<3).map { _ in ClassTracker() }
    for tracker in trackers { try tracker.track(class: Tracked.self, name: "Tracked") }
    var object: Tracked? = made { Tracked() }
    trackers[0].close()
    try trackers[1].detach(class: Tracked.self)
    trackers[2].clear()
    #expect(destroySlot(Tracked.self) != before)
    object = nil
    #expect(trackers[1].statistics.objects.map { $0.death != nil } == [true])
    #expect(destroySlot(Tracked.self) == before)
    keepAlive(object)
  }

  @Test("a failed call hooks nothing")
  func failed() throws {
    final class Tracked {}
    let before = destroySlot(Tracked.self)
    let tracker = ClassTracker()
    let object = made { Tracked() }
    expectError(.invalidArgument) { try tracker.track(class: Tracked.self, resolutionLevel: -1) }
    expectError(.invalidArgument) { try tracker.track(object, resolutionLevel: 1_001) }
    expectError(.notTracked) { try tracker.detach(class: Tracked.self) }
    tracker.close()
    expectError(.closed) { try tracker.track(class: Tracked.self) }
    expectError(.closed) { try tracker.track(object) }
    #expect(destroySlot(Tracked.self) == before)
    keepAlive(object)
  }
}

/// Tracked as single objects, one class for each run would be too many names.
private final class HookLeaf { let value = number(1) }
