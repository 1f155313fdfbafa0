// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

/// Numbers beyond 64 bits with a sign are kept in two words.
@Suite("Large NSNumbers")
struct LargeNumbersTests {
  @Test("are exact, alone and in collections")
  func large() throws {
    let largest = UInt64.max - UInt64(number(3))
    try expectExact(objects: 1) { NSNumber(value: largest) }
    try expectExact(objects: 1) { NSNumber(value: Int64.min + Int64(number(1))) }
    try expectExact(objects: 3) { array(NSNumber(value: largest), NSNumber(value: largest - 1)) }
    try expectExactAndSome { try JSONSerialization.jsonObject(with: Data("[18446744073709551615, 1e300]".utf8)) }
    try expectExactAndSome {
      NSDecimalNumber(decimal: try #require(Decimal(string: "123456789012345678901234567890.1")))
    }
  }
}
