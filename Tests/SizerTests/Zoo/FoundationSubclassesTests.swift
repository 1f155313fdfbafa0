// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

private final class Decoder: JSONDecoder, @unchecked Sendable {  // never leaves the test
  let leaf = Leaf()
  var string = text()
}
private final class Encoder: JSONEncoder, @unchecked Sendable {  // never leaves the test
  var strings = array(text(), text())
}
private final class Job: Operation, @unchecked Sendable {  // never leaves the test
  let leaf = Leaf()
}
private final class Format: Formatter, @unchecked Sendable {  // never leaves the test
  let leaf = Leaf()
}

@Suite("Subclasses of Foundation's classes")
struct FoundationSubclassesTests {
  @Test("own fields follow those of the resilient superclass")
  func subclasses() throws {
    try expectExactAndSome("JSONDecoder") { Decoder() }
    try expectExactAndSome("JSONEncoder") { Encoder() }
    try expectExactAndSome("Formatter") { Format() }
  }

  @Test("a superclass with state of its own")
  func state() throws {
    try expectExactAndSome("Operation") { Job() }
  }
}
