// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

/// Writes another class's metadata into an object: the class changes at run time.
func morph(_ object: AnyObject, to type: AnyClass) {
  UnsafeMutableRawPointer(Unmanaged.passUnretained(object).toOpaque())
    .storeBytes(of: unsafeBitCast(type, to: UInt.self), as: UInt.self)
}

@Suite("Objects that change their class")
struct MorphingTests {
  @Test(
    "they stay tracked under their name, are shown with their new class, and their death is seen", .serialized,
    arguments: [true, false])
  func morphed(classIsTracked: Bool) throws {
    class Caterpillar { var leaf: Leaf? = Leaf() }
    class Butterfly { var leaf: Leaf? = nil }
    let tracker = ClassTracker()
    if classIsTracked { try tracker.track(class: Caterpillar.self, name: "insect") }
    var insect: AnyObject? = made { Caterpillar() }
    if !classIsTracked { try tracker.track(insect!, name: "insect") }
    try tracker.createSnapshot()
    #expect(tracker.statistics.objects[0].representation.hasSuffix("Caterpillar"))
    morph(insect!, to: Butterfly.self)
    #expect(insect is Butterfly)
    let snapshot = try tracker.createSnapshot()
    #expect(snapshot.classes.mapValues(\.active) == ["insect": 1])
    #expect(snapshot.trackedBytes == 32 + 32)
    var object = tracker.statistics.objects[0]
    #expect(object.name == "insect")
    #expect(object.className.hasSuffix("Caterpillar") && object.representation.hasSuffix("Butterfly"))
    insect = nil
    object = tracker.statistics.objects[0]
    #expect(object.death != nil && object.death! >= snapshot.timestamp)
    #expect(object.representation.hasSuffix("Butterfly"))
    #expect(try tracker.active("insect") == 0)
    keepAlive(insect)
  }

  @Test("back again, and to a class that another tracker tracks")
  func backAgain() throws {
    class First { var value = number(1) }
    class Second { var value = number(1) }
    let (tracker, other) = (ClassTracker(), ClassTracker())
    try tracker.track(class: First.self, name: "tracked")
    try other.track(class: Second.self, name: "other")
    var object: AnyObject? = made { First() }
    var representations: [Substring?] = []
    for type in [First.self, Second.self, First.self, Second.self] as [AnyClass] {
      morph(object!, to: type)
      try tracker.createSnapshot()
      // Other tests have local classes of these names: a number would tell them apart.
      let name = tracker.statistics.objects[0].representation.split(separator: ".").last
      representations.append(name?.split(separator: "#").first)
    }
    #expect(representations == ["First", "Second", "First", "Second"])
    // It was not made as an instance of the other tracker's class.
    #expect(other.statistics.objectCount == 0)
    object = nil
    #expect(tracker.statistics.objects.map { $0.death != nil } == [true])
    let second = made { Second() }
    #expect(try other.active("other") == 1)
    keepAlive(second)
  }

  @Test("an object that was not tracked is not by becoming one of a tracked class")
  func intoTracked() throws {
    class First { var value = number(1) }
    class Second { var value = number(1) }
    let tracker = ClassTracker()
    try tracker.track(class: Second.self, name: "tracked")
    do {
      let object = made { First() }
      morph(object, to: Second.self)
      #expect(try tracker.active("tracked") == 0)
      keepAlive(object)
    }
    #expect(tracker.statistics.objectCount == 0)
  }
}
