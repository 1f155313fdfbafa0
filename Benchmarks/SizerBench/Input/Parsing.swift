// SPDX-License-Identifier: Apache-2.0

import Foundation
import Yams

/// The parsers whose results are sized. Each names the document and the reason where it cannot go on.
extension Document {
  /// Dictionaries, arrays and Foundation's numbers.
  func jsonObject() throws(BenchError) -> Any {
    try parsed("JSON") { try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed) }
  }

  /// Classes of the program's own.
  func decoded<Value: Decodable>(_ type: Value.Type) throws(BenchError) -> Value {
    try parsed("JSON") { try JSONDecoder().decode(type, from: data) }
  }

  /// Dictionaries, arrays and the standard library's numbers.
  func yamlObject() throws(BenchError) -> Any {
    try parsed("YAML") { try Yams.load(yaml: try text()) }
  }

  /// The parser's own tree, with tags and positions.
  func yamlNode() throws(BenchError) -> Node {
    try parsed("YAML") { try Yams.compose(yaml: try text()) }
  }

  private func text() throws(BenchError) -> String {
    guard let text = String(data: data, encoding: .utf8) else { throw BenchError("it is not UTF-8") }
    return text
  }

  private func parsed<Value>(_ language: String, _ parse: () throws -> Value?) throws(BenchError) -> Value {
    do {
      if let value = try parse() { return value }
    } catch {
      throw BenchError("\(name): not \(language) that can be parsed: \(error.oneLine)")
    }
    throw BenchError("\(name): there is no \(language) in it")
  }
}
