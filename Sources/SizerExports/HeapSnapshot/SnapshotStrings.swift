// SPDX-License-Identifier: Apache-2.0

import SizerGraph

/// An edge's type and its name: a string's number, or an element's.
struct SnapshotEdge {
  /// Their numbers stand in the head of the file.
  enum Kind: Int { case context, element, property, `internal`, hidden, shortcut, weak }

  var type: Int
  var name: Int
}

/// The texts of a snapshot, each once, by numbers that are given as they come.
struct SnapshotStrings {
  private struct LabelKey: Hashable {
    var type: Int
    var label: HeapEdge.Label
    var enumCase: Int?
    var isStrong: Bool
  }

  private var table = NumberTable<String>()
  var texts: [String] { table.keys }
  /// Bytes that texts may have before elements are told by numbers alone: `[3].owner` is a text of its own for each 3.
  private var room = 64 << 20
  /// By type, and by label where an object has a name of its own.
  private var typeNames: [Int: Int] = [:]
  private var ownNames: [Int: Int] = [:]
  private var labels: [LabelKey: SnapshotEdge] = [:]

  mutating func number(of text: String) -> Int {
    let (number, isNew) = table.number(of: text)
    if isNew { room -= text.utf8.count }
    return number
  }

  mutating func nameNumber(of object: Int, in image: HeapImage) -> Int {
    if let label = image.nameLabel(of: object) {
      if let known = ownNames[label] { return known }
      let made = number(of: Self.harmless(image.name(of: object)))
      ownNames[label] = made
      return made
    }
    let type = image.typeNumber(of: object)
    if let known = typeNames[type] { return known }
    let made = number(of: Self.harmless(image.name(of: object)))
    typeNames[type] = made
    return made
  }

  /// The reader cuts names that begin with `<` at their first space, and makes up others for `Object`.
  private static func harmless(_ name: String) -> String {
    name.isEmpty || name == "Object" || name.hasPrefix("<") ? "Swift \(name)" : name
  }

  mutating func edge(_ edge: HeapEdge, in image: HeapImage) -> SnapshotEdge {
    let type = image.typeNumber(of: edge.source)
    if case .element(let number) = edge.label, edge.enumCase == nil, edge.kind.isStrong {
      return SnapshotEdge(type: SnapshotEdge.Kind.element.rawValue, name: number)
    }
    // Of arrays each element has a label of its own: not kept.
    let isElement = image.type(of: edge.source).tail != nil
    let key = LabelKey(type: type, label: edge.label, enumCase: edge.enumCase, isStrong: edge.kind.isStrong)
    if !isElement, let known = labels[key] { return known }
    if isElement, room <= 0, case .slot(let slot) = edge.label, edge.kind.isStrong {
      return SnapshotEdge(type: SnapshotEdge.Kind.element.rawValue, name: slot)
    }
    let made = make(image.label(of: edge), isStrong: edge.kind.isStrong)
    if !isElement { labels[key] = made }
    return made
  }

  private mutating func make(_ label: String, isStrong: Bool) -> SnapshotEdge {
    guard isStrong else { return named(.weak, label.hasPrefix(".") ? String(label.dropFirst()) : label) }
    if label.hasPrefix("."), label.utf8.count > 1 { return named(.property, String(label.dropFirst())) }
    if label.hasPrefix("[\""), label.hasSuffix("\"]"), label.utf8.count > 4 {
      return named(.property, String(label.dropFirst(2).dropLast(2)))
    }
    if label.hasPrefix("["), label.hasSuffix("]"), let number = UInt32(label.dropFirst().dropLast()) {
      return SnapshotEdge(type: SnapshotEdge.Kind.element.rawValue, name: Int(number))
    }
    return named(label.hasPrefix("capture ") ? .context : .internal, label)
  }

  private mutating func named(_ kind: SnapshotEdge.Kind, _ name: String) -> SnapshotEdge {
    SnapshotEdge(type: kind.rawValue, name: number(of: name))
  }
}
