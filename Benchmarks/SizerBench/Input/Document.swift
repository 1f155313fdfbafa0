// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A file and what it is written in.
struct Document {
  enum Format {
    case json
    case yaml

    init?(fileExtension: String) {
      switch fileExtension.lowercased() {
      case "json": self = .json
      case "yaml", "yml": self = .yaml
      default: return nil
      }
    }
  }

  let name: String
  let format: Format
  let data: Data

  /// Reads the file at `path`; its extension tells the format.
  init(path: String) throws(BenchError) {
    try self.init(url: URL(fileURLWithPath: path), name: path)
  }

  private init(url: URL, name: String) throws(BenchError) {
    guard let format = Format(fileExtension: url.pathExtension) else {
      throw BenchError("\(name): give a file whose name ends in .json, .yaml or .yml")
    }
    do {
      self.init(name: name, format: format, data: try Data(contentsOf: url))
    } catch {
      throw BenchError("\(name): cannot be read: \(error.oneLine)")
    }
  }

  private init(name: String, format: Format, data: Data) {
    self.name = name
    self.format = format
    self.data = data
  }

  /// The documents that come with the benchmark: the same orders of an invented bakery chain in each format.
  static func bakery(_ fileExtension: String) throws(BenchError) -> Document {
    try Document(url: URL(filePath: bakeryPath(fileExtension)), name: "bakery.\(fileExtension)")
  }

  /// Where they are.
  static func bakeryPath(_ fileExtension: String) -> String {
    Bundle.module.bundleURL.appending(path: "Documents/bakery.\(fileExtension)").path
  }
}
