// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private struct Key: Hashable {
  var number: UInt8
  var name = text()
}
private final class Identity: Hashable {
  let name = text()
  static func == (one: Identity, other: Identity) -> Bool { one === other }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
private enum Kind: Hashable {
  case plain
  case named(String)
  case pair(Int, String)
}

@inline(never)
private func table<Key: Hashable, Value>(_ count: Int, _ entry: (Int) -> (Key, Value)) -> [Key: Value] {
  var result: [Key: Value] = [:]
  for index in 0..<number(count) {
    let (key, value) = entry(index)
    result[key] = value
  }
  return result
}

@Suite("Dictionaries and sets")
struct DictionariesTests {
  @Test("empty ones own nothing")
  func empty() throws {
    try expectExact(objects: 0) { [String: Leaf]() }
    try expectExact(objects: 0) { Set<String>() }
    try expectExact(objects: 0) { table(0) { ($0, $0) } }
    try expectExact(objects: 1) { array([Int: Int](), [:]) }
  }

  @Test("keys and values of every kind")
  func elements() throws {
    try expectExact(objects: 1) { table(10) { ($0, $0) } }
    try expectExact(objects: 11) { table(10) { ($0, Leaf($0)) } }
    try expectExact(objects: 21) { table(10) { (text(20 + $0), Leaf($0)) } }
    try expectExact(objects: 11) { table(10) { (text(20 + $0), $0) } }
    try expectExact(objects: 21) { table(10) { (Key(number: UInt8($0)), (UInt8($0), text())) } }
    try expectExact(objects: 21) { table(10) { (UInt8($0), Optional(array(Leaf()))) } }
    try expectExact(objects: 31) { table(10) { ($0, Wide() as Any) } }
    try expectExact(objects: 31) { table(10) { (Identity(), array($0)) } }
    try expectExact(objects: 10) {
      table(10) { ($0 == 0 ? Kind.plain : $0 % 2 == 0 ? .pair($0, text()) : .named(text(20 + $0)), true) }
    }
    try expectExact(objects: 1) { table(3) { ($0, ()) } }
  }

  @Test("sets")
  func sets() throws {
    try expectExact(objects: 1) { Set(array(1, 2, 3)) }
    try expectExact(objects: 4) { Set(array(text(20), text(21), text(22))) }
    try expectExact(objects: 5) { Set(array(Identity(), Identity())) }
    try expectExact(objects: 3) { Set(array(Kind.named(text()), .pair(number(1), text()), .plain)) }
    try expectExact(objects: 3) { Set(array(Key(number: 1), Key(number: 2))) }
  }

  @Test("many entries")
  func many() throws {
    try expectExact(objects: 20_001) { table(10_000) { (text(20 + $0 % 100) + String($0), Leaf($0)) } }
    try expectExact(objects: 10_001) { Set((0..<number(10_000)).map { text(20) + String($0) }) }
  }

  @Test("dictionaries in dictionaries")
  func nested() throws {
    try expectExact(objects: 13) { table(3) { ($0, table(3) { ($0, text()) }) } }
  }

  @Test("room for more entries belongs to the storage")
  func capacity() throws {
    let size = try expectExact(objects: 3) {
      var entries = table(1) { _ in (text(), Leaf()) }
      entries.reserveCapacity(number(1_000))
      return entries
    }
    #expect(size.bytes > 16_000)
    try expectExact(objects: 1) {
      var entries = table(20) { (text(20 + $0), Leaf()) }
      entries.removeAll(keepingCapacity: true)
      return entries
    }
    try expectExact(objects: 0) {
      var entries = table(20) { (text(20 + $0), Leaf()) }
      entries.removeAll()
      return entries
    }
  }

  @Test("removed entries are not read")
  func removed() throws {
    try expectExact(objects: 11) {
      var entries = table(100) { ($0, Leaf($0)) }
      for key in 10..<number(100) { entries[key] = nil }
      return entries
    }
    try expectExact(objects: 51) {
      var strings = Set((0..<number(100)).map { text(20 + $0) })
      for length in 0..<number(50) { strings.remove(text(20 + 2 * length)) }
      return strings
    }
    try expectExact(objects: 1) {
      var entries = table(8) { ($0, text()) }
      for key in 0..<number(8) { entries.removeValue(forKey: key) }
      return entries
    }
  }

  @Test("copies share their storage, until one is changed")
  func sharing() throws {
    try expectExact(objects: 3) {
      let entries = table(2) { ($0, text()) }
      return (entries, entries, entries.keys, entries.values)
    }
    try expectExact(objects: 5) {
      let entries = table(2) { ($0, text()) }
      var changed = entries
      changed[7] = text()
      return (entries, changed)
    }
  }

  @Test("literals and what maps and groups return")
  func made() throws {
    try expectExactAndSome { [text(): Leaf(), text(50): Leaf()] }
    try expectExactAndSome { Set([text(), text(50)]) }
    try expectExactAndSome { Dictionary(grouping: (0..<number(20)).map { text(20 + $0) }) { $0.count % 3 } }
    try expectExactAndSome { table(5) { ($0, text()) }.mapValues { array($0) } }
    try expectExactAndSome { table(5) { ($0, text()) }.filter { $0.key > 1 } }
  }
}
