// SPDX-License-Identifier: Apache-2.0

internal import SizerGraph

/// Objects around one, in groups: what one group refers to, or what refers to it, is a group for each type.
struct Surroundings {
  /// Objects of one type each; the way to the chosen one first.
  private(set) var groups: [[Int]] = []

  private let image: HeapImage
  private let limit: Int
  private var taken: Set<Int> = []
  private let names: NameNumbers
  // Who refers to an object: those from start[object] up to start[object + 1].
  private let start: [UInt32]
  private let sources: [UInt32]

  /// - Parameter limit: groups. Complexity: O(objects + references).
  init(of image: HeapImage, limit: Int) {
    self.image = image
    self.limit = limit
    names = NameNumbers(of: image)
    var start = [UInt32](repeating: 0, count: image.objectCount + 2)
    for object in 0..<image.objectCount { image.forEachEdge(from: object) { start[$0.target + 2] += 1 } }
    for index in 1..<start.count { start[index] += start[index - 1] }
    var sources = [UInt32](repeating: 0, count: Int(start[start.count - 1]))
    for object in 0..<image.objectCount {
      image.forEachEdge(from: object) { edge in
        sources[Int(start[edge.target + 1])] = UInt32(object)
        start[edge.target + 1] += 1
      }
    }
    self.start = start
    self.sources = sources
  }

  /// Takes the objects of a way, each for itself, and from the chosen one on what is near, breadth first.
  mutating func walk(along way: [Int], around object: Int) {
    for step in way where groups.count < limit && taken.insert(step).inserted { groups.append([step]) }
    guard let first = groups.firstIndex(where: { $0.contains(object) }) else { return }
    var waiting = [first]
    var next = 0
    while next < waiting.count, groups.count < limit {
      let group = waiting[next]
      next += 1
      for neighbours in [targets(of: group), holders(of: group)] {
        for objects in byType(neighbours) where groups.count < limit {
          taken.formUnion(objects)
          waiting.append(groups.count)
          groups.append(objects)
        }
      }
    }
  }

  private func targets(of group: Int) -> [Int] {
    var found: [Int] = []
    for object in groups[group] { image.forEachEdge(from: object) { found.append($0.target) } }
    return found
  }

  private func holders(of group: Int) -> [Int] {
    groups[group].flatMap { object in
      sources[Int(start[object])..<Int(start[object + 1])].map { Int($0) }
    }
  }

  /// Those that are in no group yet, by type; the types in the order in which they are met.
  private func byType(_ objects: [Int]) -> [[Int]] {
    var numbers: [Int: Int] = [:]
    var found: [[Int]] = []
    var seen: Set<Int> = []
    for object in objects where !taken.contains(object) && seen.insert(object).inserted {
      let name = names.number(of: object)
      if let number = numbers[name] {
        found[number].append(object)
      } else {
        numbers[name] = found.count
        found.append([object])
      }
    }
    return found
  }
}
