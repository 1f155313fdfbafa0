// SPDX-License-Identifier: Apache-2.0
import CSizer

/// Owns the engine's builder of trees of named referents.
struct Referents: ~Copyable {
  private let handle: OpaquePointer

  /// Keys are shown only when they are of a type whose text costs no code of the program.
  static var keys: csizer_key_types { csizer_referents_target_keys() }

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
  private var closures: [UInt: String] = [:]

  /// The one tree that these bytes are.
  mutating func tree(in bytes: UnsafeRawBufferPointer) -> SizeNode {
    var codes: Set<UInt> = []
    var offset = 0
    while offset < bytes.count {
      let part = Self.part(in: bytes, at: &offset)
      if let code = part.code.map({ UInt(bitPattern: $0) }), closures[code] == nil { codes.insert(code) }
    }
    closures.merge(ClosureNames.names(of: codes)) { $1 }
    offset = 0
    return node(in: bytes, at: &offset)
  }

  /// A part, and on to the next one, which begins behind its text.
  private static func part(in bytes: UnsafeRawBufferPointer, at offset: inout Int) -> csizer_referent {
    let part = bytes.loadUnaligned(fromByteOffset: offset, as: csizer_referent.self)
    offset += MemoryLayout<csizer_referent>.size + (Int(part.text_bytes) + 7) & ~7
    return part
  }

  /// As deep as the tree, which has a bound.
  private mutating func node(in bytes: UnsafeRawBufferPointer, at offset: inout Int) -> SizeNode {
    let textStart = offset + MemoryLayout<csizer_referent>.size
    let part = Self.part(in: bytes, at: &offset)
    let text = bytes[textStart..<textStart + Int(part.text_bytes)]
    let closure = part.code.flatMap { closures[UInt(bitPattern: $0)] }
    var node = SizeNode(
      name: name(of: part, text), typeName: closure ?? part.type.map { name(of: $0) } ?? "", bytes: Int(part.bytes),
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
    case CSIZER_NAMED_CAPTURE: "capture \(part.number)"
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
