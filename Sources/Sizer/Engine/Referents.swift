// SPDX-License-Identifier: Apache-2.0
import CSizer

/// Owns the engine's builder of trees of named referents.
struct Referents: ~Copyable {
  private let handle: OpaquePointer

  /// Keys are shown only when they are of a type whose text costs no code of the program.
  static var keys: csizer_key_types {
    // A metatype is the address of the type's metadata.
    csizer_key_types(
      text: unsafeBitCast(String.self, to: UnsafeRawPointer.self),
      integer: unsafeBitCast(Int.self, to: UnsafeRawPointer.self))
  }

  init(operation: String) throws(SizerError) {
    var made: OpaquePointer?
    try Engine.check(csizer_referents_create(Referents.keys, &made), operation: operation)
    handle = made!
  }

  deinit {
    csizer_referents_destroy(handle)
  }

  /// The tree of a value, all of it; its own name is empty.
  func tree(
    ofValueAt value: UnsafeRawPointer, type: UnsafeRawPointer, depth: Int, in walk: borrowing Walk
  ) throws(SizerError) -> SizeNode {
    try walk.build(handle, valueAt: value, metadata: type, depth: depth)
    let count = csizer_referents_write(handle, false, nil, 0)
    return withUnsafeTemporaryAllocation(byteCount: count, alignment: 8) { room in
      _ = csizer_referents_write(handle, false, room.baseAddress, count)
      var reader = ReferentReader()
      return reader.tree(in: UnsafeRawBufferPointer(room))
    }
  }
}

/// Reads trees as the engine writes them (csizer_referents.h).
struct ReferentReader {
  private var names: [UnsafeRawPointer: String] = [:]

  /// The one tree that these bytes are.
  mutating func tree(in bytes: UnsafeRawBufferPointer) -> SizeNode {
    var offset = 0
    return node(in: bytes, at: &offset)
  }

  /// As deep as the tree, which has a bound.
  private mutating func node(in bytes: UnsafeRawBufferPointer, at offset: inout Int) -> SizeNode {
    let part = bytes.loadUnaligned(fromByteOffset: offset, as: csizer_referent.self)
    let textStart = offset + MemoryLayout<csizer_referent>.size
    let text = bytes[textStart..<textStart + Int(part.text_bytes)]
    offset = textStart + (Int(part.text_bytes) + 7) & ~7
    var node = SizeNode(
      name: name(of: part, text), typeName: part.type.map { name(of: $0) } ?? "", bytes: Int(part.bytes),
      flatBytes: Int(part.flat_bytes))
    while offset < bytes.count,
      bytes.loadUnaligned(fromByteOffset: offset, as: csizer_referent.self).level > part.level
    {
      node.children.append(self.node(in: bytes, at: &offset))
    }
    return node
  }

  private func name(of part: csizer_referent, _ text: Slice<UnsafeRawBufferPointer>) -> String {
    switch csizer_naming(rawValue: UInt32(part.naming)) {
    case CSIZER_NAMED_FIELD: part.name.map { String(cString: $0) } ?? ""
    case CSIZER_NAMED_TEXT_KEY: "[\(String(decoding: text, as: UTF8.self))]"
    case CSIZER_NAMED_CUT_KEY: "[\(String(decoding: text, as: UTF8.self))…]"
    case CSIZER_NAMED_REST: "(\(part.number) more)"
    default: "[\(part.number)]"
    }
  }

  private mutating func name(of type: UnsafeRawPointer) -> String {
    if let known = names[type] { return known }
    // The engine has compiled the type's layout: it is metadata, whose address is the metatype.
    let name = typeName(of: unsafeBitCast(type, to: Any.Type.self))
    names[type] = name
    return name
  }
}
