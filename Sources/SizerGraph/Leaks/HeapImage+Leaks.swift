// SPDX-License-Identifier: Apache-2.0

extension HeapImage {
  /// What nothing outside holds, by shape; the largest first.
  ///
  /// One image proves nothing: optimised code stores a reference a few instructions before it counts it. Groups are
  /// ``LeakGroup/Grade/visible``
  /// or ``LeakGroup/Grade/suspected``, until a second image confirms them: ``leaks(confirming:)``.
  /// Complexity: O(objects + edges).
  public func leaks() -> [LeakGroup] {
    folded(LeakSearch(in: self, account: ReferenceAccount(of: self))) { _ in false }
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
  package func leaks(confirming earlier: HeapImage, afterProgress hasProgress: Bool) -> [LeakGroup] {
    let search = LeakSearch(in: self, account: ReferenceAccount(of: self))
    guard info.isFrozen, earlier.info.isFrozen, info.processID == earlier.info.processID, hasProgress
    else {
      return folded(search) { _ in false }
    }
    let before = LeakSearch(in: earlier, account: ReferenceAccount(of: earlier), withSuspects: false)
    return folded(search) { group in
      group.core.allSatisfy { object in
        guard let old = earlier.object(at: addresses[object]) else { return false }
        return before.marks[old] == 0 && !before.sight.visible.contains(old) && strong[object] == earlier.strong[old]
          && type(of: object).name == earlier.type(of: old).name
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

  private func folded(_ search: LeakSearch, isConfirmed: (LeakSearch.Group) -> Bool) -> [LeakGroup] {
    struct Key: Hashable {
      var grade: LeakGroup.Grade
      var shape: String
    }
    // Entries are changed in their place: there may be a hundred thousand groups of one shape.
    var entries: [LeakGroup] = []
    var observers: [Set<String>] = []
    var numbers: [Key: Int] = [:]
    let raw = rawBytesByOwner()
    for group in search.groups {
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
      entries[number].observers = observers[number].sorted()
    }
    return entries.sorted { ($1.bytes, $0.signature) < ($0.bytes, $1.signature) }
  }

  private func emptyEntry(_ grade: LeakGroup.Grade, _ core: [Int], _ shape: String) -> LeakGroup {
    LeakGroup(
      grade: grade, groupCount: 0, objectCount: 0, bytes: 0, typeNames: Set(core.map { name(of: $0) }).sorted(),
      cycle: cycle(in: core), signature: Self.signature(of: shape), addresses: [])
  }

  /// Usable bytes of raw blocks under the objects that own some.
  func rawBytesByOwner() -> [Int: Int] { rawBlocks.reduce(into: [:]) { $0[$1.owner, default: 0] &+= $1.bytes } }
}
