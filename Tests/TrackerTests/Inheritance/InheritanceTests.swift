// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

/// Classes of one chain, new ones for each test: tracking is a matter of the whole process.
@Suite("Inheritance")
struct InheritanceTests {
  @Test("objects of an untracked subclass count under the nearest tracked ancestor")
  func nearestAncestor() throws {
    class Top {}
    class Middle: Top {}
    class Low: Middle { var more = text() }
    final class Lowest: Low {}
    let tracker = ClassTracker()
    try tracker.track(class: Top.self, name: "Top")
    try tracker.track(class: Middle.self, name: "Middle")
    let objects = [made { Top() }, made { Middle() }, made { Low() }, made { Lowest() }]
    #expect(try tracker.createSnapshot().classes.mapValues(\.active) == ["Top": 1, "Middle": 3])
    // The class that they have is known all the same.
    let classNames = tracker.statistics.objects.map(\.className)
    // Other tests have local classes of these names: numbers tell them apart.
    let plain = classNames.map { $0.split(separator: ".").last?.split(separator: "#").first }
    #expect(plain == ["Top", "Middle", "Low", "Lowest"])
    keepAlive(objects)
  }

  @Test("a tracked subclass says nothing of its superclass's own instances")
  func subclassOnly() throws {
    class Base {}
    final class Derived: Base {}
    let tracker = ClassTracker()
    try tracker.track(class: Derived.self, name: "Derived")
    let objects = [made { Base() }, made { Derived() }]
    #expect(try tracker.active("Derived") == 1)
    #expect(tracker.statistics.objectCount == 1)
    keepAlive(objects)
  }

  @Test(
    "name and options of the most specialised tracked class hold, in whichever order they came", .serialized,
    arguments: [true, false])
  func mostSpecialised(baseFirst: Bool) throws {
    class Base { let leaf = Leaf() }
    class Derived: Base {}
    let tracker = ClassTracker()
    let steps = [
      { try tracker.track(class: Base.self, name: "Base", resolutionLevel: 1) },
      { try tracker.track(class: Derived.self, name: "Derived", keep: true, trace: true) },
    ]
    for step in baseFirst ? steps : steps.reversed() { try step() }
    weak var kept: Derived?
    do { kept = made { Derived() } as Derived }
    let base = made { Base() }
    try tracker.createSnapshot()
    #expect(kept != nil)
    let (derivedObject, baseObject) = (tracker.statistics.objects[0], tracker.statistics.objects[1])
    #expect(derivedObject.name == "Derived" && baseObject.name == "Base")
    #expect(derivedObject.trace != nil && baseObject.trace == nil)
    #expect(derivedObject.records[0].referents.isEmpty)
    #expect(baseObject.records[0].referents.map(\.name) == ["leaf"])
    keepAlive(base)
  }

  @Test("a class that is detached in the middle leaves its instances to the next ancestor")
  func detachInTheMiddle() throws {
    class Top {}
    class Middle: Top {}
    final class Low: Middle {}
    let tracker = ClassTracker()
    try tracker.track(class: Top.self, name: "Top")
    try tracker.track(class: Middle.self, name: "Middle")
    var objects: [Top] = [made { Low() }]
    try tracker.detach(class: Middle.self)
    objects.append(made { Low() })
    objects.append(made { Middle() })
    try tracker.detach(class: Top.self)
    objects.append(made { Low() })
    try tracker.track(class: Middle.self, name: "Middle again")
    objects.append(made { Low() })
    objects.append(made { Top() })
    #expect(tracker.statistics.objects.map(\.name) == ["Middle", "Top", "Top", "Middle again"])
    objects = []
    #expect(tracker.statistics.objects.allSatisfy { $0.death != nil })
  }

  @Test("a subclass that was met before its ancestor was tracked is decided anew")
  func decidedAnew() throws {
    class Base {}
    class Derived: Base {}
    final class Other: Base {}
    let tracker = ClassTracker()
    try tracker.track(class: Other.self, name: "Other")
    var objects: [Base] = [made { Derived() }, made { Base() }]
    try tracker.track(class: Base.self, name: "Base")
    objects += [made { Derived() }, made { Base() }, made { Other() }]
    #expect(tracker.statistics.objects.map(\.name) == ["Base", "Base", "Other"])
    tracker.detachAllClasses()
    objects += [made { Derived() }, made { Base() }, made { Other() }]
    #expect(tracker.statistics.objects.map(\.name) == ["Base", "Base", "Other"])
    keepAlive(objects)
  }

  @Test("an object that is tracked twice in one chain is counted once")
  func onceOnly() throws {
    class Base {}
    final class Derived: Base { let leaf = Leaf() }
    let tracker = ClassTracker()
    try tracker.track(class: Base.self, name: "Base")
    try tracker.track(class: Derived.self, name: "Derived")
    let object = made { Derived() }
    try tracker.track(object, name: "object")
    let snapshot = try tracker.createSnapshot()
    #expect(snapshot.classes.mapValues(\.active) == ["Base": 0, "Derived": 1])
    #expect(snapshot.trackedBytes == 32 + 32)
    #expect(tracker.statistics.objectCount == 1)
    keepAlive(object)
  }

  @Test("two local classes of one name never merge")
  func localNames() throws {
    func first() -> AnyClass {
      final class Local {}
      return Local.self
    }
    func second() -> AnyClass {
      final class Local {}
      return Local.self
    }
    let tracker = ClassTracker()
    try tracker.track(class: first())
    try tracker.track(class: second())
    let names = try tracker.createSnapshot().classes.keys.sorted()
    #expect(names.map { $0.split(separator: ".").last } == ["Local#1", "Local#2"])
  }
}
