// SPDX-License-Identifier: Apache-2.0
import CSizer

/// Builds the tree of named referents. Recursion is as deep as the caller asked for, which has a bound, never as deep as the data.
///
/// A referent's blocks are marked before its children are built, so that a child that refers back counts them no second time,
/// and followed after, so that what no member names (captures, tasks) is the referent's own.
struct TreeBuilder: ~Copyable {
  let walk: Walk
  /// Objects whose members have been named: cycles end there.
  private var named: Set<UnsafeRawPointer> = []

  /// Whether objects that something else has counted are left closed: tracked objects are, in the trees of those that refer to them.
  private var staysOutOfOthers = false

  init(walk: consuming Walk) {
    self.walk = walk
  }

  /// The tree of an object that is marked as seen and not counted yet, without a name; other marked objects are not entered.
  mutating func tree(ofMarkedObjectAt object: UnsafeRawPointer, depth: Int) throws(SizerError) -> SizeNode {
    staysOutOfOthers = true
    named = [object]
    let before = walk.totals.bytes
    let flat = walk.flatBytes(of: UInt(bitPattern: object))
    let reference: UnsafeRawPointer = object
    var children: [SizeNode] = []
    try withUnsafePointer(to: reference) { (value) throws(SizerError) in
      let value = UnsafeRawPointer(value)
      let type = unsafeBitCast(AnyObject.self as Any.Type, to: UnsafeRawPointer.self)
      children = try self.children(ofValueAt: value, type: type, depth: depth)
    }
    try walk.follow(UInt(bitPattern: object))
    return SizeNode(
      name: "", typeName: "", bytes: walk.totals.bytes - before, flatBytes: flat, children: children)
  }

  mutating func node(
    name: String, valueAt value: UnsafeRawPointer, type: UnsafeRawPointer, depth: Int
  ) throws(SizerError) -> SizeNode {
    let before = walk.totals.bytes
    let objects = try walk.collect(valueAt: value, metadata: type)
    let flat = walk.totals.bytes - before + objects.reduce(0) { $0 + walk.flatBytes(of: $1) }
    var children: [SizeNode] = []
    let object = csizer_member_object(walk.layouts.handle, value, type)
    let isAnothers = staysOutOfOthers && object != nil && objects.isEmpty
    if depth > 0, !isAnothers, object.map({ named.insert($0).inserted }) ?? true {
      children = try self.children(ofValueAt: value, type: type, depth: depth)
    }
    for object in objects { try walk.follow(object) }
    return SizeNode(
      name: name, typeName: typeName(ofValueAt: value, type: type), bytes: walk.totals.bytes - before, flatBytes: flat,
      children: children)
  }

  private mutating func children(
    ofValueAt value: UnsafeRawPointer, type: UnsafeRawPointer, depth: Int
  ) throws(SizerError) -> [SizeNode] {
    var children: [SizeNode] = []
    for member in try members(ofValueAt: value, type: type) {
      children.append(try node(name: member.name, valueAt: member.value, type: member.type, depth: depth - 1))
    }
    return children
  }

  private func typeName(ofValueAt value: UnsafeRawPointer, type: UnsafeRawPointer) -> String {
    let dynamic = csizer_member_dynamic_type(walk.layouts.handle, value, type)!
    return _typeName(unsafeBitCast(dynamic, to: Any.Type.self), qualified: true)
  }

  private struct Member {
    var name: String
    var value: UnsafeRawPointer
    var type: UnsafeRawPointer
  }

  private func members(ofValueAt value: UnsafeRawPointer, type: UnsafeRawPointer) throws(SizerError) -> [Member] {
    var found: [Member] = []
    let status = withUnsafeMutablePointer(to: &found) { found in
      csizer_members_visit(
        walk.layouts.handle, value, type,
        { context, member in
          let found = context!.assumingMemoryBound(to: [Member].self)
          let member = member!.pointee
          found.pointee.append(Member(name: TreeBuilder.name(of: member), value: member.value, type: member.type))
        }, found)
    }
    try Engine.check(status, place: "HeapSizer.tree(of:depth:)")
    return found
  }

  /// A key is shown only when it is of a type whose text costs no code of the program.
  private static func name(of member: csizer_member) -> String {
    if let name = member.name { return String(cString: name) }
    if let key = member.key, let type = member.key_type {
      let type = unsafeBitCast(type, to: Any.Type.self)
      if type == String.self { return "[\(key.assumingMemoryBound(to: String.self).pointee)]" }
      if type == Int.self { return "[\(key.assumingMemoryBound(to: Int.self).pointee)]" }
    }
    return "[\(member.index)]"
  }
}
