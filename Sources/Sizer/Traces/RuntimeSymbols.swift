// SPDX-License-Identifier: Apache-2.0
// Nothing here calls it: the static Runtime library needs Glibc's overlay and does not say so, and without this import no program
// that imports Sizer links with --static-swift-stdlib.
import Glibc
import Runtime

/// The mangled symbols that the toolchain's own reader finds, for hosts without libdw. No lines and no inlined calls: it pairs
/// these with the wrong functions in 6.3. Addresses without a symbol are left out. Its cache of files stays with the calling
/// thread, until the thread ends.
package func runtimeSymbols(of addresses: [UInt]) -> [UInt: String] {
  let recipe = BacktraceRecipe(returnAddresses: addresses)
  guard let backtrace = try? Backtrace(from: recipe), let named = backtrace.symbolicated(options: []) else {
    return [:]
  }
  var symbols: [UInt: String] = [:]
  for frame in named.frames {
    guard let symbol = frame.symbol?.rawName, symbol != "<unknown>" else { continue }
    guard let address = UInt(frame.captured.originalProgramCounter) else { continue }
    symbols[address] = symbol
  }
  return symbols
}

/// A backtrace of given addresses: the only public way to make one is to decode it, from Swift's documented Compact Backtrace
/// Format (docs/CompactBacktraceFormat.md in swiftlang/swift).
private struct BacktraceRecipe: Decoder {
  let returnAddresses: [UInt]
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  /// Version 0 with 64-bit words; per address, "return address, absolute, of 8 bytes" and these, highest first; end.
  var compactFormat: [UInt8] {
    var bytes: [UInt8] = [0b10]
    for address in returnAddresses {
      bytes.append(0x2f)
      withUnsafeBytes(of: UInt64(address).bigEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes + [0]
  }

  func container<Key: CodingKey>(keyedBy: Key.Type) throws -> KeyedDecodingContainer<Key> {
    KeyedDecodingContainer(Members(recipe: self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw unexpected("an array") }
  func singleValueContainer() throws -> any SingleValueDecodingContainer { throw unexpected("a value") }

  fileprivate func unexpected(_ what: String) -> DecodingError {
    DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "a backtrace's recipe has no \(what)"))
  }
}

private struct Members<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let recipe: BacktraceRecipe
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] { ["architecture", "backtrace"].compactMap(Key.init(stringValue:)) }

  func contains(_ key: Key) -> Bool { allKeys.contains { $0.stringValue == key.stringValue } }
  func decodeNil(forKey key: Key) throws -> Bool { !contains(key) }

  func decode(_: String.Type, forKey key: Key) throws -> String {
    switch key.stringValue {
    case "architecture": "x86_64"
    case "backtrace": base64(recipe.compactFormat)
    default: throw recipe.unexpected(key.stringValue)
    }
  }

  func decode<Value: Decodable>(_: Value.Type, forKey key: Key) throws -> Value {
    throw recipe.unexpected(key.stringValue)
  }
  func nestedContainer<Nested: CodingKey>(
    keyedBy: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { throw recipe.unexpected(key.stringValue) }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    throw recipe.unexpected(key.stringValue)
  }
  func superDecoder() throws -> any Decoder { throw recipe.unexpected("super") }
  func superDecoder(forKey key: Key) throws -> any Decoder { throw recipe.unexpected(key.stringValue) }
}

/// RFC 4648; Foundation's would make every program that imports Sizer load Foundation.
private func base64(_ bytes: [UInt8]) -> String {
  let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  var text: [UInt8] = []
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let bits = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
    for digit in 0..<4 {
      text.append(digit <= group.count ? digits[bits >> (18 - 6 * digit) & 63] : UInt8(ascii: "="))
    }
  }
  return String(decoding: text, as: UTF8.self)
}
