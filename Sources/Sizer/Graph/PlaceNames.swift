// SPDX-License-Identifier: Apache-2.0
package import SizerGraph

/// Names places in files by the symbols that these have: in the process that they were found in, or from files on any
/// machine. A file is believed when its build id is that of the one that was loaded.
package struct PlaceNames {
  /// Files that may have been loaded, by their builds.
  private var candidates: [[UInt8]: [String]] = [:]
  /// More than any process loads: a stranger's image may name as many as it likes.
  private static let mostBuilds = 1_000
  /// Where else to look for a build, by its build ID.
  private let others: (_ buildID: String) -> [String]

  /// Those of this process.
  package static var ofThisProcess: PlaceNames {
    var names = PlaceNames(files: { _ in ["/proc/self/exe"] })
    for image in ImageTable.current().images where !image.buildID.isEmpty {
      names.candidates[image.buildID, default: []].append(image.path)
    }
    return names
  }

  /// Those in files that may be what was loaded, or its symbols, by the build ID in hexadecimal digits.
  package init(files: @escaping (_ buildID: String) -> [String]) { others = files }

  /// Names what can be named; what can't stays a file, its build id, and an offset. Complexity: O(symbols of the
  /// files).
  package func name(_ image: inout HeapImage) {
    var builds: [[UInt8]: [UInt64: [Int]]] = [:]
    var files: [[UInt8]: String] = [:]
    for (label, place) in image.places where !place.buildID.isEmpty {
      guard builds[place.buildID] != nil || builds.count < Self.mostBuilds else { continue }
      builds[place.buildID, default: [:]][place.offset, default: []].append(label)
      files[place.buildID] = place.file
    }
    var names: [Int: (text: String, offset: Int)] = [:]
    var functions = TaskFunctions()
    for (build, labels) in builds {
      let paths = (candidates[build] ?? []) + others(hexadecimal(build)) + beside(image.info.program, files[build]!)
      for (offset, place) in SymbolFiles(buildID: build, candidates: paths).symbols(at: Set(labels.keys)) {
        for label in labels[offset]! {
          let isFunction = image.labels[label].kind == .function
          // A closure's code is where its function begins; behind that the symbol is another function's.
          if isFunction, place.offset > 0 { continue }
          let name = isFunction ? closureName(place.symbol) : variableName(place.symbol)
          names[label] = (name, Int(truncatingIfNeeded: place.offset))
          if isFunction { functions.note(label, symbol: place.symbol, name: name, file: files[build]!) }
        }
      }
    }
    image.nameLabels(names)
    if !names.isEmpty { image.nameTasks(functions) }
  }

  /// Where the program was, and libraries that came with it.
  private func beside(_ program: String, _ file: String) -> [String] {
    guard program.hasPrefix("/"), let slash = program.lastIndex(of: "/"), !file.contains("/") else {
      return []
    }
    return [program, program[...slash] + file]
  }
}
