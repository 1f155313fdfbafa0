// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

@Suite("Foundation's values")
struct FoundationValuesTests {
  @Test("numbers and dates are all value")
  func plain() throws {
    try expectExact(objects: 0) { Date(timeIntervalSince1970: Double(number(1))) }
    try expectExact(objects: 0) { UUID() }
    try expectExact(objects: 0) { Decimal(number(3)) / 7 }
    try expectExact(objects: 0) { DateInterval(start: Date(), duration: Double(number(3))) }
    try expectExact(objects: 0) { NSRange(location: number(1), length: 2) }
    try expectExact(objects: 1) { Held((Date(), UUID(), Decimal(number(3)))) }
  }

  @Test("a URL is its string and what the parser found")
  func url() throws {
    try expectExact(objects: 3) { URL(string: "https://user@example.com:8080/a/path?key=\(number(3))#fragment") }
    try expectExact(objects: 2) { URL(string: "a:b\(number(3))") }
    try expectExact(objects: 3) { URL(fileURLWithPath: "/some/where/that/is/long/\(number(3))") }
    try expectExact(objects: 6) {
      URL(
        string: "relative/path/\(number(3))/that/is/long",
        relativeTo: URL(string: "https://example.com/\(number(4))/base/path/long"))
    }
  }

  @Test("reading a URL's parts leaves nothing behind")
  func urlParts() throws {
    try expectExact(objects: 3) {
      let url = URL(string: "https://user@example.com:8080/a/path?key=\(number(3))#fragment")
      keepAlive((url?.host, url?.path, url?.query, url?.absoluteString, url?.pathComponents))
      return url
    }
  }

  @Test("URL components")
  func components() throws {
    try expectExact(objects: 2) { URLComponents(string: "https://example.com/a/path/\(number(3))") }
    try expectExact(objects: 1) {
      var components = URLComponents()
      components.host = text()
      components.port = number(80)
      return components
    }
  }

  @Test("index sets and paths")
  func indices() throws {
    try expectExact(objects: 3) { IndexSet((0..<number(20)).map { $0 * 3 }) }
    try expectExact(objects: 3) { IndexSet(integersIn: 0..<number(20)) }
    try expectExact(objects: 0) { IndexPath(indexes: [1, number(2)]) }
    try expectExact(objects: 1) { IndexPath(indexes: [1, number(2), 3, 4, 5]) }
  }

  @Test("character sets: of characters, of ranges, as bitmaps")
  func characters() throws {
    try expectExact(objects: 1, rawBlocks: 1) { CharacterSet(charactersIn: "abc\(number(3))") }
    try expectExact(objects: 1, rawBlocks: 1) { CharacterSet(charactersIn: text(300) + "abcdefghijklmnopqrstuvwxyz") }
    try expectExact(objects: 1) { CharacterSet(charactersIn: "a"...Unicode.Scalar(UInt8(number(122)))) }
  }

  @Test("date components without a calendar")
  func dateComponents() throws {
    try expectExact(objects: 0) { DateComponents(year: number(2000), month: 2, day: 3) }
  }

  @Test("measurements, notifications, names of persons")
  func others() throws {
    try expectExact(objects: 1) { Notification(name: Notification.Name(text())) }
    try expectExact(objects: 3) { Notification(name: Notification.Name("name"), object: Leaf(), userInfo: [text(): 1]) }
    try expectExactAndSome {
      var components = PersonNameComponents()
      components.givenName = text()
      components.familyName = text()
      return components
    }
  }

  @Test("errors")
  func errors() throws {
    try expectExact(objects: 2) { NSError(domain: text(), code: number(3)) }
    try expectExact(objects: 3) { NSError(domain: text(), code: number(3), userInfo: ["key": number(4)]) }
    try expectExactAndSome { CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: text()]) as any Error }
    try expectExactAndSome { URLError(.badURL, userInfo: ["key": text()]) as any Error }
  }
}
