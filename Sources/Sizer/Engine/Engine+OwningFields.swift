// SPDX-License-Identifier: Apache-2.0
import CSizer

extension Engine {
  static func registerOwningField(
    _ field: String, of type: any (~Copyable).Type, elements: (any (~Copyable).Type)?, count: String?
  ) throws(SizerError) {
    // A metatype is the address of the type's metadata.
    let metadata = unsafeBitCast(type, to: UnsafeRawPointer.self)
    try require(csizer_owning_field_standing(metadata, field) == CSIZER_FIELD_POINTER, "no stored pointer \"\(field)\"")
    if let count {
      try require(csizer_owning_field_standing(metadata, count) == CSIZER_FIELD_INTEGER, "no stored Int \"\(count)\"")
    }
    let status = withTypeName(metadata) { name in
      field.withCString { field in
        withOptionalCString(count) { count in
          var row = csizer_owning_field()
          row.type = name
          row.declared_by = metadata
          row.field = field
          row.rule = elements == nil ? CSIZER_OWNS_BLOCK : CSIZER_OWNS_VALUES
          row.element = elements.map { unsafeBitCast($0, to: UnsafeRawPointer.self) }
          let argument = row.element.map { csizer_owning_argument(metadata, $0) }
          if let argument, argument != CSIZER_NO_ARGUMENT {
            row.argument = argument
            row.element = nil
          }
          row.count = count
          return csizer_owning_field_register(&row)
        }
      }
    }
    try check(status, place: registration)
    forgetLayouts()
  }

  static func registerBorrowingField(_ field: String, of type: any (~Copyable).Type) throws(SizerError) {
    let metadata = unsafeBitCast(type, to: UnsafeRawPointer.self)
    let place = "HeapSizer.registerBorrowingField"
    let isThere = csizer_owning_field_standing(metadata, field) != CSIZER_FIELD_MISSING
    try require(isThere, "no stored property \"\(field)\"", place: place)
    try register(metadata, field, CSIZER_BORROWS, count: nil, place: place)
  }

  static func registerTailCount(of type: AnyClass, header: Any.Type, field: String?) throws(SizerError) {
    let place = "HeapSizer.registerTailCount"
    if let field {
      let standing = csizer_owning_field_standing(unsafeBitCast(header, to: UnsafeRawPointer.self), field)
      try require(standing == CSIZER_FIELD_INTEGER, "a header without a stored Int \"\(field)\"", place: place)
    } else {
      try require(header == Int.self, "a header that is no Int", place: place)
    }
    let metadata = unsafeBitCast(type, to: UnsafeRawPointer.self)
    try register(metadata, CSIZER_TAIL_HEADER, CSIZER_COUNTS_TAIL, count: field, place: place)
  }

  private static func register(
    _ metadata: UnsafeRawPointer, _ field: String, _ rule: csizer_owning_rule, count: String?, place: String
  ) throws(SizerError) {
    let status = withTypeName(metadata) { name in
      field.withCString { field in
        withOptionalCString(count) { count in
          var row = csizer_owning_field()
          row.type = name
          row.declared_by = metadata
          row.field = field
          row.rule = rule
          row.count = count
          return csizer_owning_field_register(&row)
        }
      }
    }
    try check(status, place: place)
    forgetLayouts()
  }

  private static let registration = "HeapSizer.registerOwningField"

  private static func require(
    _ holds: Bool, _ complaint: String, place: String = registration
  ) throws(SizerError) {
    guard holds else {
      throw SizerError(
        code: .invalidArgument,
        message:
          "the type declares \(complaint); name one of its own stored properties, not an inherited or computed one",
        place: place)
    }
  }

  private static func withTypeName<Result>(
    _ metadata: UnsafeRawPointer, _ body: (UnsafePointer<CChar>) -> Result
  ) -> Result {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CSIZER_TYPE_NAME_BYTES)) { buffer in
      csizer_owning_type_name(metadata, buffer.baseAddress!, buffer.count)
      return body(buffer.baseAddress!)
    }
  }

  private static func withOptionalCString<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result
  {
    guard let text else { return body(nil) }
    return text.withCString(body)
  }
}
