// SPDX-License-Identifier: Apache-2.0

/// Everything that a naive measurement or tracker would call; each call ends the test and says what was called.
package final class Tripwire: Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable,
  CustomLeafReflectable, Comparable, Encodable
{
  private let name = text()
  /// False while the test itself needs hashes: a dictionary may compare its keys.
  package var isArmed: Bool
  private var computed: String { trip("an accessor") }
  package lazy var untouched: String = { trip("a lazy property") }()

  package init(isArmed: Bool = true) { self.isArmed = isArmed }

  package var description: String { trip("description") }
  package var debugDescription: String { trip("debugDescription") }
  package var customMirror: Mirror { trip("customMirror") }
  package func hash(into hasher: inout Hasher) {
    if isArmed { trip("hash(into:)") }
    hasher.combine(name)
  }
  package static func == (one: Tripwire, other: Tripwire) -> Bool {
    if one.isArmed { trip("==") }
    return one === other
  }
  package static func < (one: Tripwire, other: Tripwire) -> Bool { trip("<") }
  package func encode(to encoder: any Encoder) throws { trip("encode(to:)") }
  package subscript(index: Int) -> Int { trip("a subscript") }
}

/// Says that code of the measured program's ran, which must not.
package func trip(_ what: String) -> Never { fatalError("\(what) of a measured value was called") }

/// Where an object lies. Who has only its address holds no reference to it.
@inline(never)
package func address(of object: AnyObject) -> UnsafeRawPointer {
  UnsafeRawPointer(Unmanaged.passUnretained(object).toOpaque())
}

/// The second word of an object: its reference counts.
@inline(never)
package func referenceCountWord(at object: UnsafeRawPointer) -> UInt64 {
  object.load(fromByteOffset: 8, as: UInt64.self)
}
