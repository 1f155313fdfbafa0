// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

extension Stress {
  @Suite struct FrozenAsInPlaceTests {
    @Test("a heap at rest has the same sizes frozen and in place, object by object", arguments: [1, 7, 100, 3000])
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
        #expect(frozen.estimatedBytes == inPlace.estimatedBytes)
        #expect(again.estimatedBytes == inPlace.estimatedBytes)
        #expect(frozen.skippedCount == 0 && inPlace.skippedCount == 0 && again.skippedCount == 0)
        withExtendedLifetime(objects) {}
      }
    }

    @Test("referents have the same names and sizes frozen and in place", arguments: [1, 2, 5, 30])
    func named(level: Int) throws {
      let tracker = ClassTracker()
      let objects = Specimens.all(size: 50).map { Specimen($0.value) }
      for object in objects { try tracker.track(object, resolutionLevel: level) }
      let modes: [SnapshotMode] = [.frozen, .inPlace, .frozen]
      for mode in modes { #expect(try tracker.createSnapshot(mode: mode).skippedCount == 0) }
      let statistics = tracker.statistics
      #expect(statistics.snapshots.map(\.mode) == modes)
      var named = 0
      for object in statistics.objects {
        #expect(object.records.count == modes.count)
        #expect(Set(object.records.map(\.referents)).count == 1, "\(object.records.map(\.referents))")
        // The specimen itself: a header and an existential.
        #expect(object.records[0].referents.map(\.name) == (object.records[0].bytes > 48 ? ["value"] : []))
        named += object.records[0].referents.first?.children.count ?? 0
      }
      #expect(level == 1 ? named == 0 : named > objects.count)
      withExtendedLifetime(objects) {}
    }

    @Test("more names than the child was given room for come with the next image")
    func manyNames() throws {
      let tracker = ClassTracker()
      let nodes = (0..<20_000).map {
        Specimens.Node(["a text of some length \($0)", "another text of some length \($0)"])
      }
      for node in nodes { try tracker.track(node, resolutionLevel: 2) }
      let frozen = try tracker.createSnapshot(mode: .frozen)
      let inPlace = try tracker.createSnapshot(mode: .inPlace)
      #expect(frozen.classes == inPlace.classes)
      let names = tracker.statistics.objects.map { object in
        object.records.map { record in record.referents.map { "\($0.name): \($0.children.map(\.name))" } }
      }
      let name = #"items: ["[0]", "[1]"]"#
      #expect(names.count == nodes.count && Set(names) == [[[name], [name]]])
      withExtendedLifetime(nodes) {}
    }

    @Test("a hundred thousand objects of one graph have the same sizes frozen and in place")
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
