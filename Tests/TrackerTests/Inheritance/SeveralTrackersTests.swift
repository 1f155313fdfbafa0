// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

@Suite("Several trackers")
struct SeveralTrackersTests {
  @Test("two trackers of one class do not know of each other")
  func independent() throws {
    class Base {}
    class Derived: Base {}
    let (one, two) = (ClassTracker(), ClassTracker())
    try one.track(class: Base.self, name: "one")
    try two.track(class: Derived.self, name: "two", trace: true)
    var objects: [Base] = [made { Base() }, made { Derived() }]
    #expect(one.statistics.objects.map(\.name) == ["one", "one"])
    #expect(two.statistics.objects.map(\.name) == ["two"])
    #expect(two.statistics.objects[0].trace != nil && one.statistics.objects[1].trace == nil)
    one.close()
    objects += [made { Base() }, made { Derived() }]
    #expect(one.statistics.objectCount == 2)
    #expect(two.statistics.objectCount == 2)
    objects = []
    #expect(two.statistics.objects.allSatisfy { $0.death != nil })
    #expect(one.statistics.objects.allSatisfy { $0.death == nil && $0.address == 0 })
  }

  @Test("an object that two trackers keep goes when neither tracks it any more")
  func kept() throws {
    let (one, two) = (ClassTracker(), ClassTracker())
    weak var object: Leaf?
    do {
      let made = made { Leaf() }
      object = made
      try one.track(made, keep: true)
      try two.track(made, keep: true)
    }
    one.close()
    #expect(object != nil)
    #expect(two.statistics.objects[0].death == nil)
    two.close()
    #expect(object == nil)
  }

  @Test("an object tracked by two dies for both at the same time, and each has its own record of its size")
  func bothSeeTheDeath() throws {
    let (one, two) = (ClassTracker(), ClassTracker())
    var leaf: Leaf? = made { Leaf() }
    try one.track(leaf!)
    try two.track(leaf!)
    try one.createSnapshot()
    leaf = nil
    try two.createSnapshot()
    #expect(one.statistics.objects[0].death != nil && two.statistics.objects[0].death != nil)
    #expect(one.statistics.objects[0].sizes.map(\.bytes) == [32])
    #expect(two.statistics.objects[0].sizes.isEmpty)
  }

  @Test("three hundred trackers of one class all see an object, and each untracks it alone")
  func hundreds() throws {
    class Base { let leaf = Leaf() }
    final class Tracked: Base {}
    let trackers = (0..<300).map { _ in ClassTracker() }
    for tracker in trackers { try tracker.track(class: Base.self, name: "tracked") }
    var objects = [made { Tracked() }]
    for tracker in trackers { #expect(try tracker.createSnapshot(mode: .inPlace).trackedBytes == 64) }
    for tracker in trackers.prefix(150) { tracker.close() }
    objects.append(made { Tracked() })
    #expect(trackers.map(\.statistics.objectCount) == (0..<300).map { $0 < 150 ? 1 : 2 })
    objects = []
    #expect(
      trackers.map { $0.statistics.objects.count { $0.death != nil } } == (0..<300).map { $0 < 150 ? 0 : 2 })
  }
}
