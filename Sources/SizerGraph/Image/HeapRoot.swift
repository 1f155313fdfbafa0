// SPDX-License-Identifier: Apache-2.0

/// A reference from outside the heap to an object.
public struct HeapRoot: Sendable, Hashable {
  /// Where it lies. The raw values stand in the file.
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// Somewhere else.
    case other
    /// A global or static variable.
    case global
    /// The stack of a thread that ran: all of it, for nobody knows where the part in use begins. What calls that have
    /// ended left there is among the words.
    case stack
    /// A task's frame.
    case task
    /// Memory of C libraries.
    case cMemory
    /// The Swift runtime.
    case runtime
    /// The part in use of the stack of a thread that slept, or of the one that took the image; and its own variables.
    case stackInUse

    /// Whether the place is surely in use. If not, a word there may be left from before.
    public var isExact: Bool { self != .stack && self != .cMemory && self != .other }
  }

  /// Where it lies.
  public var kind: Kind
  /// What it does to the object.
  public var reference: HeapEdge.Kind
  /// The number of the object.
  public var object: Int
  /// The number of the label with the symbol, the thread or the function.
  public var label: Int?
  /// Bytes from the symbol's begin.
  public var offset: Int

  /// A root.
  public init(_ kind: Kind, of object: Int, reference: HeapEdge.Kind = .certain, label: Int? = nil, offset: Int = 0) {
    self.kind = kind
    self.reference = reference
    self.object = object
    self.label = label
    self.offset = offset
  }
}
