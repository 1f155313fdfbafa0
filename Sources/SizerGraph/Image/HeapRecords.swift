// SPDX-License-Identifier: Apache-2.0

/// A text that edges, roots and tasks refer to by number.
public struct HeapLabel: Sendable, Hashable {
  /// What the text is. The raw values stand in the file.
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// As it is.
    case plain
    /// A stored property.
    case property
    /// A dictionary's key.
    case key
    /// A case of an enum.
    case enumCase
    /// A global or static variable's symbol.
    case symbol
    /// A function.
    case function
    /// A thread's name.
    case thread
  }

  /// What the text is.
  public var kind: Kind
  /// The text.
  public var text: String

  /// A label.
  public init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }

  /// As it stands in a path: `.history`, `["key"]`, or the text.
  public var pathText: String {
    switch kind {
    case .property, .enumCase: "." + text
    case .key: "[\"" + text + "\"]"
    case .plain, .symbol, .function, .thread: text
    }
  }
}

/// A raw block, under the object that owns it.
public struct HeapRawBlock: Sendable, Hashable {
  /// The number of the owner.
  public var owner: Int
  /// Bytes that the allocator set aside.
  public var bytes: Int
  /// Bytes that were asked for; nil if unknown.
  public var requestedBytes: Int?
  /// The number of a label that says what it is.
  public var label: Int?

  /// A raw block.
  public init(owner: Int, bytes: Int, requestedBytes: Int? = nil, label: Int? = nil) {
    self.owner = owner
    self.bytes = bytes
    self.requestedBytes = requestedBytes
    self.label = label
  }
}

/// A rung of the account of the process's memory.
public struct HeapRung: Sendable, Hashable {
  /// What it is.
  public var name: String
  /// May be negative.
  public var bytes: Int

  /// A rung.
  public init(name: String, bytes: Int) {
    self.name = name
    self.bytes = bytes
  }
}

/// A view of a part of a buffer, which keeps the whole buffer alive.
public struct HeapSlice: Sendable, Hashable {
  /// The number of the buffer's object.
  public var buffer: Int
  /// The number of the object that has the view in it; nil when a root has.
  public var holder: Int?
  /// Bytes that the view shows.
  public var usedBytes: Int
  /// The label of what the view is.
  public var label: Int?

  /// A view.
  public init(buffer: Int, holder: Int?, usedBytes: Int, label: Int? = nil) {
    self.buffer = buffer
    self.holder = holder
    self.usedBytes = usedBytes
    self.label = label
  }
}

/// A number that some objects have and most have not.
struct ObjectFigure: Sendable, Hashable {
  var object: UInt32
  var figure: UInt64
}
