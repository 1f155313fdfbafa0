// SPDX-License-Identifier: Apache-2.0

/// All leaked groups of one shape: objects that hold one another, and what hangs below them.
public struct LeakGroup: Sendable, Hashable {
  /// How sure it is that the objects are leaked.
  public enum Grade: String, Sendable, Hashable, CaseIterable {
    /// Two images of a frozen process agree, between which each thread went on: nothing outside holds a group or can
    /// see it.
    case proved
    /// Nothing outside holds it; but a weak or unowned reference or a global variable still sees it:
    /// ``LeakGroup/observers``.
    case visible
    /// Closed in one image only, or closed only if edges count that are not sure.
    case suspected
  }

  /// Calls that objects of the groups were born in.
  public struct Birth: Sendable, Hashable {
    /// How many of the objects.
    public var count: Int
    /// The calls, the innermost first: `Session.init(user:) at Session.swift:31`.
    public var frames: [String]

    /// So many births in these calls.
    public init(count: Int, frames: [String]) {
      self.count = count
      self.frames = frames
    }
  }

  /// How sure it is.
  public var grade: Grade
  /// Groups of this shape.
  public var groupCount: Int
  /// Objects in all of them, with those that hang below.
  public var objectCount: Int
  /// Usable bytes of these and of their raw blocks.
  public var bytes: Int
  /// The types of the objects that hold one another, sorted.
  public var typeNames: [String]
  /// A shortest cycle in one of the groups. Without steps when uncertain edges of other leaks hold the group.
  public var cycle: HeapPath
  /// The shape as a number: of the types' names and the references' labels, the same in each run and each build.
  public var signature: String
  /// Of all objects of all groups of this shape, ascending.
  public var addresses: [UInt]
  /// What still sees one of the groups; empty if nothing does.
  public var observers: [String]
  /// Where the objects were made, as far as somebody recorded it: of classes that were tracked with traces. The places
  /// of most births come first.
  public var births: [Birth]

  /// A group of these properties.
  public init(
    grade: Grade, groupCount: Int, objectCount: Int, bytes: Int, typeNames: [String], cycle: HeapPath,
    signature: String, addresses: [UInt], observers: [String] = [], births: [Birth] = []
  ) {
    self.grade = grade
    self.groupCount = groupCount
    self.objectCount = objectCount
    self.bytes = bytes
    self.typeNames = typeNames
    self.cycle = cycle
    self.signature = signature
    self.addresses = addresses
    self.observers = observers
    self.births = births
  }
}
