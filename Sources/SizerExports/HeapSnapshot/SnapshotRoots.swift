// SPDX-License-Identifier: Apache-2.0

import SizerGraph

/// What stands above the objects: a root, below it groups of what holds objects from outside, and leaks.
///
/// All of these are synthetic, so that the reader takes none of them for a window of a browser, whose rules differ.
struct SnapshotRoots {
  enum Target { case group(Int), object(Int) }

  struct Edge {
    var name: String
    var target: Target
  }

  struct Group {
    var name: String
    var edges: [Edge] = []
  }

  /// The first is the root.
  private(set) var groups = [Group(name: "")]

  init(of image: HeapImage, _ dominators: Dominators) {
    let account = ReferenceAccount(of: image)
    var holders: [Int: HeapRoot] = [:]
    for root in image.roots where root.reference.isStrong {
      if let known = holders[root.object], known.kind.isExact || !root.kind.isExact { continue }
      holders[root.object] = root
    }
    var numbers: [String: Int] = [:]
    var leaks: [Int: Int] = [:]
    for object in 0..<image.objectCount {
      if account.isRoot(object, countingUncertain: true) {
        let root = holders[object]
        let group = number(of: Self.name(of: root, object, in: image), &numbers)
        groups[group].edges.append(Edge(name: root.map(image.text) ?? "unknown holder", target: .object(object)))
        continue
      }
      guard case .leak(let leak?) = dominators.holder(of: object) else { continue }
      let all = number(of: "(Leaked)", &numbers)
      if leaks[leak] == nil {
        leaks[leak] = groups.count
        groups.append(Group(name: "(Leaked group)"))
        groups[all].edges.append(Edge(name: "leak \(leak)", target: .group(groups.count - 1)))
      }
      groups[leaks[leak]!].edges.append(Edge(name: "member", target: .object(object)))
    }
  }

  private mutating func number(of name: String, _ numbers: inout [String: Int]) -> Int {
    if let number = numbers[name] { return number }
    numbers[name] = groups.count
    groups.append(Group(name: name))
    groups[0].edges.append(Edge(name: name, target: .group(groups.count - 1)))
    return groups.count - 1
  }

  private static func name(of root: HeapRoot?, _ object: Int, in image: HeapImage) -> String {
    guard let root else { return image.type(of: object).kind == .task ? "(Tasks)" : "(Unknown holders)" }
    return switch root.kind {
    case .global: "(Globals)"
    case .stack, .stackInUse: "(Threads)"
    case .task: "(Tasks)"
    case .cMemory: "(C memory)"
    case .runtime: "(Runtime)"
    case .other: "(Unknown holders)"
    }
  }
}
