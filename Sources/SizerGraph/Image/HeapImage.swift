// SPDX-License-Identifier: Apache-2.0

/// Everything alive in a process at one moment: objects, what they refer to, and what holds them from outside. A value
/// that needs no process.
///
///     let image = try HeapImage(contentsOf: "server.heap")
///     for leak in image.leaks() { print(leak.grade, leak.bytes, leak.cycle) }
///
/// Objects have numbers from 0, ascending by address. What belongs to one object is spread over columns, 30 bytes for
/// an object and 8 for an edge, so that an image of ten million objects fits, and is passed through in the order of
/// memory.
/// Images come from ``init(contentsOf:)`` or from a ``HeapImageBuilder``; all numbers in them were checked.
public struct HeapImage: Sendable, Equatable {
  /// Flags of an object. The raw values stand in the file.
  public struct Flags: OptionSet, Sendable, Hashable {
    /// The flags as bits.
    public var rawValue: UInt16
    /// These bits.
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Never freed, and never counted.
    public static let immortal = Flags(rawValue: 1)
    /// Its deinitialiser runs.
    public static let deiniting = Flags(rawValue: 2)
    /// Destroyed; unowned references keep its block.
    public static let deadKeptByUnowned = Flags(rawValue: 4)
    /// The writer found more certain references than the object counts: a move under way.
    public static let negativeAccount = Flags(rawValue: 8)
    /// Its layout is unknown: what it refers to is unknown.
    public static let unresolved = Flags(rawValue: 16)
    /// It has a side table.
    public static let sideTable = Flags(rawValue: 32)
    /// A collection without elements.
    public static let emptyCollection = Flags(rawValue: 64)
    /// A task that has not ended: the concurrency runtime holds it, whatever its counts say.
    public static let livingTask = Flags(rawValue: 128)
  }

  /// Where the image comes from.
  public internal(set) var info = HeapImageInfo()
  /// The types of the objects.
  public internal(set) var types: [HeapType] = []
  /// Texts that others refer to by number.
  public internal(set) var labels: [HeapLabel] = []
  /// Blocks that objects own, ascending by owner where the writer wrote them so.
  public internal(set) var rawBlocks: [HeapRawBlock] = []
  /// References from outside.
  public internal(set) var roots: [HeapRoot] = []
  /// The tasks.
  public internal(set) var tasks: [HeapTask] = []
  /// The threads.
  public internal(set) var threads: [HeapThread] = []
  /// The account of the process's memory.
  public internal(set) var ladder: [HeapRung] = []
  /// Views that keep buffers alive.
  public internal(set) var slices: [HeapSlice] = []
  /// The allocator's size classes, ascending.
  public internal(set) var sizeClasses: [Int] = []

  // The columns of the objects. `usable` is in units of 8 bytes; `slack` is one more than the bytes nobody asked for,
  // 0 when unknown.
  var addresses: [UInt64] = []
  var typeOf: [UInt32] = []
  var usable: [UInt32] = []
  var slack: [UInt32] = []
  var strong: [UInt32] = []
  var flagBits: [UInt16] = []
  // The edges of object i are those from edgeStart[i] up to edgeStart[i + 1].
  var edgeStart: [UInt32] = [0]
  var edgeTarget: [UInt32] = []
  var edgeCode: [UInt32] = []
  // What few objects have, ascending by object.
  var unownedCounts: [ObjectFigure] = []
  var weakCounts: [ObjectFigure] = []
  var names: [ObjectFigure] = []
  var unusedCapacity: [ObjectFigure] = []
  var contentHashes: [ObjectFigure] = []
  // The same for few edges, by the edge's number: the label of the function that captured its target.
  var calls: [ObjectFigure] = []
  // And the label of the case of the enum in whose payload the reference stands.
  var cases: [ObjectFigure] = []
  var births: [ObjectFigure] = []

  init() {}

  /// Gives each type another name: the process knows better what to call a type than the engine that wrote the image.
  package mutating func renameTypes(_ name: (String) -> String) {
    for number in types.indices { types[number].name = name(types[number].name) }
  }

  /// Tells where objects were born, by their addresses: a call on each line. What was told before is forgotten.
  package mutating func setBirths(_ stacks: [UInt64: String]) {
    var numbers: [String: Int] = [:]
    births = []
    for (address, stack) in stacks.sorted(by: { $0.key < $1.key }) {
      guard let object = object(at: address) else { continue }
      let number = numbers[stack] ?? labels.count
      if number == labels.count {
        numbers[stack] = number
        labels.append(HeapLabel(.plain, stack))
      }
      births.append(ObjectFigure(object: UInt32(object), figure: UInt64(number)))
    }
  }

  /// Adds the account of the process's memory, which who captured the image has read.
  package mutating func setLadder(_ rungs: [HeapRung]) { ladder = rungs }

  /// Tells why tasks are not in the image, which who captured it knows; empty when they are.
  package mutating func setTasksReason(_ reason: String) { info.tasksReason = reason }

  /// Changes every text but those about the process: for whoever shows no longer ones, and need not work on them.
  package mutating func changeTexts(_ change: (String) -> String) {
    for number in types.indices {
      types[number].name = change(types[number].name)
      for field in types[number].fields.indices {
        types[number].fields[field].label = change(types[number].fields[field].label)
      }
      for field in types[number].tail?.fields.indices ?? 0..<0 {
        types[number].tail!.fields[field].label = change(types[number].tail!.fields[field].label)
      }
    }
    for number in labels.indices { labels[number].text = change(labels[number].text) }
  }

  /// How many objects there are.
  public var objectCount: Int { addresses.count }
  /// How many edges there are.
  public var edgeCount: Int { edgeTarget.count }

  /// The number of the object at this address; nil when none begins there. Complexity: O(log n).
  public func object(at address: UInt64) -> Int? {
    var low = 0
    var high = addresses.count
    while low < high {
      let middle = (low + high) / 2
      if addresses[middle] < address { low = middle + 1 } else { high = middle }
    }
    return low < addresses.count && addresses[low] == address ? low : nil
  }

  /// The object of this number.
  public subscript(object: Int) -> HeapObject { HeapObject(image: self, number: object) }

  /// The edges that leave an object, in the order of its memory.
  public func edges(from object: Int) -> [HeapEdge] {
    (Int(edgeStart[object])..<Int(edgeStart[object + 1])).map { edge(at: $0, from: object) }
  }

  /// Calls `body` with each edge that leaves an object; no list is made of them.
  package func forEachEdge(from object: Int, _ body: (HeapEdge) -> Void) {
    for index in Int(edgeStart[object])..<Int(edgeStart[object + 1]) { body(edge(at: index, from: object)) }
  }

  func edge(at index: Int, from source: Int) -> HeapEdge {
    let code = EdgeCode(bits: edgeCode[index])
    return HeapEdge(
      from: source, to: Int(edgeTarget[index]), kind: code.kind, label: code.label,
      function: figure(of: index, in: calls).map { Int($0) }, enumCase: figure(of: index, in: cases).map { Int($0) })
  }

  /// What a path shows for an edge: `.history`, `["user37"]`, `[28]`, `[3].connected`; `[...]` for a member of a set, a
  /// key, and the value of a key that has no text.
  public func label(of edge: HeapEdge) -> String {
    placeLabel(of: edge) + (edge.enumCase.map { labels[$0].pathText } ?? "")
  }

  /// The same without the case of an enum, which may be another one in the next element.
  func placeLabel(of edge: HeapEdge) -> String {
    let type = types[Int(typeOf[edge.source])]
    return switch edge.label {
    case .slot where isHashElement(edge.label, in: typeOf[edge.source]): "[...]"
    case .slot(let slot), .rawSlot(let slot): type.label(at: slot * 8)
    case .element(let number): "[\(number)]"
    case .text(let number): labels[number].pathText
    }
  }

  /// What is known of few objects, looked up. Complexity: O(log n).
  func figure(of object: Int, in column: [ObjectFigure]) -> UInt64? {
    var low = 0
    var high = column.count
    while low < high {
      let middle = (low + high) / 2
      if column[middle].object < UInt32(object) { low = middle + 1 } else { high = middle }
    }
    return low < column.count && column[low].object == UInt32(object) ? column[low].figure : nil
  }

  // These read one column; a HeapObject holds the whole image, which is too much for loops.
  package func type(of object: Int) -> HeapType { types[Int(typeOf[object])] }

  package func typeNumber(of object: Int) -> Int { Int(typeOf[object]) }

  package func address(of object: Int) -> UInt64 { addresses[object] }

  package func edgeCount(from object: Int) -> Int { Int(edgeStart[object + 1] - edgeStart[object]) }

  /// The calls that an object was born by, the innermost first, one on each line; nil when they are not known.
  package func birth(of object: Int) -> String? {
    births.isEmpty ? nil : figure(of: object, in: births).map { labels[Int($0)].text }
  }

  /// The label that an object has a name of its own from.
  package func nameLabel(of object: Int) -> Int? { figure(of: object, in: names).map { Int($0) } }

  /// A number that tells what an object's name is made of. Equal numbers are equal names; names may be equal all the
  /// same.
  func nameKey(of object: Int) -> Int { nameLabel(of: object).map { 2 * $0 + 1 } ?? 2 * Int(typeOf[object]) }

  package func name(of object: Int) -> String {
    figure(of: object, in: names).map { labels[Int($0)].text } ?? types[Int(typeOf[object])].name
  }

  package func bytes(of object: Int) -> Int { Int(usable[object]) * 8 }

  package func requestedBytes(of object: Int) -> Int? {
    slack[object] == 0 ? nil : bytes(of: object) - Int(slack[object] - 1)
  }
}
