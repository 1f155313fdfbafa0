// SPDX-License-Identifier: Apache-2.0
import CSizer

/// An executable or shared library of this process.
struct LoadedImage: Sendable, Hashable {
  /// Its file's path; the main program's is its real path.
  var path: String
  /// An address minus this is the address in the file's own count.
  var bias: UInt
  /// The addresses between the start of its first segment and the end of its last.
  var addresses: Range<UInt>
  /// What the linker named the build; empty when it did not.
  var buildID: [UInt8]
}

/// One call as debug information tells it, before its name is made readable.
struct SymbolisedCall: Sendable, Hashable {
  /// Mangled; nil when unknown.
  var symbol: String?
  var file: String?
  var line = 0
  var column = 0
  var isInlined = false
}

extension Engine {
  /// All images, by address, and a number that changes whenever one comes or goes. Takes the loader's lock for some
  /// microseconds.
  static func loadedImages() -> (images: [LoadedImage], generation: UInt64) {
    var images: [LoadedImage] = []
    let generation = withUnsafeMutablePointer(to: &images) { images in
      csizer_loaded_images(
        { image, images in
          // Both pointers are good for the length of the visit, by csizer_loaded_images' manual.
          guard let image = image?.pointee, let images else { return }
          images.assumingMemoryBound(to: [LoadedImage].self).pointee.append(LoadedImage(image))
        }, images)
    }
    return (images.sorted { $0.addresses.lowerBound < $1.addresses.lowerBound }, generation)
  }
}

extension LoadedImage {
  fileprivate init(_ image: csizer_loaded_image) {
    self.init(
      path: String(cString: image.path), bias: image.bias, addresses: image.start..<image.end,
      buildID: Array(UnsafeBufferPointer(start: image.build_id, count: image.build_id_length)))
  }
}

/// Debug information of some images, open for questions. It costs memory of the host's heap until it is gone. One
/// thread at a time.
struct SymbolSession: ~Copyable {
  private let handle: OpaquePointer

  /// Nil when libdw isn't here or memory is refused.
  init?(images: [LoadedImage]) {
    var made: OpaquePointer?
    guard csizer_symbols_open(&made) == CSIZER_OK, let made else { return nil }
    handle = made
    for image in images {
      image.path.withCString { path in
        image.buildID.withUnsafeBufferPointer { buildID in
          var image = csizer_loaded_image(
            path: path, bias: image.bias, start: image.addresses.lowerBound, end: image.addresses.upperBound,
            build_id: buildID.baseAddress, build_id_length: buildID.count)
          csizer_symbols_add(made, &image)
        }
      }
    }
  }

  /// Loads what sessions need, if it can be loaded: to be called before locks are taken for which a thread in the
  /// loader may wait.
  static func prepare() {
    csizer_symbols_load()
  }

  deinit {
    csizer_symbols_close(handle)
  }

  /// The calls under way at the call that returns to `address`, innermost first; empty when nothing is known of it.
  func calls(returningTo address: UInt) -> [SymbolisedCall] {
    var calls: [SymbolisedCall] = []
    withUnsafeMutablePointer(to: &calls) { calls in
      // A table that could not grow lacks functions; what was found is right all the same.
      _ = csizer_symbols_look_up(
        handle, address,
        { call, calls in
          // Both pointers are good for the length of the visit, by csizer_symbols_look_up's manual.
          guard let call = call?.pointee, let calls else { return }
          calls.assumingMemoryBound(to: [SymbolisedCall].self).pointee.append(SymbolisedCall(call))
        }, calls)
    }
    return calls
  }
}

extension SymbolisedCall {
  fileprivate init(_ call: csizer_call) {
    symbol = call.symbol.map { String(cString: $0) }
    line = Int(call.line)
    column = Int(call.column)
    isInlined = call.inlined
    let file = call.file.map { String(cString: $0) }
    // The compiler's own code has no place that a reader could open.
    self.file = line == 0 || file?.hasSuffix("<compiler-generated>") ?? true ? nil : file
    if self.file == nil { (line, column) = (0, 0) }
  }
}

extension Engine {
  /// The readable form of a Swift or C++ symbol, at full length; nil when it is none.
  static func demangled(_ symbol: String) -> String? {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16 * 1024) { text in
      csizer_demangle(symbol, text.baseAddress!, text.count) ? String(cString: text.baseAddress!) : nil
    }
  }
}
