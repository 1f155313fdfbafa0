// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

@Suite("HeapSizer.tree")
struct TreeTests {
  @Test("the total is the same at every depth, and is the deep size")
  func totals() throws {
    let company = Company(staffed: 5)
    let size = try HeapSizer().size(of: company)
    for depth in 0...6 {
      #expect(try HeapSizer().tree(of: company, depth: depth).bytes == size.bytes)
    }
    withExtendedLifetime(company) {}
  }

  @Test("a node's bytes are its flat bytes and its children's, when all references have names")
  func sums() throws {
    let company = Company(staffed: 3)
    func check(_ node: SizeNode, depth: Int) {
      guard depth > 0 else { return }
      #expect(node.bytes == node.children.reduce(node.flatBytes) { $0 + $1.bytes }, "\(node.name)")
      for child in node.children { check(child, depth: depth - 1) }
    }
    check(try HeapSizer().tree(of: company, depth: 5), depth: 5)
    withExtendedLifetime(company) {}
  }

  @Test("level 1 names the stored properties that refer to something, in order, with their dynamic types")
  func names() throws {
    let company = Company(staffed: 2)
    let tree = try HeapSizer().tree(of: company, depth: 1)
    #expect(tree.typeName == "SizerTests.Company")
    #expect(tree.children.map(\.name) == ["name", "staff", "founder", "rooms", "motto"])
    #expect(
      tree.children.map(\.typeName) == [
        "Swift.String", "Swift.Array<SizerTests.Employee>", "SizerTests.Employee",
        "Swift.Dictionary<Swift.Int, SizerTests.Room>", "SizerTests.Motto",
      ])
    #expect(tree.children.allSatisfy { $0.children.isEmpty })
    withExtendedLifetime(company) {}
  }

  @Test("elements are numbered, a dictionary's values named by their keys, superclasses' properties come first")
  func elements() throws {
    final class Manager: Employee { var office = Room() }
    let company = Company(staffed: 0)
    company.staff = [Employee(name: text(50)), Manager(name: text(51))]
    let tree = try HeapSizer().tree(of: company, depth: 3)
    let staff = try #require(tree.children.first { $0.name == "staff" })
    #expect(staff.children.map(\.name) == ["[0]", "[1]"])
    #expect(staff.children[1].children.map(\.name) == ["name", "boss", "office"])
    let rooms = try #require(tree.children.first { $0.name == "rooms" })
    #expect(Set(rooms.children.map(\.name)) == ["[7]", "[9]"])
    let motto = try #require(tree.children.first { $0.name == "motto" })
    #expect(motto.children.map(\.name) == ["lines"])
    #expect(motto.children[0].children.map(\.name) == ["[0]", "[1]"])
    withExtendedLifetime(company) {}
  }

  @Test("what several refer to is counted for the first; nil has no bytes")
  func shared() throws {
    let company = Company(staffed: 2)
    let tree = try HeapSizer().tree(of: company, depth: 2)
    let founder = try #require(tree.children.first { $0.name == "founder" })
    #expect(founder.bytes == 0)
    #expect(founder.flatBytes == 0)
    company.founder = nil
    let without = try HeapSizer().tree(of: company, depth: 1)
    #expect(without.children.first { $0.name == "founder" }?.bytes == 0)
    withExtendedLifetime(company) {}
  }

  @Test("a million links deep, only the named levels cost nodes")
  func deep() async {
    await #expect(processExitsWith: .success) {  // where no other test looks through the heap
      let head = Employee(name: "")
      var last = head
      for _ in 1..<1_000_000 {
        last.boss = Employee(name: "")
        last = last.boss!
      }
      let tree = try HeapSizer().tree(of: head, depth: 3)
      #expect(tree.bytes == 1_000_000 * 48)
      #expect(tree.children.last?.children.last?.children.last?.name == "boss")
      var next: Employee? = head
      while let employee = next {
        next = employee.boss
        employee.boss = nil
      }
    }
  }

  @Test("cycles end: what was met before has no children")
  func cycles() throws {
    let (first, second) = (Employee(name: text()), Employee(name: text()))
    first.boss = second
    second.boss = first
    let tree = try HeapSizer().tree(of: first, depth: 1000)
    func count(_ node: SizeNode) -> Int { node.children.reduce(1) { $0 + count($1) } }
    #expect(count(tree) == 5)
    #expect(try tree.bytes == HeapSizer().size(of: first).bytes)
    first.boss = first
    #expect(count(try HeapSizer().tree(of: first, depth: 1000)) == 3)
    (first.boss, second.boss) = (nil, nil)
  }

  @Test("a depth below 0 or above 1000 is refused", arguments: [-1, 1001])
  func badDepth(_ depth: Int) {
    let company = Company(staffed: 0)
    #expect { try HeapSizer().tree(of: company, depth: depth) } throws: {
      ($0 as? SizerError)?.code == .invalidArgument
    }
  }
}
