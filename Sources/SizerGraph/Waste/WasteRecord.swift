// SPDX-License-Identifier: Apache-2.0

/// Memory that one type, under one holder, has and does not need.
public struct WasteRecord: Sendable, Hashable {
  /// Why it is not needed.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// The allocator's size classes add it to what was asked for.
    case slack
    /// Capacity of collections that holds no elements.
    case unusedCapacity
    /// Strings and arrays with the content of another one.
    case duplicates
    /// Buffers that only views of small parts keep alive.
    case pinnedBuffers
    /// Collections without elements that have storage of their own.
    case emptyCollections
    /// Instances that would fit the next smaller size class if they lost ``WasteRecord/excessBytes``.
    case largerClass
  }

  /// Why it is not needed.
  public var kind: Kind
  /// What the objects are.
  public var typeName: String
  /// What refers to them: the type and the property, `App.Store.sessions`, through the storages of arrays, dictionaries
  /// and boxes, `App.Store.chunks[]`; empty when nothing that is known does.
  public var holder: String
  /// Objects.
  public var count: Int
  /// Bytes that would be saved.
  public var wastedBytes: Int
  /// Bytes of these objects, of which those are a part; raw blocks count where they are what is wasted.
  public var totalBytes: Int
  /// How many bytes each instance has too many for the next smaller size class; 0 for other kinds.
  public var excessBytes: Int

  /// A record of these figures.
  public init(
    kind: Kind, typeName: String, holder: String, count: Int, wastedBytes: Int, totalBytes: Int, excessBytes: Int = 0
  ) {
    self.kind = kind
    self.typeName = typeName
    self.holder = holder
    self.count = count
    self.wastedBytes = wastedBytes
    self.totalBytes = totalBytes
    self.excessBytes = excessBytes
  }
}
