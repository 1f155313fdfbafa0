// SPDX-License-Identifier: Apache-2.0
import CSizer

/// Owns a table of compiled layouts. A class because walks and the engine share it.
final class Layouts: Sendable {
  // unsafe: the engine's thread rules hold instead of Swift's: who has the turn to walk uses it.
  nonisolated(unsafe) let handle: OpaquePointer

  init(excluding options: HeapSizer.Options, operation: String) throws(SizerError) {
    var made: OpaquePointer?
    let types = options.excludedMetadata
    let status = Layouts.withTerminated(options.excludedTypeNames) { names in
      types.withUnsafeBufferPointer { types in
        var exclusions = csizer_exclusions(
          types: types.baseAddress, type_count: types.count, names: names.baseAddress, name_count: names.count)
        return csizer_layouts_create(&exclusions, &made)
      }
    }
    try Engine.check(status, operation: operation)
    handle = made!
  }

  deinit {
    csizer_layouts_destroy(handle)
  }

  /// Whether no library was closed that a compiled type is of.
  var areOfLoadedImages: Bool { csizer_layouts_are_of_loaded_images(handle) }

  /// How many kinds of block have been met.
  var kindCount: Int { csizer_layouts_kind_count(handle) }

  /// What blocks of a kind are called.
  func name(ofKind kind: Int) -> String {
    var name = csizer_kind_name()
    guard csizer_layouts_kind_name(handle, kind, &name) else { return "unknown" }
    let type = UnsafeRawBufferPointer(start: name.type, count: name.type_length)
    return String(cString: name.prefix) + stableName(String(decoding: type, as: UTF8.self))
  }

  // C reads NUL-terminated names; one flat buffer holds them all for the length of the call.
  private static func withTerminated<Result>(
    _ names: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result
  ) -> Result {
    let flat = names.map { $0.utf8CString }
    let bytes = flat.flatMap { $0 }
    return bytes.withUnsafeBufferPointer { bytes in
      var offset = 0
      let pointers = flat.map { name in
        defer { offset += name.count }
        return UnsafePointer<CChar>?(bytes.baseAddress! + offset)
      }
      return pointers.withUnsafeBufferPointer(body)
    }
  }
}
