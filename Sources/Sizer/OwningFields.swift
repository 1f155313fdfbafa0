// SPDX-License-Identifier: Apache-2.0

extension HeapSizer {
  /// Declares that the stored pointer `field` of `type` owns the block that it points at: the block is then counted with
  /// whatever holds the pointer, by its usable size, and its contents are not followed.
  ///
  /// No metadata says which pointers own: that is knowledge about libraries. Sizer has it for the standard library, Foundation,
  /// swift-collections and SwiftNIO; this adds yours, for the whole process, before or between walks. Registering twice
  /// changes nothing. Any thread.
  ///
  /// The pointer must be nil or come from the process's `malloc`, as `UnsafeMutablePointer.allocate(capacity:)` does. Pointers to
  /// static memory and into the calling thread's stack are noticed and own nothing.
  /// - Parameters:
  ///   - field: a stored property of a pointer or buffer pointer type, declared by `type` itself.
  ///   - type: a struct, class or actor; of a generic type all its specialisations are meant.
  /// - Throws: `invalidArgument` when the type declares no such pointer.
  public static func registerOwningField(_ field: String, of type: any (~Copyable).Type) throws(SizerError) {
    try Engine.preferringOwnStack { () throws(SizerError) in
      try Engine.registerOwningField(field, of: type, elements: nil, count: nil)
    }
  }

  /// As ``registerOwningField(_:of:)``, and the block holds values of `elements` that are followed: as many as the sibling
  /// property `count`, an `Int`, says.
  ///
  /// Of a generic type all specialisations are meant, and `elements` that is one of its arguments stands for that argument in
  /// each: registered for `Stack<Int>` with `Int`, the property holds strings in a `Stack<String>`.
  /// - Throws: `invalidArgument` when the type declares no such pointer or no such `Int`.
  public static func registerOwningField<Element: ~Copyable>(
    _ field: String, of type: any (~Copyable).Type, elements: Element.Type, count: String
  ) throws(SizerError) {
    try Engine.preferringOwnStack { () throws(SizerError) in
      try Engine.registerOwningField(field, of: type, elements: elements, count: count)
    }
  }
}
