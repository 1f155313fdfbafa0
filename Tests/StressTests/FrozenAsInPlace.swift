// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

extension Stress {
  @Suite struct FrozenAsInPlace {
    @Test("A heap at rest has the same sizes frozen and in place, object by object", arguments: [1, 7, 100, 3000])
    func equal(size: Int) throws {
      try expectNothingLeft {
        let tracker = ClassTracker()
        let specimens = Specimens.all(size: size)
        let objects = specimens.map { Specimen($0.value) }
        for (specimen, object) in zip(specimens, objects) { try tracker.track(object, name: specimen.name) }
        // Types that a child meets first are compiled for it; those that an in-place walk has met would be known.
        let frozen = try tracker.createSnapshot(mode: .frozen)
        let inPlace = try tracker.createSnapshot(mode: .inPlace)
        let again = try tracker.createSnapshot(mode: .frozen)
        #expect(frozen.mode == .frozen && inPlace.mode == .inPlace && again.mode == .frozen)
        for specimen in specimens {
          #expect(inPlace.classes[specimen.name]?.active == 1)
          #expect(frozen.classes[specimen.name] == inPlace.classes[specimen.name], "\(specimen.name)")
          #expect(again.classes[specimen.name] == inPlace.classes[specimen.name], "\(specimen.name)")
        }
        #expect(frozen.trackedBytes == inPlace.trackedBytes)
        #expect(frozen.unresolvedCount == inPlace.unresolvedCount)
        #expect(again.unresolvedCount == inPlace.unresolvedCount)
        #expect(frozen.skippedCount == 0 && inPlace.skippedCount == 0 && again.skippedCount == 0)
        withExtendedLifetime(objects) {}
      }
    }

    @Test("A hundred thousand objects of one graph have the same sizes frozen and in place")
    func graph() throws {
      let tracker = ClassTracker()
      var nodes: [Specimens.Node] = []
      for index in 0..<100_000 {
        let node = Specimens.Node(index % 3 == 0 ? ["a text of some length \(index)"] : [])
        // To an older one, so that nothing is a ring; every fourth is only reached through the others.
        if let older = nodes.last { node.next = index % 5 == 0 ? nodes[index / 2] : older }
        if index % 4 != 0 { try tracker.track(node) }
        nodes.append(node)
      }
      let frozen = try tracker.createSnapshot(mode: .frozen)
      let inPlace = try tracker.createSnapshot(mode: .inPlace)
      #expect(frozen.classes == inPlace.classes)
      #expect(frozen.unresolvedCount == inPlace.unresolvedCount)
      // No object's size has changed: the second snapshot recorded none.
      let objects = tracker.statistics.objects
      #expect(objects.count == 75_000)
      #expect(objects.allSatisfy { $0.sizes.count <= 2 && Set($0.sizes.map(\.bytes)).count == 1 })
      for node in nodes { node.next = nil }  // without recursion over a hundred thousand
    }
  }
}
