// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

final class Factory {
  var name = ""
  var employees: [Employee] = []
}
final class Employee {
  let assigned: String
  init(assigned: String) { self.assigned = assigned }
}

@Suite("The example that the manual starts with")
struct SeedExampleTests {
  private func populate(_ factory: Factory) {
    factory.employees.reserveCapacity(number(1_000))
    for _ in 0..<number(1_000) { factory.employees.append(made { Employee(assigned: factory.name) }) }
  }

  @Test("a factory and 1,000 employees")
  func factory() throws {
    let factory = made { Factory() }
    factory.name = "Assembly Line Unlimited"
    let tracker = ClassTracker()
    try tracker.track(factory)
    try tracker.track(class: Employee.self)
    try tracker.createSnapshot("before")
    populate(factory)
    try tracker.createSnapshot("after")

    // The factory has a header, a string and an array: 40 bytes in a block of 48. The name is a literal, which owns no
    // block. The array's is 32 + 1,000 x 8 bytes in one of 8,192. An employee has a header and a string: 32.
    let (factoryBytes, arrayBytes, employeeBytes) = (48, 8_192, 32)
    let snapshots = tracker.statistics.snapshots
    #expect(snapshots.map(\.trackedBytes) == [factoryBytes, factoryBytes + arrayBytes + 1_000 * employeeBytes])
    #expect(
      lines { tracker.statistics.printSummary(to: &$0) } == [
        "---- SUMMARY ------------------------------------------------------------------",
        "before                                   active     48     B      average   pct",
        "  TrackerTests.Employee                       0      0     B      0     B    0%",
        "  TrackerTests.Factory                        1     48     B     48     B  100%",
        "after                                    active     39.30 KB      average   pct",
        "  TrackerTests.Employee                    1000     31.25 KB     32     B   79%",
        "  TrackerTests.Factory                        1      8.05 KB      8.05 KB   20%",
        "pct: share of the tracked bytes of that snapshot",
        "-------------------------------------------------------------------------------",
      ])
    keepAlive(factory)
  }
}
