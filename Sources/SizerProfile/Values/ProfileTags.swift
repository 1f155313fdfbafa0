// SPDX-License-Identifier: Apache-2.0
import SizerGraph

/// What tells a profile from those of other processes: names and what they stand for, each name once.
package enum ProfileTags {
  /// What a profile holds of them at most.
  package static let most = 256
  /// Bytes of a name.
  package static let keyBytes = 1 << 10
  /// Bytes of what it stands for.
  package static let valueBytes = 1 << 14

  /// What is wrong with a tag, in words; nil when it can be stored.
  package static func breach(_ key: String, _ value: String) -> String? {
    if key.isEmpty { return "a tag has no name" }
    if key.utf8.count > keyBytes { return "a tag's name has \(key.utf8.count) bytes, and \(keyBytes) is the most" }
    if value.utf8.count > valueBytes {
      return "the tag \(key) has \(value.utf8.count) bytes, and \(valueBytes) is the most"
    }
    return [key, value].contains { CombiningMarks.thinned($0) != $0 }
      ? "the tag \(key) has more than \(CombiningMarks.most) combining marks in a row" : nil
  }

  /// The same of all of them.
  package static func breach(_ tags: [String: String]) -> String? {
    if tags.count > most { return "there are \(tags.count) tags, and \(most) is the most" }
    return tags.sorted { $0.key < $1.key }.lazy.compactMap { breach($0.key, $0.value) }.first
  }

  /// `a=1,b=two%20words`, as OTEL_RESOURCE_ATTRIBUTES has it: what stands between two commas is a name and a value,
  /// with bytes of either in hexadecimal behind a percent sign. nil when a part is no such pair.
  package static func parse(_ list: String) -> [String: String]? {
    var tags: [String: String] = [:]
    for part in list.split(separator: ",") {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, let key = decoded(trimmed(pair[0])), let value = decoded(trimmed(pair[1])), !key.isEmpty
      else { return nil }
      tags[key] = value
    }
    return tags
  }

  /// The text that ``parse(_:)`` reads them from, in order of their names.
  package static func text(_ tags: [String: String]) -> String {
    tags.sorted { $0.key < $1.key }.map { "\(encoded($0.key))=\(encoded($0.value))" }.joined(separator: ",")
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return text
  }

  private static func decoded(_ text: Substring) -> String? {
    guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  /// Letters, digits and what is harmless stand for themselves.
  private static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      let isPlain =
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
        || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || Array("._-/:+@".utf8).contains(byte)
      if isPlain {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
