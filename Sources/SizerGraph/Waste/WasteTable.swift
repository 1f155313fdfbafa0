// SPDX-License-Identifier: Apache-2.0

/// Adds waste up by kind, type and holder.
struct WasteTable {
  private struct Key: Hashable {
    var kind: WasteRecord.Kind
    var type: UInt32
    // The holder's number, 0 for none.
    var holder: UInt32
  }

  private let image: HeapImage
  private var entries: [Key: WasteRecord] = [:]
  // For each object the first reference to it: the number of a text of its source's type and its label's shape; 0 for
  // none.
  private var holderOf: [UInt32]
  private var holders = [""]
  private var holderNumbers = ["": UInt32(0)]
  private var numbers: [UInt64: UInt32] = [:]

  init(image: HeapImage) {
    self.image = image
    holderOf = [UInt32](repeating: 0, count: image.objectCount)
    for source in 0..<image.objectCount {
      for edge in Int(image.edgeStart[source])..<Int(image.edgeStart[source + 1]) {
        let target = Int(image.edgeTarget[edge])
        guard holderOf[target] == 0, EdgeCode(bits: image.edgeCode[edge]).isStrong else { continue }
        holderOf[target] = number(ofHolder: source, edge: edge)
      }
    }
  }

  private mutating func number(ofHolder source: Int, edge: Int) -> UInt32 {
    let key = UInt64(image.typeOf[source]) << 32 | UInt64(image.shapeCode(of: edge, from: source).bits)
    if let number = numbers[key] { return number }
    let text = image.types[Int(image.typeOf[source])].name + image.shapeLabel(of: image.edge(at: edge, from: source))
    let number = number(of: text)
    numbers[key] = number
    return number
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
    var number = isByType ? 0 : holderOf[object]
    if let holder { number = self.number(of: image.types[Int(image.typeOf[holder])].name) }
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
