// SPDX-License-Identifier: Apache-2.0

extension HeapImage {
  /// What nothing outside holds, by shape; the largest first.
  ///
  /// One image proves nothing: optimised code stores a reference a few instructions before it counts it. Groups are
  /// ``LeakGroup/Grade/visible``
  /// or ``LeakGroup/Grade/suspected``, until a second image confirms them: ``leaks(confirming:)``.
  /// Complexity: O(objects + edges).
  public func leaks() -> [LeakGroup] { leaks { _ in true } }

  /// The same, of groups in whose core is an object at an address that is meant.
  package func leaks(among isMeant: (UInt64) -> Bool) -> [LeakGroup] {
    folded(LeakSearch(in: self, account: ReferenceAccount(of: self)), among: isMeant) { _ in false }
  }

  /// The same, where an image of the same process that was made before confirms what it can: groups are
  /// ``LeakGroup/Grade/proved`` whose objects
  /// were closed in both images, at the same addresses, with the same counts, and which nothing outside sees. Both
  /// images must be of a
  /// frozen process, and each of its threads must have gone on between them: ``hasProgress(since:)``.
  public func leaks(confirming earlier: HeapImage) -> [LeakGroup] {
    leaks(confirming: earlier, afterProgress: hasProgress(since: earlier))
  }

  /// The same for who has seen by himself whether each thread has gone on between the images.
  package func leaks(
    confirming earlier: HeapImage, afterProgress hasProgress: Bool, among isMeant: (UInt64) -> Bool = { _ in true }
  ) -> [LeakGroup] {
    let search = LeakSearch(in: self, account: ReferenceAccount(of: self))
    guard info.isFrozen, earlier.info.isFrozen, info.processID == earlier.info.processID, hasProgress
    else {
      return folded(search, among: isMeant) { _ in false }
    }
    let before = LeakSearch(in: earlier, account: ReferenceAccount(of: earlier), withSuspects: false)
    // Both images may have a type for each object, of any name: each pair of types is compared once.
    var sameNames: [UInt64: Bool] = [:]
    func haveOneName(_ object: Int, _ old: Int) -> Bool {
      let pair = UInt64(typeOf[object]) << 32 | UInt64(earlier.typeOf[old])
      if let answer = sameNames[pair] { return answer }
      let answer = type(of: object).name == earlier.type(of: old).name
      sameNames[pair] = answer
      return answer
    }
    return folded(search, among: isMeant) { group in
      group.core.allSatisfy { object in
        guard let old = earlier.object(at: addresses[object]) else { return false }
        return before.marks[old] == 0 && !before.sight.visible.contains(old) && strong[object] == earlier.strong[old]
          && haveOneName(object, old)
      }
    }
  }

  /// Whether each thread that was there in an earlier image of the process has gone on since: it ended, it sleeps, or
  /// it had a tenth of a second of a processor. A thread that stood still may stand between two instructions of which
  /// the second counts what the first stored.
  ///
  /// An image's threads were read before it was frozen, and may have run in between: hence a tenth of a second, and
  /// sleep counts in the later image only. False when the earlier image knows of no threads.
  public func hasProgress(since earlier: HeapImage) -> Bool {
    var now: [UInt64: HeapThread] = [:]
    for thread in threads { now[thread.id] = thread }
    return !earlier.threads.isEmpty
      && earlier.threads.allSatisfy { old in
        guard let new = now[old.id] else { return true }
        let (time, isNegative) = new.processorTime.subtractingReportingOverflow(old.processorTime)
        return new.state == .asleep || !isNegative && time >= 100_000_000
      }
  }

  private func folded(
    _ search: LeakSearch, among isMeant: (UInt64) -> Bool, isConfirmed: (LeakSearch.Group) -> Bool
  ) -> [LeakGroup] {
    struct Key: Hashable {
      var grade: LeakGroup.Grade
      var shape: String
    }
    // Entries are changed in their place: there may be a hundred thousand groups of one shape.
    var entries: [LeakGroup] = []
    var observers: [Set<String>] = []
    var numbers: [Key: Int] = [:]
    let raw = rawBytesByOwner()
    for group in search.groups where group.core.contains(where: { isMeant(addresses[$0]) }) {
      let isVisible = group.isClosed && group.core.contains { search.sight.visible.contains($0) }
      let grade: LeakGroup.Grade =
        if isVisible { .visible } else if group.isClosed && isConfirmed(group) { .proved } else { .suspected }
      let shape = shape(of: group.core)
      let number = numbers[Key(grade: grade, shape: shape)] ?? entries.count
      if number == entries.count {
        numbers[Key(grade: grade, shape: shape)] = number
        entries.append(emptyEntry(grade, group.core, shape))
        observers.append([])
      }
      entries[number].groupCount += 1
      entries[number].objectCount += group.members.count
      for object in group.members {
        entries[number].bytes &+= bytes(of: object) &+ raw[object, default: 0]
        entries[number].addresses.append(UInt(addresses[object]))
        if group.isClosed { observers[number].formUnion(search.sight.observers[object] ?? []) }
      }
    }
    for number in entries.indices {
      entries[number].addresses.sort()
      entries[number].births = recordedBirths(of: entries[number].addresses)
      entries[number].observers = observers[number].sorted()
    }
    return entries.sorted { ($1.bytes, $0.signature) < ($0.bytes, $1.signature) }
  }

  /// The cycle that alone holds the end of a path that begins nowhere; nil for any other path. O(objects + edges).
  package func cycle(behind path: HeapPath) -> String? {
    guard path.root == HeapPath.leakedRoot else { return nil }
    let address = UInt(path.end.address)
    for group in leaks() where group.addresses.contains(address) { return group.cycle.text(limit: 1 << 15) }
    return nil
  }

  private func recordedBirths(of addresses: [UInt]) -> [LeakGroup.Birth] {
    if births.isEmpty { return [] }
    var counts: [UInt64: Int] = [:]
    for address in addresses {
      guard let object = object(at: UInt64(address)), let label = figure(of: object, in: births) else { continue }
      counts[label, default: 0] += 1
    }
    return LeakGroup.Birth.sorted(counts.map { (labels[Int($0.key)].text, $0.value) })
  }

  private func emptyEntry(_ grade: LeakGroup.Grade, _ core: [Int], _ shape: String) -> LeakGroup {
    LeakGroup(
      grade: grade, groupCount: 0, objectCount: 0, bytes: 0, typeNames: names(of: core),
      cycle: cycle(in: core), signature: Self.signature(of: shape), addresses: [])
  }

  /// What some objects are called, each name once, sorted.
  private func names(of objects: [Int]) -> [String] {
    var examples: [Int: Int] = [:]
    for object in objects { examples[nameKey(of: object)] = object }
    return Set(examples.values.map { name(of: $0) }).sorted()
  }

  /// Usable bytes of raw blocks under the objects that own some.
  package func rawBytesByOwner() -> [Int: Int] { rawBlocks.reduce(into: [:]) { $0[$1.owner, default: 0] &+= $1.bytes } }
}

extension LeakGroup.Birth {
  /// Those of some stacks, a call on each line, with how many births each had.
  package static func sorted(_ stacks: [(text: String, count: Int)]) -> [LeakGroup.Birth] {
    stacks.sorted { ($1.count, $0.text) < ($0.count, $1.text) }.map { text, count in
      LeakGroup.Birth(count: count, frames: text.split(separator: "\n").map(String.init))
    }
  }
}
