// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

/// A number that Foundation has no shared instance of.
private func uncommon(_ value: Int = 1) -> NSNumber { NSNumber(value: Double(number(value)) + 0.5) }

@Suite("Foundation's objects")
struct FoundationObjectsTests {
  @Test("numbers, null, dates, identifiers")
  func scalars() throws {
    try expectExact(objects: 1) { uncommon() }
    try expectExact(objects: 1) { NSNumber(value: number(1_000_000)) }
    try expectExact(objects: 1) { NSNull() }
    try expectExact(objects: 1) { NSDate() }
    try expectExact(objects: 1, rawBlocks: 1) { NSUUID() }
    try expectExact(objects: 1) { NSDecimalNumber(decimal: Decimal(number(3)) / 7) }
    try expectExactAndSome { NSValue(range: NSRange(location: number(1), length: 2)) }
  }

  @Test("strings")
  func strings() throws {
    try expectExact(objects: 2) { NSString(string: text()) }
    try expectExact(objects: 1) { NSString(string: "short\(number(1))") }
    try expectExact(objects: 2) { NSMutableString(string: text()) }
    try expectExact(objects: 2) {
      let string = NSMutableString(capacity: number(10))
      for _ in 0..<number(100) { string.append("and more ") }
      return string
    }
  }

  @Test("a string whose UTF-16 offsets were asked for has marks on its way")
  func breadcrumbs() throws {
    try expectExactAndSome {
      let string = String(repeating: "äöü€ ", count: number(1000))
      keepAlive(string.utf16.index(string.startIndex, offsetBy: 2000))
      return string
    }
    try expectExactAndSome {
      let string = NSString(string: String(repeating: "äöü€ ", count: number(1000)))
      keepAlive(string.character(at: 2000))
      return string
    }
  }

  @Test("arrays")
  func arrays() throws {
    try expectExact(objects: 4) { NSArray(array: [uncommon(1), uncommon(2)]) }
    try expectExact(objects: 5) { NSArray(array: [uncommon(), text()]) }
    try expectExactAndSome {
      let array = NSMutableArray()
      for index in 0..<number(100) { array.add(uncommon(index)) }
      return array
    }
  }

  @Test("dictionaries and sets")
  func hashed() throws {
    try expectExactDespiteChance { NSDictionary(dictionary: [text(): uncommon()]) }
    try expectExactDespiteChance {
      let dictionary = NSMutableDictionary()
      for index in 0..<number(100) { dictionary["\(index)"] = uncommon(index) }
      return dictionary
    }
    try expectExactDespiteChance { NSSet(array: [uncommon(1), uncommon(2)]) }
    try expectExactDespiteChance { NSMutableSet(array: [uncommon(1), text()]) }
    try expectExactDespiteChance { NSCountedSet(array: [uncommon(1), text(), text()]) }
    try expectExactDespiteChance { NSOrderedSet(array: [uncommon(1), text(), text()]) }
  }

  @Test("caches")
  func caches() throws {
    try expectExactDespiteChance {
      let cache = NSCache<NSString, NSNumber>()
      for index in 0..<number(20) { cache.setObject(uncommon(index), forKey: NSString(string: text(20 + index))) }
      return cache
    }
  }

  @Test("URLs of the old kind keep their string behind a C field")
  func urls() throws {
    try expectExact(objects: 3) { NSURL(string: "https://example.com/a/path/that/is/long/\(number(3))") }
    try expectExact(objects: 6) {
      NSURL(
        string: "relative/path/that/is/long/\(number(3))",
        relativeTo: URL(string: "https://example.com/a/path/that/is/long/\(number(3))"))
    }
  }

  @Test("scanners, progress, timers")
  func machinery() throws {
    // The set of characters to skip is shared.
    try expectExactBesideAnother { Scanner(string: text()) }
    try expectExactAndSome { Progress(totalUnitCount: Int64(number(3))) }
  }
}
