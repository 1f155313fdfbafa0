// SPDX-License-Identifier: Apache-2.0

/// One named referent of an object, with what hangs below it.
public struct SizeNode: Sendable, Hashable, Codable {
  /// The stored property's or the enum case's name, `[3]` for an element, `[key]` for a dictionary's value (at most 256
  /// bytes of a text); the type's name at the root.
  public var name: String
  /// The dynamic type, fully qualified.
  public var typeName: String
  /// Usable bytes of this referent and of all below it that no earlier node has counted.
  public var bytes: Int
  /// Usable bytes of the blocks that belong to this referent itself.
  public var flatBytes: Int
  /// The referents one level down, in the order of their declaration; empty below the asked-for depth.
  public var children: [SizeNode]

  /// A node of these figures.
  public init(name: String, typeName: String, bytes: Int, flatBytes: Int, children: [SizeNode] = []) {
    self.name = name
    self.typeName = typeName
    self.bytes = bytes
    self.flatBytes = flatBytes
    self.children = children
  }
}
