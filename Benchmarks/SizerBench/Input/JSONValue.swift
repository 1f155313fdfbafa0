// SPDX-License-Identifier: Apache-2.0

/// Any JSON as a tree of objects: what a document of unknown content is decoded into.
final class JSONValue: Decodable {
  enum Content {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
  }

  let content: Content

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      content = .null
    } else if let string = try? container.decode(String.self) {
      content = .string(string)
    } else if let number = try? container.decode(Double.self) {
      content = .number(number)
    } else if let bool = try? container.decode(Bool.self) {
      content = .bool(bool)
    } else if let array = try? container.decode([JSONValue].self) {
      content = .array(array)
    } else {
      content = .object(try container.decode([String: JSONValue].self))
    }
  }
}
