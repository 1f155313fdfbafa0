// SPDX-License-Identifier: Apache-2.0

import Sizer
import SizerGraph

/// Leaks in words.
enum LeakText {
  private static let mostGroups = 10
  private static let mostFrames = 8
  private static let longestPath = 4_096

  /// Two objects of one shape: `leaked, proved: 2 objects, 96 B: App.Node -> .next (App.Node)`, and where they were
  /// made.
  static func of(_ groups: [LeakGroup]) -> String {
    let lines = groups.prefix(mostGroups).flatMap(lines)
    let left = groups.count - mostGroups
    return (lines + (left > 0 ? ["and \(counted(left, "shape")) more"] : [])).joined(separator: "\n")
  }

  private static func lines(of group: LeakGroup) -> [String] {
    let count = group.groupCount == 1 ? "" : "\(counted(group.groupCount, "cycle")), "
    let objects = counted(group.objectCount, "object")
    let sight = group.observers.isEmpty ? "" : ", seen by " + group.observers.prefix(4).joined(separator: ", ")
    let cycle = group.cycle.text(limit: longestPath)
    let head = "leaked, \(group.grade.rawValue): \(count)\(objects), \(bytesText(group.bytes)): \(cycle)\(sight)"
    guard let birth = group.births.first else { return [head] }
    return [head, "  \(birth.count) of the objects made in"] + ownFrames(of: birth.frames).map { "    " + $0 }
  }

  /// The innermost calls of a birth, down to where an expectation called the test's code.
  static func ownFrames(of frames: [String]) -> [String] {
    let end = frames.firstIndex { $0.hasPrefix("BirthScope.run") } ?? frames.count
    // What binds a task-local value stands between the two.
    let own = frames[..<end].filter { !$0.hasPrefix("TaskLocal.withValue") }
    return Array(own.prefix(mostFrames))
  }
}

/// `54.69 KB`.
func bytesText(_ bytes: Int) -> String { sizeText(bytes).split(separator: " ").joined(separator: " ") }
