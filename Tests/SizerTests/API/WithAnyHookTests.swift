// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

/// What must be exact with the census and without it. Run here and, by ``CapabilitiesTests``, in processes that lack
/// it.
@Suite("With any allocation hook")
struct WithAnyHookTests {
  @Test("classes, arrays, dictionaries and strings")
  func collections() throws {
    try expectExact { Company(staffed: 50) }
    try expectExact { (0..<100).map { [text(20 + $0): Employee(name: text())] } }
  }

  @Test("closures and boxes")
  func closures() throws {
    try expectExact {
      var count = Int.random(in: 0...1)
      let employee = Employee(name: text())
      return [{ count += 1 }, { _ = employee.name.count + count }] as [() -> Void]
    }
    try expectExact { [text(), (1, 2, 3, 4, text(50)), Room()] as [Any] }
  }

  @Test("a deep list")
  func list() throws {
    try expectExact {
      (0..<20_000).reduce(into: Employee(name: "")) { head, _ in
        let next = Employee(name: "")
        next.boss = head
        head = next
      }
    }
  }

  @Test("static objects own nothing")
  func statics() throws {
    #expect(try HeapSizer().size(of: [Int]()) == HeapSize())
    #expect(try HeapSizer().size(of: "a literal that is longer than fifteen bytes") == HeapSize())
  }
}
