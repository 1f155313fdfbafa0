// SPDX-License-Identifier: Apache-2.0

/// Where the symbols of a build may be found.
struct SymbolFiles {
  /// What the linker named the build.
  let buildID: [UInt8]
  private let paths: [String]

  /// - Parameter candidates: Files that may be the build or its symbols. Those that are not are not believed.
  init(buildID: [UInt8], candidates: [String]) {
    self.buildID = buildID
    let digits = hexadecimal(buildID)
    // Where distributions put what they strip: GDB's manual, "Debugging Information in Separate Files".
    paths = candidates + ["/usr/lib/debug/.build-id/\(digits.prefix(2))/\(digits.dropFirst(2)).debug"]
  }

  /// The symbols that hold these addresses, as the file counts them. Complexity: O(symbols of the files).
  func symbols(at addresses: Set<UInt64>) -> [UInt64: SymbolPlace] {
    var found: [UInt64: SymbolPlace] = [:]
    var missing = addresses
    for path in paths where !missing.isEmpty && !buildID.isEmpty {
      for (address, place) in Engine.symbols(in: path, buildID: buildID, at: missing) {
        found[address] = place
        missing.remove(address)
      }
    }
    return found
  }
}

extension LoadedImage {
  /// Its file; the main program's may have been moved or replaced since it was started.
  var symbolFiles: SymbolFiles { SymbolFiles(buildID: buildID, candidates: [path, "/proc/self/exe"]) }
}
