// SPDX-License-Identifier: Apache-2.0

/// Which leaked objects can still be seen from outside, and by whom: a weak or unowned reference, or a global
/// variable, can give
/// somebody a strong one, who then can break the cycle.
struct Sight {
  /// Leaked objects that something outside refers to, with the texts of who does.
  private(set) var observers: [Int: [String]] = [:]
  /// These, and what they lead to by references of any kind.
  private(set) var visible: Set<Int> = []

  /// - Parameter marks: 0 for each leaked object.
  init(of image: HeapImage, marks: [UInt8]) {
    guard marks.contains(0) else { return }
    let known = Self.references(to: image, marks: marks)
    for object in marks.indices where marks[object] == 0 {
      let weak =
        Int(image.figure(of: object, in: image.weakCounts) ?? 0)
        - known.inside[Pair(object: object, kind: .weak), default: 0]
      let unowned =
        Int(image.figure(of: object, in: image.unownedCounts) ?? 0)
        - known.inside[Pair(object: object, kind: .unowned), default: 0]
      guard weak > 0 || unowned > 0 else { continue }
      observers[object] = known.outside[object] ?? []
    }
    for root in image.roots where marks[root.object] == 0 && (root.kind == .global || !root.reference.isStrong) {
      observers[root.object, default: []].append(
        (root.reference.isStrong ? "" : "\(root.reference) ") + image.text(of: root))
    }
    for (object, texts) in observers {
      observers[object] = texts.isEmpty ? ["a weak or unowned reference outside the known objects"] : texts.sorted()
    }
    spread(in: image, marks: marks)
  }

  private struct Pair: Hashable {
    var object: Int
    var kind: HeapEdge.Kind
  }

  /// Weak and unowned references to leaked objects: how many from leaked ones, and which from others.
  private static func references(
    to image: HeapImage, marks: [UInt8]
  ) -> (inside: [Pair: Int], outside: [Int: [String]]) {
    var inside: [Pair: Int] = [:]
    var outside: [Int: [String]] = [:]
    for source in 0..<image.objectCount {
      for index in Int(image.edgeStart[source])..<Int(image.edgeStart[source + 1]) {
        let target = Int(image.edgeTarget[index])
        guard marks[target] == 0, !EdgeCode(bits: image.edgeCode[index]).isStrong else { continue }
        let edge = image.edge(at: index, from: source)
        if marks[source] == 0 {
          inside[Pair(object: target, kind: edge.kind), default: 0] += 1
        } else {
          let place = placeText(in: image.name(of: source), image.label(of: edge))
          outside[target, default: []].append("\(edge.kind) \(place)")
        }
      }
    }
    return (inside, outside)
  }

  private mutating func spread(in image: HeapImage, marks: [UInt8]) {
    visible = Set(observers.keys)
    var waiting = Array(visible)
    while let object = waiting.popLast() {
      for index in Int(image.edgeStart[object])..<Int(image.edgeStart[object + 1]) {
        let target = Int(image.edgeTarget[index])
        if marks[target] == 0, visible.insert(target).inserted { waiting.append(target) }
      }
    }
  }
}
