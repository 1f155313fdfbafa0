// SPDX-License-Identifier: Apache-2.0

/// Puts an image together, object by object and edge by edge, in any order.
///
///     var builder = HeapImageBuilder()
///     let node = builder.add(HeapType(name: "App.Node", kind: .classInstance))
///     let first = builder.addObject(at: 0x1000, type: node, bytes: 32)
///     builder.addEdge(from: first, to: first, label: .slot(2))
///     print(builder.image().leaks())
///
/// For images that no engine wrote: of tests, of other tools. Numbers that make no sense are a mistake in the program
/// that builds, and end it. 46 bytes for an object with two edges, and as much again for a moment in ``image()``.
public struct HeapImageBuilder: Sendable {
  /// What is to be put together of an image but its objects and edges.
  public var info = HeapImageInfo()
  /// The threads.
  public var threads: [HeapThread] = []
  /// The account of the process's memory.
  public var ladder: [HeapRung] = []
  /// The allocator's size classes, ascending.
  public var sizeClasses: [Int] = []

  private var draft = HeapImage()
  private var sources: [UInt32] = []
  private var labelNumbers: [HeapLabel: Int] = [:]

  /// Nothing yet.
  public init() {}

  /// Adds a type, and returns its number.
  public mutating func add(_ type: HeapType) -> Int {
    draft.types.append(type)
    return draft.types.count - 1
  }

  /// The number of a label, which is added when it is new.
  public mutating func label(_ kind: HeapLabel.Kind, _ text: String) -> Int {
    let label = HeapLabel(kind, text)
    if let number = labelNumbers[label] { return number }
    labelNumbers[label] = draft.labels.count
    draft.labels.append(label)
    return draft.labels.count - 1
  }

  /// Adds an object, and returns a number for ``addEdge(from:to:kind:label:function:enumCase:)`` and its like. No two
  /// have one address.
  /// - Parameters:
  ///   - address: Where it is; a multiple of 8.
  ///   - type: The number of its type.
  ///   - bytes: Usable bytes; a multiple of 8, less than 2^35.
  ///   - requestedBytes: What was asked for, if that is known.
  ///   - strongCount: Its strong references, as the runtime counts them.
  ///   - unownedCount: Its unowned references, without the one that all strong ones share.
  ///   - weakCount: Its weak references.
  ///   - flags: What else is known of it.
  public mutating func addObject(
    at address: UInt64, type: Int, bytes: Int, requestedBytes: Int? = nil, strongCount: Int = 1, unownedCount: Int = 0,
    weakCount: Int = 0, flags: HeapImage.Flags = []
  ) -> Int {
    precondition(address % 8 == 0 && address > 0 && bytes % 8 == 0 && bytes > 0, "addresses and sizes are in words")
    precondition(type < draft.types.count, "there is no such type")
    let number = UInt32(draft.addresses.count)
    draft.addresses.append(address)
    draft.typeOf.append(UInt32(type))
    draft.usable.append(UInt32(bytes / 8))
    draft.slack.append(requestedBytes.map { UInt32(bytes - $0 + 1) } ?? 0)
    draft.strong.append(UInt32(strongCount))
    draft.flagBits.append(flags.rawValue)
    if unownedCount > 0 { draft.unownedCounts.append(ObjectFigure(object: number, figure: UInt64(unownedCount))) }
    if weakCount > 0 { draft.weakCounts.append(ObjectFigure(object: number, figure: UInt64(weakCount))) }
    return Int(number)
  }

  /// Adds a reference. Those of one object stay in the order in which they were added.
  ///
  /// - Parameters:
  ///   - source: The number of the object that refers.
  ///   - target: The number of the object that it refers to.
  ///   - kind: How sure it is, and whether it keeps the target alive.
  ///   - label: Where in the source it is.
  ///   - function: The number of the label of the function that has captured the target and nothing else.
  ///   - enumCase: The number of the label of an enum's case, whose payload the reference is in.
  public mutating func addEdge(
    from source: Int, to target: Int, kind: HeapEdge.Kind = .certain, label: HeapEdge.Label, function: Int? = nil,
    enumCase: Int? = nil
  ) {
    if let function {
      draft.calls.append(ObjectFigure(object: UInt32(sources.count), figure: UInt64(function)))
    }
    if let enumCase {
      draft.cases.append(ObjectFigure(object: UInt32(sources.count), figure: UInt64(enumCase)))
    }
    sources.append(UInt32(source))
    draft.edgeTarget.append(UInt32(target))
    draft.edgeCode.append(EdgeCode(kind, label).bits)
  }

  /// Adds a raw block.
  public mutating func add(_ block: HeapRawBlock) { draft.rawBlocks.append(block) }
  /// Adds a reference from outside.
  public mutating func add(_ root: HeapRoot) { draft.roots.append(root) }
  /// Adds a task.
  public mutating func add(_ task: HeapTask) { draft.tasks.append(task) }
  /// Adds a view.
  public mutating func add(_ slice: HeapSlice) { draft.slices.append(slice) }

  /// Gives an object a name of its own.
  public mutating func name(_ object: Int, label: Int) {
    draft.names.append(ObjectFigure(object: UInt32(object), figure: UInt64(label)))
  }

  /// Tells where an object was born: the label is the calls, the innermost first, each on a line.
  public mutating func setBirth(of object: Int, label: Int) {
    draft.births.append(ObjectFigure(object: UInt32(object), figure: UInt64(label)))
  }

  /// Tells how many bytes of an object's capacity hold nothing.
  public mutating func setUnusedCapacity(of object: Int, bytes: Int) {
    draft.unusedCapacity.append(ObjectFigure(object: UInt32(object), figure: UInt64(bytes)))
  }

  /// Tells the salted hash of an object's content.
  public mutating func setContentHash(of object: Int, _ hash: UInt64) {
    draft.contentHashes.append(ObjectFigure(object: UInt32(object), figure: hash))
  }

  /// The image of all that was added: objects are numbered by address. Complexity: O(n log n).
  public func image() -> HeapImage {
    var image = draft
    image.info = info
    image.threads = threads
    image.ladder = ladder
    image.sizeClasses = sizeClasses
    let order = draft.addresses.indices.sorted { draft.addresses[$0] < draft.addresses[$1] }
    for (before, after) in zip(order, order.dropFirst()) {
      precondition(draft.addresses[before] < draft.addresses[after], "two objects have one address")
    }
    var numbers = [UInt32](repeating: 0, count: order.count)
    for (number, old) in order.enumerated() { numbers[old] = UInt32(number) }
    image.addresses = order.map { draft.addresses[$0] }
    image.typeOf = order.map { draft.typeOf[$0] }
    image.usable = order.map { draft.usable[$0] }
    image.slack = order.map { draft.slack[$0] }
    image.strong = order.map { draft.strong[$0] }
    image.flagBits = order.map { draft.flagBits[$0] }
    sortEdges(of: &image, numbers)
    renumber(&image) { Int(numbers[$0]) }
    return image
  }

  /// Edges behind their sources, by counting, so that those of one object keep their order.
  private func sortEdges(of image: inout HeapImage, _ numbers: [UInt32]) {
    var next = [UInt32](repeating: 0, count: numbers.count + 1)
    for source in sources { next[Int(numbers[Int(source)]) + 1] += 1 }
    for index in 1..<next.count { next[index] += next[index - 1] }
    image.edgeStart = next
    var places: [UInt32] = []
    places.reserveCapacity(sources.count)
    for (edge, source) in sources.enumerated() {
      let number = Int(numbers[Int(source)])
      let place = Int(next[number])
      next[number] += 1
      image.edgeTarget[place] = numbers[Int(draft.edgeTarget[edge])]
      image.edgeCode[place] = draft.edgeCode[edge]
      places.append(UInt32(place))
    }
    func moved(_ column: [ObjectFigure]) -> [ObjectFigure] {
      column.map { ObjectFigure(object: places[Int($0.object)], figure: $0.figure) }.sorted { $0.object < $1.object }
    }
    image.calls = moved(draft.calls)
    image.cases = moved(draft.cases)
  }

  private func renumber(_ image: inout HeapImage, _ number: (Int) -> Int) {
    func sorted(_ column: [ObjectFigure]) -> [ObjectFigure] {
      column.map { ObjectFigure(object: UInt32(number(Int($0.object))), figure: $0.figure) }
        .sorted { $0.object < $1.object }
    }
    image.unownedCounts = sorted(draft.unownedCounts)
    image.weakCounts = sorted(draft.weakCounts)
    image.names = sorted(draft.names)
    image.unusedCapacity = sorted(draft.unusedCapacity)
    image.contentHashes = sorted(draft.contentHashes)
    image.births = sorted(draft.births)
    for index in image.rawBlocks.indices { image.rawBlocks[index].owner = number(image.rawBlocks[index].owner) }
    image.rawBlocks.sort { $0.owner < $1.owner }
    for index in image.roots.indices { image.roots[index].object = number(image.roots[index].object) }
    for index in image.tasks.indices {
      image.tasks[index].object = image.tasks[index].object.map(number)
      image.tasks[index].parent = image.tasks[index].parent.map(number)
    }
    for index in image.slices.indices {
      image.slices[index].buffer = number(image.slices[index].buffer)
      image.slices[index].holder = image.slices[index].holder.map(number)
    }
  }
}
