// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import SizerGraph
import Testing

/// Leaks against a simulated heap, whose leaks are known by what its globals reach.
@Suite struct LeakTests {
  /// A program that makes objects, stores them, and forgets them, at random; it touches only what its globals reach.
  private func run(
    _ heap: inout HeapModel, steps: Int, kinds: [HeapEdge.Kind], _ dice: inout SeededGenerator
  ) {
    for _ in 0..<steps {
      let living = heap.reached.sorted()
      switch dice.below(10) {
      case 0...3:
        let object = heap.make("App.T\(dice.below(3))")
        if dice.chance(0.7), let holder = living.randomElement(using: &dice) {
          heap.set(holder, 2 + dice.below(6), to: object)
        } else {
          heap.setGlobal("g\(dice.below(6))", to: object)
        }
        heap.release(object)
      case 4...7:
        guard let holder = living.randomElement(using: &dice), let target = living.randomElement(using: &dice) else {
          break
        }
        heap.set(holder, 2 + dice.below(6), to: target, kinds[dice.below(kinds.count)])
      case 8:
        guard let target = living.randomElement(using: &dice) else { break }
        heap.setGlobal("g\(dice.below(6))", to: dice.chance(0.6) ? nil : target, kinds[dice.below(kinds.count)])
      default:
        if let holder = living.randomElement(using: &dice) { heap.set(holder, 2 + dice.below(6), to: nil) }
      }
    }
  }

  @Test("of leaks that are asked for by an object the one is told that it is in the cycle of")
  func among() {
    for seed in 0..<40 {
      var dice = SeededGenerator(seed: UInt64(seed))
      var heap = HeapModel()
      run(&heap, steps: 80, kinds: [.certain], &dice)
      let image = heap.image()
      let all = image.leaks()
      #expect(image.leaks { _ in false }.isEmpty)
      var found = 0
      for address in all.flatMap(\.addresses) {
        let groups = image.leaks { $0 == UInt64(address) }
        // Who only hangs below a cycle is in no group's core.
        #expect(groups.count <= 1 && groups.allSatisfy { $0.groupCount == 1 && $0.addresses.contains(address) })
        found += groups.count
      }
      #expect(found >= all.reduce(0) { $0 + $1.groupCount }, "seed \(seed)")
    }
  }

  @Test("exactly what no global reaches is found, proved by two images")
  func exactlyWhat() {
    var proved = 0
    var seen = 0
    for seed in 0..<400 {
      var dice = SeededGenerator(seed: UInt64(seed))
      var heap = HeapModel()
      let onlyStrong = seed % 2 == 0
      let kinds: [HeapEdge.Kind] = onlyStrong ? [.certain] : [.certain, .certain, .certain, .weak, .unowned]
      run(&heap, steps: 80, kinds: kinds, &dice)
      let first = heap.image(time: 1)
      let leaked = Set(heap.objects.keys).subtracting(heap.reached)
      expect(heap.image().leaks(), are: leaked, "seed \(seed)")
      #expect(heap.image().leaks().allSatisfy { $0.grade != .proved })
      // What was leaked stays so; what is new has been seen in one image only, but for what old leaks hold.
      run(&heap, steps: 40, kinds: kinds, &dice)
      let later = Set(heap.objects.keys).subtracting(heap.reached)
      #expect(later.isSuperset(of: leaked), "seed \(seed)")
      let groups = heap.image(time: 2).leaks(confirming: first)
      expect(groups, are: later, "seed \(seed)")
      let sure = Set(groups.filter { $0.grade == .proved }.flatMap(\.addresses))
      proved += sure.count
      seen += groups.count { $0.grade == .visible }
      #expect(!onlyStrong || sure.isSuperset(of: leaked.map { UInt(HeapModel.address(of: $0)) }), "seed \(seed)")
    }
    #expect(proved > 500 && seen > 20, "\(proved) \(seen)")
  }

  private func expect(_ groups: [LeakGroup], are leaked: Set<Int>, _ comment: Comment) {
    #expect(groups.flatMap(\.addresses).sorted() == leaked.map { UInt(HeapModel.address(of: $0)) }.sorted(), comment)
    #expect(groups.reduce(0) { $0 + $1.bytes } == leaked.count * 64, comment)
    #expect(groups.allSatisfy { $0.objectCount == $0.addresses.count }, comment)
  }

  /// Session <-> closure, with a payload below; `count` times.
  private func sessions(_ count: Int, in heap: inout HeapModel) -> [Int] {
    (0..<count).map { _ in
      let session = heap.make("App.Session")
      let closure = heap.make("closure in App.start()")
      let payload = heap.make("App.Payload")
      heap.set(session, 2, to: closure)
      heap.set(session, 3, to: payload)
      heap.set(closure, 4, to: session)
      for object in [closure, payload] { heap.release(object) }
      return session
    }
  }

  @Test("groups of one shape are one entry with its cycle")
  func groupsOne() throws {
    var heap = HeapModel()
    for session in sessions(40, in: &heap) { heap.release(session) }
    let group = try #require(heap.image(time: 2).leaks(confirming: heap.image(time: 1)).first)
    #expect(heap.image().leaks().count == 1)
    #expect(group.grade == .proved && group.groupCount == 40 && group.objectCount == 120 && group.bytes == 120 * 64)
    #expect(group.typeNames == ["App.Session", "closure in App.start()"] && group.observers == [])
    #expect(group.cycle.description == "App.Session -> .f2 (closure in App.start()) -> .f4 (App.Session)")
    // Another run: other addresses, other numbers of types, another order.
    var other = HeapModel()
    other.setGlobal("padding", to: other.make("App.Other"))
    for session in sessions(3, in: &other) { other.release(session) }
    #expect(other.image().leaks().map(\.signature) == [group.signature])
    // Written down, so that builds to come find the same leaks again.
    #expect(group.signature == "f81517272a6de04b")
  }

  /// Quadratic work over groups would take minutes here.
  @Test("a hundred thousand groups of one shape are one entry")
  func hundredThousand() {
    var builder = HeapImageBuilder()
    let type = builder.add(HeapType(name: "App.Node"))
    let count = 100_000
    for number in 0..<2 * count { _ = builder.addObject(at: UInt64(number + 1) * 64, type: type, bytes: 64) }
    for number in 0..<count {
      builder.addEdge(from: 2 * number, to: 2 * number + 1, label: .slot(2))
      builder.addEdge(from: 2 * number + 1, to: 2 * number, label: .slot(2))
      if number % 2 == 0 {
        builder.add(HeapRoot(.global, of: 2 * number, reference: .weak, label: builder.label(.symbol, "g\(number)")))
      }
    }
    let image = builder.image()
    let groups = image.leaks()
    #expect(groups.map(\.groupCount) == [count / 2, count / 2] && Set(groups.map(\.grade)) == [.visible, .suspected])
    #expect(groups.map(\.observers.count).sorted() == [0, count / 2])
    #expect(Dominators(of: image).leakedGroupCount == count)
  }

  @Test("who can still see a group is told, and the group is not proved")
  func whoCan() throws {
    for kind in [HeapEdge.Kind.weak, .unowned] {
      var heap = HeapModel()
      let session = sessions(1, in: &heap)[0]
      heap.setGlobal("App.current", to: session, kind)
      heap.release(session)
      let group = try #require(heap.image(time: 2).leaks(confirming: heap.image(time: 1)).first)
      #expect(group.grade == .visible && group.observers == ["\(kind) global App.current"])
      // Without the table of roots only the count tells.
      let bare = try #require(heap.image(time: 2, roots: false).leaks(confirming: heap.image(time: 1)).first)
      #expect(bare.grade == .visible && bare.observers == ["a weak or unowned reference outside the known objects"])
      // A weak reference in a living object.
      let store = heap.make("App.Store")
      heap.setGlobal("store", to: store)
      heap.setGlobal("App.current", to: nil)
      #expect(heap.image(time: 2).leaks(confirming: heap.image(time: 1)).first?.grade == .proved)
      heap.set(store, 5, to: session, kind)
      let seen = try #require(heap.image(time: 2).leaks(confirming: heap.image(time: 1)).first)
      #expect(seen.grade == .visible && seen.observers == ["\(kind) App.Store.f5"])
    }
  }

  @Test("two images prove nothing when a thread stood still")
  func twoImages() {
    var heap = HeapModel()
    for session in sessions(1, in: &heap) { heap.release(session) }
    func grade(_ first: HeapImage, _ second: HeapImage) -> LeakGroup.Grade? {
      second.leaks(confirming: first).first?.grade
    }
    #expect(grade(heap.image(time: 1), heap.image(time: 2)) == .proved)
    #expect(grade(heap.image(time: 1), heap.image(time: 1)) == .suspected)
    #expect(grade(heap.image(time: 1, isFrozen: false), heap.image(time: 2)) == .suspected)
    #expect(grade(heap.image(time: 1), heap.image(time: 2, isFrozen: false)) == .suspected)
  }

  @Test(
    "a thread goes on when it sleeps, ran, or ended",
    arguments: [
      (
        HeapThread(id: 1, state: .running, processorTime: 5), HeapThread(id: 1, state: .running, processorTime: 6),
        false
      ),
      (
        HeapThread(id: 1, state: .running, processorTime: 5),
        HeapThread(id: 1, state: .running, processorTime: 100_000_005), true
      ),
      (
        HeapThread(id: 1, state: .running, processorTime: 5),
        HeapThread(id: 1, state: .running, processorTime: 100_000_004), false
      ),
      (
        HeapThread(id: 1, state: .asleep, processorTime: 5), HeapThread(id: 1, state: .running, processorTime: 5), false
      ),
      (HeapThread(id: 1, state: .running, processorTime: 5), HeapThread(id: 1, state: .asleep, processorTime: 5), true),
      (
        HeapThread(id: 1, state: .unknown, processorTime: 5), HeapThread(id: 1, state: .unknown, processorTime: 5),
        false
      ),
      (
        HeapThread(id: 1, state: .running, processorTime: 5), HeapThread(id: 2, state: .running, processorTime: 5), true
      ),
      (
        HeapThread(id: 1, state: .running, processorTime: .max - 5),
        HeapThread(id: 1, state: .running, processorTime: 0),
        false
      ),
      (
        HeapThread(id: 1, state: .running, processorTime: 5, sleepCount: 1),
        HeapThread(id: 1, state: .running, processorTime: 5, sleepCount: 2), false
      ),
    ])
  func threadGoesOn(before: HeapThread, after: HeapThread, expected: Bool) {
    var builder = HeapImageBuilder()
    builder.threads = [before]
    let first = builder.image()
    builder.threads = [after]
    #expect(builder.image().hasProgress(since: first) == expected)
    builder.threads = []
    #expect(!first.hasProgress(since: builder.image()))
  }

  @Test("counts that changed prove nothing")
  func countsChanged() {
    var heap = HeapModel()
    let session = sessions(1, in: &heap)[0]
    heap.release(session)
    let first = heap.image(time: 1)
    // The cycle gets a second reference within itself: closed before and after, but somebody has been there.
    heap.set(session, 6, to: session)
    #expect(heap.image(time: 2).leaks(confirming: first).first?.grade == .suspected)
    #expect(heap.image(time: 3).leaks(confirming: heap.image(time: 2)).first?.grade == .proved)
  }

  /// An object that something moves, destroys or never frees is a root, and so is one whose only holder is a guess.
  @Test("flags and uncertain edges prove nothing")
  func flagsUncertain() {
    func leaks(flags: HeapImage.Flags, kind: HeapEdge.Kind, strongCount: Int = 1) -> [LeakGroup] {
      var builder = HeapImageBuilder()
      let type = builder.add(HeapType(name: "App.Node"))
      for number in 0..<2 {
        _ = builder.addObject(
          at: UInt64(number + 1) * 64, type: type, bytes: 64, strongCount: strongCount, flags: flags)
      }
      builder.addEdge(from: 0, to: 1, label: .slot(2))
      builder.addEdge(from: 1, to: 0, kind: kind, label: .slot(2))
      return builder.image().leaks()
    }
    #expect(leaks(flags: [], kind: .certain).map(\.objectCount) == [2])
    for flag in [HeapImage.Flags.immortal, .deiniting, .deadKeptByUnowned, .negativeAccount] {
      #expect(leaks(flags: flag, kind: .certain).isEmpty)
    }
    #expect(leaks(flags: [], kind: .certain, strongCount: 2).isEmpty)
    #expect(leaks(flags: [], kind: .certain, strongCount: 0).isEmpty)
    let suspected = leaks(flags: [], kind: .uncertain)
    #expect(suspected.map(\.grade) == [.suspected] && suspected.map(\.objectCount) == [2])
    #expect(suspected.first?.cycle.description == "App.Node -> +16 (App.Node) -> +16 (App.Node)?")
  }

  /// Two sessions, each of which a closure in it has captured.
  private func closures(_ functions: [String]) -> [LeakGroup] {
    var builder = HeapImageBuilder()
    let type = builder.add(HeapType(name: "App.Session", fields: [.init(offset: 24, label: ".onEnd")]))
    for (number, function) in functions.enumerated() {
      let session = builder.addObject(at: UInt64(number + 1) * 4096, type: type, bytes: 64, strongCount: 1)
      builder.addEdge(from: session, to: session, label: .slot(3), function: builder.label(.function, function))
    }
    return builder.image().leaks()
  }

  @Test("a closure that captures one object is named, and is a part of the shape where it has a name")
  func closureNames() {
    let same = closures(["closure #1 in start()", "closure #1 in start()"])
    #expect(same.map(\.groupCount) == [2])
    #expect(
      same.first?.cycle.description
        == "App.Session -> .onEnd (closure #1 in start()) -> capture 1 (App.Session)")
    #expect(closures(["closure #1 in start()", "closure #2 in start()"]).count == 2)
    #expect(closures(["App@01+0x10", "App@01+0x20"]).count == 1)
    #expect(closures(["App@01+0x10"]).first?.signature == closures(["App@02+0x30"]).first?.signature)
  }
}
