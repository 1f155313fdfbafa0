// SPDX-License-Identifier: Apache-2.0

/// A small world with a name for every reference, for tests of what HeapSizer says about structure.
final class Company {
  let name: String
  var staff: [Employee]
  var founder: Employee?
  var rooms: [Int: Room]
  var motto: Any
  weak var rival: Company?

  init(staffed count: Int) {
    name = text(40)
    staff = (0..<count).map { Employee(name: text(20 + $0)) }
    founder = staff.first
    rooms = [7: Room(), 9: Room()]
    motto = Motto(lines: [text(30), text(33)])
  }
}

class Employee {
  let name: String
  var boss: Employee?
  init(name: String) { self.name = name }
}

final class Room { var places = 4 }

struct Motto {
  var lines: [String]
  var number = 3
}
