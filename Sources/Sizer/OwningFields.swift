// SPDX-License-Identifier: Apache-2.0

extension HeapSizer {
  /// Declares that the stored pointer `field` of `type` owns the block that it points at: the block is then counted
  /// with whatever holds the pointer, by its usable size, and its contents are not followed.
  ///
  ///     try HeapSizer.registerOwningField("storage", of: RingBuffer.self)
  ///
  /// No metadata says which pointers own: that is knowledge about libraries. This adds yours, for the whole process,
  /// before or between walks. Registering twice changes nothing. Any thread. A pointer of which nothing is known makes
  /// a size inexact when it leads to a block that nothing else leads to: it counts in ``HeapSize/unresolvedCount``, and
  /// the block in ``HeapSize/estimatedBytes``.
  ///
  /// Known without it, exactly:
  /// - POSIX's locks, conditions, semaphores and attributes behind an `UnsafeMutablePointer`, in any type's field:
  ///   those of
  ///   swift-log, swift-metrics, swift-distributed-tracing and SwiftNIO, and yours; OpenCombine's, too;
  /// - the standard library, Foundation's data, locks, values, strings, URLs and operation queues;
  /// - swift-collections' rigid arrays and deques, swift-atomics' references and cells;
  /// - SwiftNIO's byte buffers, HTTP/1 decoders, selectors, vectors for datagrams and old embedded atomics;
  /// - swift-syntax's arenas.
  ///
  /// Known, the block that the handle names counted and the rest said to be unknown: NIOSSL's contexts, connections,
  /// certificates and public keys; swift-crypto's keys, signatures and groups; GRDB's connections and statements;
  /// TOMLKit's tables, arrays and values; the streams of NIOHTTPCompression, of C's `FILE` and of `FileManager`'s
  /// directory enumerators; objects of ICU, libxml2, libcurl and libdispatch behind Foundation's.
  ///
  /// The pointer must be nil or come from the process's `malloc`, as `UnsafeMutablePointer.allocate(capacity:)` does.
  /// Pointers to static memory and into the calling thread's stack are noticed and own nothing.
  /// - Parameters:
  ///   - field: a stored property of a pointer or buffer pointer type, declared by `type` itself.
  ///   - type: a struct, class or actor; of a generic type all its specialisations are meant.
  /// - Throws: `invalidArgument` when the type declares no such pointer.
  public static func registerOwningField(_ field: String, of type: any (~Copyable).Type) throws(SizerError) {
    try Engine.preferringOwnStack { () throws(SizerError) in
      try Engine.registerOwningField(field, of: type, elements: nil, count: nil)
    }
  }

  /// As ``registerOwningField(_:of:)``, and the block holds values of `elements` that are followed: as many as the
  /// sibling property `count`, an `Int`, says.
  ///
  /// Of a generic type all specialisations are meant, and `elements` that is one of its arguments stands for that
  /// argument in each: registered for `Stack<Int>` with `Int`, the property holds strings in a `Stack<String>`.
  /// - Throws: `invalidArgument` when the type declares no such pointer or no such `Int`.
  public static func registerOwningField<Element: ~Copyable>(
    _ field: String, of type: any (~Copyable).Type, elements: Element.Type, count: String
  ) throws(SizerError) {
    try Engine.preferringOwnStack { () throws(SizerError) in
      try Engine.registerOwningField(field, of: type, elements: elements, count: count)
    }
  }

  /// Declares that the stored property `field` of `type` owns nothing: a pointer that leads back, or to what something
  /// else owns, or a handle that stands for no memory.
  ///
  /// It is then not followed, and makes no size inexact. As ``registerOwningField(_:of:)`` otherwise.
  /// - Throws: `invalidArgument` when the type declares no such property.
  public static func registerBorrowingField(_ field: String, of type: any (~Copyable).Type) throws(SizerError) {
    try Engine.preferringOwnStack { () throws(SizerError) in
      try Engine.registerBorrowingField(field, of: type)
    }
  }

  /// Declares that the header of this `ManagedBuffer` class, an `Int`, says how many elements there are behind it.
  ///
  /// Otherwise the header may be a capacity as well, and what the tail holds is an estimate. As
  /// ``registerOwningField(_:of:)`` otherwise: for the whole process, of a generic class all its specialisations are
  /// meant.
  /// - Throws: `invalidArgument` when the header is no `Int`.
  public static func registerTailCount<Header, Element: ~Copyable>(
    of type: ManagedBuffer<Header, Element>.Type
  ) throws(SizerError) {
    try Engine.preferringOwnStack { () throws(SizerError) in
      try Engine.registerTailCount(of: type, header: Header.self, field: nil)
    }
  }

  /// As ``registerTailCount(of:)``, and the number stands in the header's stored property `field`, an `Int`. One that
  /// is called `count` is known without that.
  /// - Throws: `invalidArgument` when the header declares no such `Int`.
  public static func registerTailCount<Header, Element: ~Copyable>(
    of type: ManagedBuffer<Header, Element>.Type, in field: String
  ) throws(SizerError) {
    try Engine.preferringOwnStack { () throws(SizerError) in
      try Engine.registerTailCount(of: type, header: Header.self, field: field)
    }
  }
}
