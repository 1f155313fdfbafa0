// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What closures are called: by the function that they call.
enum ClosureNames {
  private struct Known {
    var generation: UInt64 = 0
    /// nil: no symbol holds it.
    var names: [UInt: String?] = [:]
  }

  private static let known = Mutex(Known())

  /// The names of the functions at these addresses; those that no file has a symbol for are missing. Reads files'
  /// symbol tables for what no earlier call asked for. Any thread.
  static func names(of codes: Set<UInt>) -> [UInt: String] {
    if codes.isEmpty { return [:] }
    let table = ImageTable.current()
    return known.withLock { known in
      if known.generation != table.generation { known = Known(generation: table.generation) }
      var wanted: [LoadedImage: Set<UInt64>] = [:]
      for code in codes where known.names[code] == nil {
        known.names[code] = .some(nil)
        if let image = table.image(at: code) { wanted[image, default: []].insert(UInt64(code - image.bias)) }
      }
      for (image, addresses) in wanted {
        for (address, place) in image.symbolFiles.symbols(at: addresses) {
          known.names[image.bias + UInt(address)] = closureName(place.symbol)
        }
      }
      return codes.reduce(into: [:]) { names, code in names[code] = known.names[code] ?? nil }
    }
  }
}

/// A function's symbol, as a path shows a closure that calls it: `closure #1 in App.start()`. What the compiler put
/// between the closure and its caller has no name of its own.
func closureName(_ symbol: String) -> String {
  let name = readableName(symbol)
  let between = "partial apply for "
  return name.hasPrefix(between) ? String(name.dropFirst(between.count)) : name
}
