// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

@Suite("Formatters, locales and calendars")
struct FoundationLocalesTests {
  @Test("ICU's heap below a formatter can't be known: it says so")
  func formatters() throws {
    let formatter = DateFormatter()
    formatter.dateFormat = "yyyy-MM-dd"
    keepAlive(formatter.string(from: Date()))
    let size = try HeapSizer().size(of: formatter)
    #expect(size.unresolvedCount > 0)
    #expect(size.bytes >= 346)

    let numbers = NumberFormatter()
    keepAlive(numbers.string(from: 3.5))
    #expect(try HeapSizer().size(of: numbers).unresolvedCount > 0)

    let expression = try NSRegularExpression(pattern: "a+\(number(3))")
    #expect(try HeapSizer().size(of: expression).unresolvedCount > 0)
  }

  @Test("a formatter that has not formatted is exact")
  func unused() throws {
    try expectExactAndSome {
      let formatter = DateFormatter()
      formatter.dateFormat = text()
      return formatter
    }
  }

  @Test("locales, calendars and time zones are Foundation's own shared objects, and are found")
  func shared() throws {
    for value: Any in [
      Locale(identifier: "de_DE"), Calendar(identifier: .gregorian), TimeZone(identifier: "Europe/Berlin")!,
    ] {
      let size = try HeapSizer().size(of: value)
      #expect(size.objectCount > 0)
      #expect(size == (try HeapSizer().size(of: value)))
    }
  }
}
