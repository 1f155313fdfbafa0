// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// Adds up what happened to objects, by class and by place.
struct DiffTally {
  /// Objects that are one change.
  private struct Key: Hashable {
    var kind: ProfileDiff.Kind?
    var name: Int
    var place: Int
    /// The row of an object that is a change of its own.
    var row: Int?
  }

  private let isGrouped: Bool
  /// Numbers for the names of tracked objects: a name may be long, and there are many objects of it.
  private let names: TextNumbers
  /// By number; nil for those that no object has on either side.
  private var classesByName: [ProfileDiff.ClassChange?] = []
  private(set) var passingCount = 0
  /// In the order in which they came, so that ties are always in the same one.
  private var groups: [(key: Key, figures: ProfileDiff.Figures, object: ProfileDiff.Identity)] = []
  private var positions: [Key: Int] = [:]
  private var places = PlaceTable()

  /// - Parameter names: may have some already.
  init(isGrouped: Bool, names: TextNumbers) {
    self.isGrouped = isGrouped
    self.names = names
  }

  /// Objects of one recording: a row on one side is the same object on the other.
  mutating func follow(
    _ before: Statistics, _ fromSizes: [Int64?], _ fromTime: Duration,
    _ after: Statistics, _ toSizes: [Int64?], _ toTime: Duration
  ) {
    // The longer one knows all objects, and what became of them.
    let all = before.objectCount > after.objectCount ? before : after
    let nameNumbers = numbers(of: all.history.names)
    let placeOfTrace = places.add(all.history.traces)
    let start = Int64(fromTime / .nanoseconds(1))
    let end = Int64(toTime / .nanoseconds(1))
    for (row, object) in all.history.objects.enumerated() {
      let from = row < fromSizes.count ? fromSizes[row] : nil
      let to = row < toSizes.count ? toSizes[row] : nil
      if from == nil, to == nil {
        if object.isDead, object.birth > start, object.end <= end { passingCount += 1 }
        continue
      }
      let name = nameNumbers[Int(object.name)]
      let figures = Self.figures(from, to)
      add(figures, to: name, born: from == nil, gone: to == nil)
      let kind = Self.kind(from, to, isDead: (row < after.objectCount ? after.history.objects[row] : object).isDead)
      guard let kind else { continue }
      let place = object.trace == History.ObjectRow.none ? -1 : placeOfTrace[Int(object.trace)]
      let key = Key(kind: kind, name: name, place: place, row: isGrouped ? nil : row)
      add(figures, to: key, ProfileDiff.Identity(address: object.address, birth: .nanoseconds(object.birth)))
    }
  }

  /// Objects of one side, where none is known to be one of the other's.
  mutating func add(_ statistics: Statistics, _ sizes: [Int64?], isAfter: Bool) {
    let nameNumbers = numbers(of: statistics.history.names)
    let placeOfTrace = places.add(statistics.history.traces)
    for (row, object) in statistics.history.objects.enumerated() {
      guard let bytes = sizes[row] else { continue }
      let name = nameNumbers[Int(object.name)]
      let figures = isAfter ? Self.figures(nil, bytes) : Self.figures(bytes, nil)
      add(figures, to: name, born: false, gone: false)
      let place = object.trace == History.ObjectRow.none ? -1 : placeOfTrace[Int(object.trace)]
      add(
        figures, to: Key(name: name, place: place),
        ProfileDiff.Identity(address: object.address, birth: .nanoseconds(object.birth)))
    }
  }

  /// All classes, the largest change first.
  var classes: [ProfileDiff.ClassChange] {
    let ranks = names.ranks()
    return classesByName.enumerated().compactMap { name, change in change.map { (rank: ranks[name], change: $0) } }
      .sorted { one, other in
        (other.change.figures.growth.magnitude, one.rank) < (one.change.figures.growth.magnitude, other.rank)
      }
      .map(\.change)
  }

  /// All changes in order: by kind, the largest first.
  func changes(followsObjects: Bool) -> [ProfileDiff.Change] {
    let ranks = names.ranks()
    let changes = groups.compactMap { group -> (rank: Int, change: ProfileDiff.Change)? in
      let growth = group.figures.growth
      guard let kind = group.key.kind ?? (growth == 0 ? nil : growth > 0 ? .grown : .shrunk) else { return nil }
      let isOne = followsObjects && max(group.figures.fromCount, group.figures.toCount) == 1
      let change = ProfileDiff.Change(
        kind: kind, name: names.texts[group.key.name], trace: places.trace(of: group.key.place),
        figures: group.figures, object: isOne ? group.object : nil)
      return (ranks[group.key.name], change)
    }
    return ProfileDiff.Kind.allCases.flatMap { kind in
      // Stable: those alike stay in the order of tracking.
      changes.enumerated().filter { $0.element.change.kind == kind }
        .sorted { one, other in
          (other.element.change.figures.growth.magnitude, one.element.rank, one.offset)
            < (one.element.change.figures.growth.magnitude, other.element.rank, other.offset)
        }
        .map(\.element.change)
    }
  }

  private static func figures(_ from: Int64?, _ to: Int64?) -> ProfileDiff.Figures {
    ProfileDiff.Figures(
      fromCount: from == nil ? 0 : 1, toCount: to == nil ? 0 : 1, fromBytes: Int(from ?? 0), toBytes: Int(to ?? 0))
  }

  private static func kind(_ from: Int64?, _ to: Int64?, isDead: Bool) -> ProfileDiff.Kind? {
    guard let from else { return .born }
    guard let to else { return isDead ? .died : .left }
    return from == to ? nil : from < to ? .grown : .shrunk
  }

  /// A number for each name.
  private mutating func numbers(of added: [String]) -> [Int] {
    let numbers = added.map { names.number(of: $0) }
    classesByName += Array(repeating: nil, count: names.texts.count - classesByName.count)
    return numbers
  }

  private mutating func add(_ figures: ProfileDiff.Figures, to name: Int, born: Bool, gone: Bool) {
    var change = classesByName[name].take() ?? ProfileDiff.ClassChange(name: names.texts[name])
    change.figures += figures
    if born { change.born += 1 }
    if gone { change.gone += 1 }
    classesByName[name] = change
  }

  private mutating func add(_ figures: ProfileDiff.Figures, to key: Key, _ object: ProfileDiff.Identity) {
    if let position = positions[key] {
      groups[position].figures += figures
    } else {
      positions[key] = groups.count
      groups.append((key, figures, object))
    }
  }
}

extension ProfileDiff.Figures {
  /// Sums of what a profile holds do not overflow: the reader sees to it. What a program made itself may.
  fileprivate static func += (left: inout Self, right: Self) {
    left.fromCount += right.fromCount
    left.toCount += right.toCount
    left.fromBytes &+= right.fromBytes
    left.toBytes &+= right.toBytes
  }
}
