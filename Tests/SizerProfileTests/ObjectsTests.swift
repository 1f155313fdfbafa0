// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import Testing

@Suite("Statistics: objects")
struct ObjectsTests {
  @Test("objects are what was recorded, whatever came when", arguments: 0..<UInt64(50))
  func objects(seed: UInt64) {
    let model = Model.random(seed: seed)
    let statistics = Statistics(model.history)
    #expect(model.history.firstBreach() == nil)
    #expect(statistics.objects == model.objects)
    #expect(statistics.objectCount == model.objects.count)
    #expect(statistics.object(at: 7) == model.objects[7])
    #expect(statistics.snapshots == model.snapshots)
  }

  @Test("there is no object outside the positions")
  func outside() {
    let statistics = Statistics(Model.random(seed: 1, objects: 3).history)
    #expect(statistics.object(at: -1) == nil)
    #expect(statistics.object(at: 3) == nil)
    #expect(statistics.object(at: 2) != nil)
  }

  @Test("an object has a record at its birth's snapshot and none at that of its end")
  func edges() {
    var history = History(
      snapshots: [10, 20, 30].map { Snapshot(timestamp: .nanoseconds($0)) }, names: ["A"],
      objects: [.init(name: 0, className: 0, currentClass: 0, birth: 10, end: 30, isDead: true)],
      sizes: [.init(object: 0, snapshot: 0, bytes: 48)])
    #expect(Statistics(history).objects[0].sizes.map(\.timestamp) == [.nanoseconds(10), .nanoseconds(20)])
    history.objects[0].end = 31
    #expect(Statistics(history).objects[0].sizes.count == 3)
    history.objects[0].birth = 11
    #expect(Statistics(history).objects[0].sizes.map(\.timestamp) == [.nanoseconds(20), .nanoseconds(30)])
  }

  @Test("a snapshot that failed leaves no record, and the size before holds after it")
  func failedSnapshot() {
    let history = History(
      snapshots: [
        Snapshot(timestamp: .nanoseconds(1)), Snapshot(timestamp: .nanoseconds(2), error: "no memory"),
        Snapshot(timestamp: .nanoseconds(3)),
      ],
      names: ["A"], objects: [.init(name: 0, className: 0, currentClass: 0, birth: 0)],
      sizes: [.init(object: 0, snapshot: 0, bytes: 48)])
    let sizes = Statistics(history).objects[0].sizes
    #expect(sizes.map(\.timestamp) == [.nanoseconds(1), .nanoseconds(3)])
    #expect(sizes.map(\.bytes) == [48, 48])
  }

  @Test("times that are no whole nanoseconds, negative or past all numbers do no harm")
  func oddTimes() {
    let times: [Duration] = [
      Duration(secondsComponent: .min, attosecondsComponent: 0),
      Duration(secondsComponent: 0, attosecondsComponent: -1),
      Duration(secondsComponent: 0, attosecondsComponent: 1), Duration(secondsComponent: .max, attosecondsComponent: 0),
    ]
    let history = History(
      snapshots: times.map { Snapshot(timestamp: $0) }, names: ["A"],
      objects: [
        .init(name: 0, className: 0, currentClass: 0, birth: 0),
        .init(name: 0, className: 0, currentClass: 0, birth: 0, end: 1, isDead: true),
      ],
      sizes: [.init(object: 0, snapshot: 0, bytes: 1), .init(object: 1, snapshot: 0, bytes: 1)])
    #expect(Statistics(history).objects[0].sizes.map(\.timestamp) == [times[2], times[3]])
    #expect(Statistics(history).objects[1].sizes.map(\.timestamp) == [times[2]])
  }

  @Test("trackedClasses lists names of objects and those of snapshots, sorted, each once")
  func trackedClasses() {
    let history = History(
      snapshots: [Snapshot(classes: ["Late": ClassRecord(), "B": ClassRecord()])],
      names: ["Only.A.Class", "B", "a", "B"],
      objects: [
        .init(name: 2, className: 0, currentClass: 0, birth: 0),
        .init(name: 1, className: 0, currentClass: 0, birth: 0),
        .init(name: 3, className: 0, currentClass: 0, birth: 0),
      ])
    #expect(Statistics(history).trackedClasses == ["B", "Late", "a"])
    #expect(Statistics(History()).trackedClasses.isEmpty)
  }
}
