// SPDX-License-Identifier: Apache-2.0
import CSizer

/// The function or variable that holds an address.
struct SymbolPlace: Sendable, Hashable {
  /// Its name, mangled.
  var symbol: String
  /// How far behind its begin the address is.
  var offset: UInt64
}

extension Engine {
  /// What a file's symbol tables say of addresses, which are counted as the file does; those that no symbol holds are
  /// missing, and all are when the file is no build of this name. Complexity: O(symbols).
  static func symbols(
    in path: String, buildID: [UInt8], at addresses: Set<UInt64>
  ) -> [UInt64: SymbolPlace] {
    let ascending = addresses.sorted()
    var found: [(index: Int, place: SymbolPlace)] = []
    _ = withUnsafeMutablePointer(to: &found) { found in
      csizer_names_look_up(
        path, buildID, buildID.count, ascending, ascending.count,
        { symbol, found in
          // Both pointers are good for the length of the visit, by csizer_names_look_up's manual.
          guard let symbol = symbol?.pointee, let found else { return }
          found.assumingMemoryBound(to: [(index: Int, place: SymbolPlace)].self).pointee.append(
            (symbol.index, SymbolPlace(symbol: String(cString: symbol.name), offset: symbol.offset)))
        }, found)
    }
    return Dictionary(uniqueKeysWithValues: found.map { (ascending[$0.index], $0.place) })
  }
}
