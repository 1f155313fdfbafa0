// SPDX-License-Identifier: Apache-2.0

final class Employee {
  let assigned: String

  init(assigned: String) { self.assigned = assigned }
}

final class Factory {
  let name: String
  private(set) var employees: [Employee] = []

  init(name: String) { self.name = name }

  func hire(_ count: Int) {
    for _ in 0..<count { employees.append(Employee(assigned: name)) }
  }
}
