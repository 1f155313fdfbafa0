// SPDX-License-Identifier: Apache-2.0

/// Adds waste up by kind, type and holder.
struct WasteTable {
  private struct Key: Hashable {
    var kind: WasteRecord.Kind
    var type: UInt32
    // The holder's number, 0 for none.
    var holder: UInt32
  }

  /// How many containers lie between an object and the one that a reader knows, at most.
  private static let deepest = 16

  private let image: HeapImage
  private var entries: [Key: WasteRecord] = [:]
  // For each object the first strong reference to it, certain ones before others, and the object that has it; `none`:
  // there is none.
  private var holderEdge: [UInt32]
  private var holderObject: [UInt32]
  private static let none = UInt32.max
  private var holders = [""]
  // Bytes that their texts may still have; those that find none are told by their ends.
  private var room = 64 << 20
  private var holderNumbers = ["": UInt32(0)]
  private var numbers: [Place: UInt32] = [:]

  /// What a holder's text is made of: the text of what it lies in (0: its own name), and its label's shape.
  private struct Place: Hashable {
    var outer: UInt32
    // The type, or behind all types the label of a name of its own.
    var type: UInt32
    var shape: UInt32
  }

  init(image: HeapImage) {
    self.image = image
    holderEdge = [UInt32](repeating: Self.none, count: image.objectCount)
    holderObject = holderEdge
    for source in 0..<image.objectCount {
      for edge in Int(image.edgeStart[source])..<Int(image.edgeStart[source + 1]) {
        let target = Int(image.edgeTarget[edge])
        let code = EdgeCode(bits: image.edgeCode[edge])
        guard code.isStrong, holderEdge[target] == Self.none || code.isCertain && isUncertain(holderEdge[target]) else {
          continue
        }
        holderEdge[target] = UInt32(edge)
        holderObject[target] = UInt32(source)
      }
    }
  }

  private func isUncertain(_ edge: UInt32) -> Bool { !EdgeCode(bits: image.edgeCode[Int(edge)]).isCertain }

  /// The number of the text that says where an object is held; 0 when nobody knows.
  private mutating func number(ofHolderOf object: Int, depth: Int = 0) -> UInt32 {
    guard holderEdge[object] != Self.none else { return 0 }
    return number(ofHolder: Int(holderObject[object]), edge: Int(holderEdge[object]), depth: depth)
  }

  /// A container says nothing to whoever reads: it is named by what holds it, `App.Cache.entries[]`.
  private mutating func number(ofHolder source: Int, edge: Int, depth: Int) -> UInt32 {
    let isContainer = image.types[Int(image.typeOf[source])].kind.isContainer && depth < Self.deepest
    let outer = isContainer ? number(ofHolderOf: source, depth: depth + 1) : 0
    // The shape of a label is one of its source's type.
    let name = image.figure(of: source, in: image.names)
    let place = Place(
      outer: outer, type: name.map { UInt32(image.types.count) &+ UInt32($0) } ?? image.typeOf[source],
      shape: image.shapeCode(of: edge, from: source).bits)
    if let number = numbers[place] { return number }
    let before = outer == 0 ? image.name(of: source) : holders[Int(outer)]
    let number = number(
      of: fitted(placeText(in: before, image.shapeLabel(of: image.edge(at: edge, from: source)))))
    numbers[place] = number
    return number
  }

  /// The same for an object that is known to hold another one.
  private mutating func number(ofHolder holder: Int, of object: Int) -> UInt32 {
    for edge in Int(image.edgeStart[holder])..<Int(image.edgeStart[holder + 1])
    where Int(image.edgeTarget[edge]) == object && EdgeCode(bits: image.edgeCode[edge]).isStrong {
      return number(ofHolder: holder, edge: edge, depth: 0)
    }
    return number(of: image.types[Int(image.typeOf[holder])].name)
  }

  private mutating func fitted(_ text: String) -> String {
    let text = room > 0 || text.utf8.count <= 160 ? text : text.shortened(to: 160)
    room -= text.utf8.count
    return text
  }

  private mutating func number(of text: String) -> UInt32 {
    if let number = holderNumbers[text] { return number }
    let number = UInt32(holders.count)
    holders.append(text)
    holderNumbers[text] = number
    return number
  }

  /// - Parameter holder: Who refers to the object, if that is known better than from its first reference.
  mutating func add(
    _ kind: WasteRecord.Kind, _ object: Int, wasted: Int, of total: Int, holder: Int? = nil, excess: Int = 0
  ) {
    guard wasted > 0 else { return }
    // A class's size says all; who holds the instances does not matter.
    let isByType = kind == .largerClass || kind == .slack
    let number =
      if let holder { self.number(ofHolder: holder, of: object) } else {
        isByType ? UInt32(0) : self.number(ofHolderOf: object)
      }
    let key = Key(kind: kind, type: image.typeOf[object], holder: number)
    var entry =
      entries[key]
      ?? WasteRecord(
        kind: kind, typeName: image.types[Int(image.typeOf[object])].name, holder: holders[Int(number)],
        count: 0, wastedBytes: 0, totalBytes: 0, excessBytes: excess)
    entry.count += 1
    entry.wastedBytes &+= wasted
    entry.totalBytes &+= total
    entries[key] = entry
  }

  func records() -> [WasteRecord] {
    entries.values.sorted {
      ($1.wastedBytes, $0.kind.rawValue, $0.typeName, $0.holder) < (
        $0.wastedBytes, $1.kind.rawValue, $1.typeName, $1.holder
      )
    }
  }
}
