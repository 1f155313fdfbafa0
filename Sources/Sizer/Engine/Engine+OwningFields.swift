// SPDX-License-Identifier: Apache-2.0
import CSizer

extension Engine {
  static func registerOwningField(
    _ field: String, of type: any (~Copyable).Type, elements: (any (~Copyable).Type)?, count: String?
  ) throws(SizerError) {
    let operation =
      elements == nil ? "HeapSizer.registerOwningField(_:of:)" : "HeapSizer.registerOwningField(_:of:elements:count:)"
    let metadata = metadata(of: type)
    let isPointer = csizer_owning_field_standing(metadata, field) == CSIZER_FIELD_POINTER
    try require(isPointer, "no stored pointer \"\(field)\"", operation)
    if let count {
      let isInteger = csizer_owning_field_standing(metadata, count) == CSIZER_FIELD_INTEGER
      try require(isInteger, "no stored Int \"\(count)\"", operation)
    }
    let rule = elements == nil ? CSIZER_OWNS_BLOCK : CSIZER_OWNS_VALUES
    try register(metadata, field, rule, element: elements.map { self.metadata(of: $0) }, count: count, operation)
  }

  static func registerBorrowingField(_ field: String, of type: any (~Copyable).Type) throws(SizerError) {
    let operation = "HeapSizer.registerBorrowingField(_:of:)"
    let metadata = metadata(of: type)
    let isThere = csizer_owning_field_standing(metadata, field) != CSIZER_FIELD_MISSING
    try require(isThere, "no stored property \"\(field)\"", operation)
    try register(metadata, field, CSIZER_BORROWS, operation)
  }

  static func registerTailCount(of type: AnyClass, header: Any.Type, field: String?) throws(SizerError) {
    let operation = field == nil ? "HeapSizer.registerTailCount(of:)" : "HeapSizer.registerTailCount(of:in:)"
    if let field {
      let isInteger = csizer_owning_field_standing(metadata(of: header), field) == CSIZER_FIELD_INTEGER
      try require(isInteger, "a header without a stored Int \"\(field)\"", operation)
    } else {
      try require(header == Int.self, "a header that is no Int", operation)
    }
    try register(metadata(of: type), CSIZER_TAIL_HEADER, CSIZER_COUNTS_TAIL, count: field, operation)
  }

  /// A row of the engine's table. An element that is one of the type's generic arguments is named by its number, so
  /// that the row is true of every instance of the generic type.
  private static func register(
    _ metadata: UnsafeRawPointer, _ field: String, _ rule: csizer_owning_rule, element: UnsafeRawPointer? = nil,
    count: String? = nil, _ operation: String
  ) throws(SizerError) {
    let status = withTypeName(metadata) { name in
      field.withCString { field in
        withOptionalCString(count) { count in
          var row = csizer_owning_field()
          row.type = name
          row.declared_by = metadata
          row.field = field
          row.rule = rule
          row.element = element
          let argument = element.map { csizer_owning_argument(metadata, $0) }
          if let argument, argument != CSIZER_NO_ARGUMENT {
            row.argument = argument
            row.element = nil
          }
          row.count = count
          return csizer_owning_field_register(&row)
        }
      }
    }
    try check(status, operation: operation)
    forgetLayouts()
  }

  private static func require(_ holds: Bool, _ complaint: String, _ operation: String) throws(SizerError) {
    guard holds else {
      throw SizerError(
        .invalidArgument, operation, "the type declares \(complaint)",
        advice: "name one of its own stored properties, not an inherited or computed one")
    }
  }

  /// A metatype is the address of the type's metadata.
  private static func metadata(of type: any (~Copyable).Type) -> UnsafeRawPointer {
    unsafeBitCast(type, to: UnsafeRawPointer.self)
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
