// SPDX-License-Identifier: Apache-2.0

/// What a heap object is: a class, a closure's context, an array's storage, with the names of what it refers to.
public struct HeapType: Sendable, Hashable {
  /// The families of heap objects. The raw values stand in the file (`Documents/heap-image.md`).
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// Anything else.
    case other
    /// An instance of a class.
    case classInstance
    /// What a closure captured.
    case closureContext
    /// A box: a captured variable, the payload of an indirect case, a large value in an existential.
    case box
    /// The storage of an array.
    case arrayStorage
    /// The storage of a dictionary or a set.
    case hashStorage
    /// The storage of a string.
    case stringStorage
    /// A task.
    case task
    /// A side table: weak references and counts that do not fit elsewhere.
    case sideTable
    /// A managed buffer, whose tail may be a guess.
    case managedBuffer
    /// A slab of a task's own allocator.
    case taskSlab
    /// An object of another runtime.
    case foreign

    /// Whether it is only there for what it holds, and says nothing to whoever reads of it.
    var isContainer: Bool { self == .arrayStorage || self == .hashStorage || self == .box || self == .managedBuffer }
  }

  /// A place in an object, or in an element of its tail, with the name that a path gives it.
  public struct Field: Sendable, Hashable {
    /// Bytes from the object's begin, or from the element's.
    public var offset: Int
    /// As it stands in a path: `.history`, `.state.loaded`, `capture 2`, `box`; empty for an element that is itself
    /// the reference.
    public var label: String

    /// A field of this name at this offset.
    public init(offset: Int, label: String) {
      self.offset = offset
      self.label = label
    }
  }

  /// Elements of one type that lie one behind the other in the object.
  public struct Tail: Sendable, Hashable {
    /// Bytes from the object's begin to the first element.
    public var offset: Int
    /// Bytes from one element to the next.
    public var stride: Int
    /// The fields of an element, ascending by offset.
    public var fields: [Field]

    /// A tail of such elements.
    public init(offset: Int, stride: Int, fields: [Field] = []) {
      self.offset = offset
      self.stride = stride
      self.fields = fields
    }
  }

  /// The full name, with the module: `App.Session`.
  public var name: String
  /// The module that declares it; empty if unknown.
  public var module: String
  /// The family.
  public var kind: Kind
  /// Bytes that an instance is asked for with, its header included; 0 when instances differ.
  public var instanceBytes: Int
  /// The fields, ascending by offset.
  public var fields: [Field]
  /// The elements behind the fields, if there are any.
  public var tail: Tail?

  /// A type of these properties.
  public init(
    name: String, module: String = "", kind: Kind = .classInstance, instanceBytes: Int = 0, fields: [Field] = [],
    tail: Tail? = nil
  ) {
    self.name = name
    self.module = module
    self.kind = kind
    self.instanceBytes = instanceBytes
    self.fields = fields
    self.tail = tail
  }

  /// What a path shows for a reference at `offset` in an object of this type: `.history`, `[28]`, `[3].name`; `+24`
  /// without a name.
  ///
  /// A reference inside a wider field (a string's object is its second word) has the name of the field that begins
  /// before it.
  /// Complexity: O(log fields).
  public func label(at offset: Int) -> String {
    if let tail, tail.stride > 0, offset >= tail.offset {
      let (element, inside) = (offset - tail.offset).quotientAndRemainder(dividingBy: tail.stride)
      return "[\(element)]" + (Self.field(at: inside, in: tail.fields) ?? "")
    }
    return Self.field(at: offset, in: fields) ?? "+\(offset)"
  }

  /// A number that tells which label a reference at `offset` has but for its element's number: as many as there are
  /// fields and words before them, however many words there are.
  func labelNumber(at offset: Int) -> Int {
    var (inside, named) = (offset, fields)
    if let tail, tail.stride > 0, offset >= tail.offset {
      (inside, named) = ((offset - tail.offset) % tail.stride, tail.fields)
    }
    guard let number = Self.number(at: inside, in: named) else { return inside / 8 }
    return named[0].offset / 8 + 1 + number
  }

  private static func field(at offset: Int, in fields: [Field]) -> String? {
    number(at: offset, in: fields).map { fields[$0].label }
  }

  /// Which field begins last at or before an offset; nil: none.
  private static func number(at offset: Int, in fields: [Field]) -> Int? {
    var low = 0
    var high = fields.count
    while low < high {
      let middle = (low + high) / 2
      if fields[middle].offset <= offset { low = middle + 1 } else { high = middle }
    }
    return low > 0 ? low - 1 : nil
  }
}
