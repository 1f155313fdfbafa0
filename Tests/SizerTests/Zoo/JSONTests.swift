// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

private struct Author: Codable {
  var name: String
  var born: Date?
  var tags: Set<String>
}
private final class Article: Codable {
  var title: String
  var authors: [Author]
  var scores: [String: [Double]]
  var body: Data
  var link: URL
  var related: [Article]?
}

/// A document whose every number is one that Foundation has no shared instance of.
private func document(_ items: Int) -> Data {
  let values = (0..<items).map {
    """
    {"id": \(number($0 + 1_000_000)), "name": "item number \(number($0)) of this document", "short": "s\($0)",
     "price": \($0).25, "nothing": null, "list": [\($0).5, ["nested text long enough \($0)"], {}],
     "ünïcödé": "äöü \($0) € long"}
    """
  }
  return Data("[\(values.joined(separator: ","))]".utf8)
}

private func articles(_ count: Int) -> Data {
  let values = (0..<count).map {
    """
    {"title": "a title that is long enough \(number($0))", "link": "https://example.com/articles/\($0)/long",
     "body": "\(Data(bytes(100)).base64EncodedString())", "scores": {"a": [1.5, 2.5], "the second of them": [\($0)]},
     "authors": [{"name": "an author's name, long \($0)", "born": \($0),
                  "tags": ["one tag", "another tag, quite long"]},
                 {"name": "short", "tags": []}], "related": []}
    """
  }
  return Data("[\(values.joined(separator: ","))]".utf8)
}

@Suite("Parsed JSON")
struct JSONTests {
  @Test("JSONSerialization's tree", arguments: [1, 10, 1000])
  func serialization(items: Int) throws {
    let data = document(items)
    try expectExactAndSome { try JSONSerialization.jsonObject(with: data) }
  }

  @Test("JSONSerialization's mutable tree")
  func mutable() throws {
    let data = document(10)
    try expectExactDespiteChance { try JSONSerialization.jsonObject(with: data, options: .mutableContainers) }
  }

  @Test("JSONSerialization's fragments")
  func fragments() throws {
    let string = Data("\"a string that is long enough for a block of its own\"".utf8)
    try expectExact(objects: 1) { try JSONSerialization.jsonObject(with: string, options: .fragmentsAllowed) }
    try expectExact(objects: 1) { try JSONSerialization.jsonObject(with: Data("1.5".utf8), options: .fragmentsAllowed) }
  }

  @Test("JSONDecoder's values", arguments: [1, 100])
  func decoder(count: Int) throws {
    let data = articles(count)
    try expectExactAndSome { try JSONDecoder().decode([Article].self, from: data) }
  }

  @Test("JSONEncoder's output")
  func encoder() throws {
    let value = try JSONDecoder().decode([Article].self, from: articles(3))
    try expectExact(objects: 1, rawBlocks: 1) { try JSONEncoder().encode(value) }
  }

  @Test("property lists")
  func propertyLists() throws {
    let tree: [String: Any] = ["a": [text(), number(1_000_000), 1.5], "b": Date(), "c": Data(bytes(100))]
    let data = try PropertyListSerialization.data(fromPropertyList: tree, format: .xml, options: 0)
    try expectExactDespiteChance { try PropertyListSerialization.propertyList(from: data, format: nil) }
  }

  @Test("decoders and encoders themselves")
  func coders() throws {
    try expectExactAndSome { JSONDecoder() }
    try expectExactAndSome { JSONEncoder() }
  }
}
