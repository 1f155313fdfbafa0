// SPDX-License-Identifier: Apache-2.0

import Sizer

/// What a document owns on the heap once a parser has read it.
struct DocumentFigures {
  let document: String
  let parser: String
  let textBytes: Int
  let size: HeapSize
  let records: [TypeRecord]

  /// Sizes a parsed document. The value keeps its static type, as it would in the program that parsed it.
  init<Value>(_ document: Document, parsedBy parser: String, _ value: Value) throws {
    self.document = document.name
    self.parser = parser
    textBytes = document.data.count
    size = try HeapSizer().size(of: value)
    records = try HeapSizer().histogram(of: value)
  }

  var unusedCapacityBytes: Int { records.reduce(0) { $0 + $1.unusedCapacityBytes } }

  /// The user's document by each parser of its format, or the bundled ones.
  static func all(input path: String?) throws -> [DocumentFigures] {
    guard let path else {
      return try ofJSON(.bakery("json"), decodedAs: Bakery.self) + ofYAML(.bakery("yaml"))
    }
    let document = try Document(path: path)
    return switch document.format {
    case .json: try ofJSON(document, decodedAs: JSONValue.self)
    case .yaml: try ofYAML(document)
    }
  }

  private static func ofJSON<Value: Decodable>(
    _ document: Document, decodedAs type: Value.Type
  ) throws -> [DocumentFigures] {
    try [
      DocumentFigures(document, parsedBy: "JSONSerialization", document.jsonObject()),
      DocumentFigures(document, parsedBy: "JSONDecoder, classes", document.decoded(type)),
    ]
  }

  private static func ofYAML(_ document: Document) throws -> [DocumentFigures] {
    try [
      DocumentFigures(document, parsedBy: "Yams.load", document.yamlObject()),
      DocumentFigures(document, parsedBy: "Yams.compose", document.yamlNode()),
    ]
  }
}
