// SPDX-License-Identifier: Apache-2.0

/// A reference from one object of an image to another.
public struct HeapEdge: Sendable, Hashable {
  /// What the reference does to its target, and how sure it is. The raw values stand in the file.
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// Holds its target, and is counted by it.
    case certain
    /// A word that looks like a reference: a guessed tail, a pointer of a library, a task's frame. It proves nothing.
    case uncertain
    /// A weak reference.
    case weak
    /// An unowned reference.
    case unowned

    /// Whether it keeps its target alive, as far as anybody can tell.
    public var isStrong: Bool { rawValue < 2 }
  }

  /// Where in its source the reference lies. A number each, so that millions of edges have one.
  public enum Label: Sendable, Hashable {
    /// In the object itself: the offset in bytes / 8. The type's fields and tail have its name.
    case slot(Int)
    /// What the image's label of this number says: a dictionary's key, a capture.
    case text(Int)
    /// In a raw block that a pointer in this slot leads to.
    case rawSlot(Int)
    /// In the element of this number.
    case element(Int)
  }

  /// The number of the object that refers.
  public var source: Int
  /// The number of the object that is referred to.
  public var target: Int
  /// What the reference does.
  public var kind: Kind
  /// Where it lies.
  public var label: Label
  /// The number of the label of a function: the target is all that it captured, so that the reference is a closure.
  public var function: Int?
  /// The number of the label of an enum's case: the reference stands in its payload, in an array's element, a capture
  /// or a box. Of stored properties ``label`` has the case.
  public var enumCase: Int?

  /// An edge of these properties.
  public init(
    from source: Int, to target: Int, kind: Kind = .certain, label: Label, function: Int? = nil, enumCase: Int? = nil
  ) {
    self.source = source
    self.target = target
    self.kind = kind
    self.label = label
    self.function = function
    self.enumCase = enumCase
  }
}

/// Kind and label of an edge in 32 bits: the kind in bits 0 and 1, the label's form in bits 2 and 3, its number above.
struct EdgeCode: Hashable {
  /// Numbers are below this.
  static let numberLimit = 1 << 28

  /// The forms of a label.
  enum Form: UInt32 { case slot, text, rawSlot, element }

  var bits: UInt32

  init(bits: UInt32) { self.bits = bits }

  /// A number that does not fit is cut to the largest one.
  init(kind: UInt32, form: Form, number: Int) {
    bits = UInt32(min(max(number, 0), Self.numberLimit - 1)) << 4 | form.rawValue << 2 | kind & 3
  }

  init(_ kind: HeapEdge.Kind, _ label: HeapEdge.Label) {
    let raw = UInt32(kind.rawValue)
    switch label {
    case .slot(let number): self.init(kind: raw, form: .slot, number: number)
    case .text(let number): self.init(kind: raw, form: .text, number: number)
    case .rawSlot(let number): self.init(kind: raw, form: .rawSlot, number: number)
    case .element(let number): self.init(kind: raw, form: .element, number: number)
    }
  }

  var isCertain: Bool { bits & 3 == 0 }
  var isStrong: Bool { bits & 3 < 2 }
  var kind: HeapEdge.Kind { HeapEdge.Kind(rawValue: UInt8(truncatingIfNeeded: bits & 3)) ?? .certain }
  var form: Form { Form(rawValue: bits >> 2 & 3) ?? .slot }
  var number: Int { Int(bits >> 4) }

  var label: HeapEdge.Label {
    switch form {
    case .slot: .slot(number)
    case .text: .text(number)
    case .rawSlot: .rawSlot(number)
    case .element: .element(number)
    }
  }
}
