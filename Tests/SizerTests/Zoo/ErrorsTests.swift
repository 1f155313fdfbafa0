// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

private enum Plain: Error { case first, second }
private enum Loaded: Error {
  case text(String)
  case leaf(Leaf)
  case none
}
private struct Report: Error {
  var message = text()
  var code = number(1)
  var details: [String] = array(text())
  var cause: (any Error)? = Plain.first
}
private final class Failure: Error {
  let leaf = Leaf()
}
private struct Generic<Value: Sendable>: Error { var value: Value }

private final class Box<Value> {
  var value: Value
  init(_ value: Value) { self.value = value }
}

// No error is thrown here: where one is, Swift Testing records a backtrace, and this lands in the test's arena.
@Suite("Errors")
struct ErrorsTests {
  @Test("an error lies in a box with its type")
  func boxed() throws {
    try expectExact(objects: 1) { Plain.second as any Error }
    try expectExact(objects: 2) { Loaded.text(text()) as any Error }
    try expectExact(objects: 2) { Loaded.leaf(Leaf()) as any Error }
    try expectExact(objects: 1) { Loaded.none as any Error }
    try expectExact(objects: 5) { Report() as any Error }
    try expectExact(objects: 3) { Failure() as any Error }
    try expectExact(objects: 3) { Generic(value: (UInt8(number(1)), text(), Leaf())) as any Error }
  }

  @Test("in fields, arrays, optionals and as Any")
  func contained() throws {
    try expectExact(objects: 3) { Box(Loaded.text(text()) as any Error) }
    try expectExact(objects: 1) { Box((any Error)?.none) }
    try expectExact(objects: 6) { array(Failure() as any Error, Plain.first, Plain.second) }
    try expectExact(objects: 3) { array(Loaded.leaf(Leaf()) as (any Error)?, nil) }
    try expectExact(objects: 1) { (Loaded.text(text()) as any Error) as Any }
    try expectExact(objects: 5) { Report() as any Error & Sendable }
  }

  @Test("one box reached twice is counted once")
  func shared() throws {
    try expectExact(objects: 3) {
      let error: any Error = Loaded.text(text())
      return array(error, error)
    }
  }
}
