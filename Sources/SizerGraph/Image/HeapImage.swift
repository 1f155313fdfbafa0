// SPDX-License-Identifier: Apache-2.0

/// All that lived in a process at one moment: objects, what they refer to, and who holds them from outside. A value
/// that needs no process.
///
/// Objects have numbers from 0, ascending by address. What belongs to one object is spread over columns, 30 bytes for
/// an
/// object and 8 for an edge, so that an image of ten million objects fits and is passed through in the order of memory.
/// Images come from ``init(decoding:)`` or from a ``HeapImageBuilder``; all numbers in them were checked.
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
    /// Its layout is unknown: what it refers to is not told.
    public static let unresolved = Flags(rawValue: 16)
    /// It has a side table.
    public static let sideTable = Flags(rawValue: 32)
    /// A collection without elements.
    public static let emptyCollection = Flags(rawValue: 64)
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

  init() {}

  /// Gives each type another name: the process knows better what to call a type than the engine that wrote the image.
  package mutating func renameTypes(_ name: (String) -> String) {
    for number in types.indices { types[number].name = name(types[number].name) }
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

  func edge(at index: Int, from source: Int) -> HeapEdge {
    let code = EdgeCode(bits: edgeCode[index])
    return HeapEdge(from: source, to: Int(edgeTarget[index]), kind: code.kind, label: code.label)
  }

  /// What a path shows for an edge: `.history`, `["user37"]`, `[28]`.
  public func label(of edge: HeapEdge) -> String {
    let type = types[Int(typeOf[edge.source])]
    return switch edge.label {
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
  func type(of object: Int) -> HeapType { types[Int(typeOf[object])] }

  func name(of object: Int) -> String {
    figure(of: object, in: names).map { labels[Int($0)].text } ?? types[Int(typeOf[object])].name
  }

  func bytes(of object: Int) -> Int { Int(usable[object]) * 8 }

  func requestedBytes(of object: Int) -> Int? {
    slack[object] == 0 ? nil : bytes(of: object) - Int(slack[object] - 1)
  }
}
