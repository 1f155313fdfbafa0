// SPDX-License-Identifier: Apache-2.0

extension HeapImage {
  /// What a reference is called when its element's number and its key do not matter: `.history`, `[]`, `[].value`.
  func shapeLabel(of edge: HeapEdge) -> String {
    switch edge.label {
    case .element: return "[]"
    case .text(let number) where labels[number].kind == .key: return "[]"
    case .slot, .rawSlot, .text:
      if isHashElement(edge.label, in: typeOf[edge.source]) { return "[]" }
      let text = placeLabel(of: edge)
      guard text.first == "[", let end = text.firstIndex(of: "]") else { return text }
      return "[]" + text[text.index(after: end)...]
    }
  }

  /// An edge's code with nothing in it that its ``shapeLabel(of:)`` does not say: all elements and keys have one. For
  /// tables of such labels.
  func shapeCode(of edge: Int, from source: Int) -> EdgeCode {
    let code = EdgeCode(bits: edgeCode[edge])
    let kind = code.bits & 3
    switch code.form {
    case .element: return EdgeCode(kind: kind, form: .element, number: 0)
    case .text:
      return labels[code.number].kind == .key ? EdgeCode(kind: kind, form: .element, number: 0) : code
    case .slot, .rawSlot:
      if isHashElement(code.label, in: typeOf[source]) { return EdgeCode(kind: kind, form: .element, number: 0) }
      // Of a stranger's image many words may have one long name.
      let type = types[Int(typeOf[source])]
      let number = type.labelNumber(at: code.number * 8)
      let isElement = type.tail.map { $0.stride > 0 && code.number * 8 >= $0.offset } ?? false
      return EdgeCode(kind: kind, form: isElement ? .element : .slot, number: isElement ? 1 + number : number)
    }
  }

  /// Whether a reference is a key's or a value's of a hash table and has no key's text: of very large tables only the
  /// first have one, and only keys of some types. Nothing else is in a table.
  func isHashElement(_ label: HeapEdge.Label, in type: UInt32) -> Bool {
    guard case .slot = label, types[Int(type)].kind == .hashStorage else { return false }
    return types[Int(type)].fields.isEmpty && types[Int(type)].tail == nil
  }

  /// A function that has no name is another place in each build.
  private func shapeText(_ label: Int) -> String { labels[label].text.holds("+0x") ? "" : labels[label].text }

  private func shapeName(of object: Int) -> String {
    let isNamed = figure(of: object, in: names).map { !shapeText(Int($0)).isEmpty } ?? false
    return isNamed ? name(of: object) : type(of: object).name
  }

  /// The shape of some objects that refer to one another: which types refer to which, by which labels. Groups of one
  /// shape have one text,
  /// however many elements or links each has; in any run and any build, for no address and no number goes in.
  func shape(of objects: [Int]) -> String {
    let inside = Set(objects)
    var lines: Set<String> = []
    // A line is made once, however many references it stands for: names of a stranger's image may be long.
    var known: Set<ShapeKey> = []
    for object in objects {
      for index in Int(edgeStart[object])..<Int(edgeStart[object + 1]) where inside.contains(Int(edgeTarget[index])) {
        let edge = edge(at: index, from: object)
        let key = ShapeKey(
          source: nameKey(of: object), type: typeOf[object], code: shapeCode(of: index, from: object).bits,
          target: nameKey(of: edge.target), function: edge.function)
        guard edge.kind.isStrong, known.insert(key).inserted else { continue }
        let function = edge.function.map { " " + shapeText($0) } ?? ""
        let (source, target) = (shapeName(of: object), shapeName(of: edge.target))
        lines.insert("\(source) \(edge.kind) \(shapeLabel(of: edge))\(function) \(target)")
      }
      if objects.count == 1 { lines.insert(shapeName(of: object)) }
    }
    return lines.sorted().joined(separator: "\n")
  }

  /// A text as 16 hexadecimal digits (FNV-1a, 64 bits): the same in each run, which the standard library's hashes are
  /// not.
  static func signature(of text: String) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// A shortest cycle among some objects through one of them, which users know best: a class, rather than a closure or
  /// a box.
  func cycle(in objects: [Int]) -> HeapPath {
    let inside = Set(objects)
    let start =
      objects.min {
        (type(of: $0).kind == .classInstance ? 0 : 1, name(of: $0), $0)
          < (type(of: $1).kind == .classInstance ? 0 : 1, name(of: $1), $1)
      } ?? 0
    var before: [Int: HeapEdge] = [:]
    var queue = [start]
    var next = 0
    while next < queue.count, before[start] == nil {
      for edge in edges(from: queue[next]) where edge.kind.isStrong && inside.contains(edge.target) {
        guard before[edge.target] == nil else { continue }
        before[edge.target] = edge
        queue.append(edge.target)
      }
      next += 1
    }
    var steps: [HeapPath.Step] = []
    var place = start
    while let edge = before[place] {
      steps.append(step(to: place, through: edge))
      place = edge.source
      if place == start { break }
    }
    return HeapPath(root: nil, start: step(to: start), steps: steps.reversed())
  }
}

/// What a line of a shape is made of, in numbers.
private struct ShapeKey: Hashable {
  var source: Int
  var type: UInt32
  var code: UInt32
  var target: Int
  var function: Int?
}
