// SPDX-License-Identifier: Apache-2.0

extension ExportBuffer {
  /// A member's name, which is ours, with the colon.
  package mutating func key(_ name: StaticString) {
    add("\"")
    add(name)
    add("\":")
  }

  /// The name of a member that is not the first.
  package mutating func nextKey(_ name: StaticString) {
    add(",")
    key(name)
  }

  package mutating func string(_ text: String?) {
    guard let text else { return add("null") }
    add("\"")
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": add("\\\"")
      case "\\": add("\\\\")
      case " "..."~": add(UInt8(scalar.value))
      case _ where Self.isInvisible(scalar):
        for unit in UTF16.encode(scalar)! { escape(unit) }
      default: bytes(of: scalar)
      }
    }
    add("\"")
  }

  private mutating func bytes(of scalar: Unicode.Scalar) {
    for byte in UTF8.encode(scalar)! { add(byte) }
  }

  private mutating func escape(_ unit: UInt16) {
    let digits = String(unit, radix: 16)
    add("\\u")
    for _ in digits.utf8.count..<4 { add("0") }
    add(digits)
  }

  /// What would be taken as a command by a terminal, or shown as something else than it is: JSON says the same with an
  /// escape.
  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .unassigned, .privateUse: true
    default: false
    }
  }

  /// The shortest text that is read as the same number; JSON has no infinities and no NaN.
  package mutating func number(_ value: Double) { add(value.isFinite ? "\(value)" : "null") }

  package mutating func seconds(_ duration: Duration?) {
    if let duration { addSeconds(duration) } else { add("null") }
  }
}
