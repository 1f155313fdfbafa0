// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

@Suite("HeapSizer.Options")
struct OptionsTests {
  private final class Link {
    var next: Link?
    unowned let owner: Room
    init(_ next: Link?, owner: Room) {
      self.next = next
      self.owner = owner
    }
  }

  private func sizer(_ change: (inout HeapSizer.Options) -> Void) -> HeapSizer {
    var options = HeapSizer.Options()
    change(&options)
    return HeapSizer(options: options)
  }

  @Test("a class left out is neither counted nor followed")
  func excludedClass() throws {
    let company = Company(staffed: 10)
    let whole = try HeapSizer().size(of: company)
    let staff = try HeapSizer().sizes(of: company.staff)
    let without = try sizer { $0.excludedTypes = [Employee.self] }.size(of: company)
    #expect(without.bytes == whole.bytes - staff.reduce(0) { $0 + $1.bytes })
    #expect(try sizer { $0.excludedTypeNames = ["SizerTests.Employee"] }.size(of: company) == without)
    withExtendedLifetime(company) {}
  }

  @Test("a value type left out takes its fields along, by type and by name")
  func excludedValue() throws {
    let company = Company(staffed: 10)
    let whole = try HeapSizer().size(of: company)
    let strings = try HeapSizer().histogram(of: company).first { $0.typeName == "Swift.__StringStorage" }
    let without = try sizer { $0.excludedTypes = [String.self] }.size(of: company)
    #expect(without.bytes == whole.bytes - strings!.bytes)
    #expect(try sizer { $0.excludedTypeNames = ["Swift.String"] }.size(of: company) == without)
    withExtendedLifetime(company) {}
  }

  @Test("exclusions of one sizer do not reach another")
  func separate() throws {
    let company = Company(staffed: 3)
    let whole = try HeapSizer().size(of: company)
    _ = try sizer { $0.excludedTypes = [String.self] }.size(of: company)
    #expect(try HeapSizer().size(of: company) == whole)
    withExtendedLifetime(company) {}
  }

  @Test("a depth limit counts whole levels and says that it cut", arguments: 1...6)
  func depth(_ depth: Int) throws {
    let room = Room()
    let list = (0..<4).reduce(nil as Link?) { next, _ in Link(next, owner: room) }!
    let size = try sizer { $0.maximumDepth = depth }.size(of: list)
    #expect(size.objectCount == min(depth, 4))
    #expect(size.depthLimitReached == (depth < 4))
    withExtendedLifetime((list, room)) {}
  }

  @Test("an object's depth is its distance, whatever way leads there first")
  func distance() throws {
    let near = Employee(name: "")
    let far = Employee(name: "")
    near.boss = far
    // far is at distance 1 by the array and at 2 by near.
    let size = try sizer { $0.maximumDepth = 2 }.size(of: [near, far])
    #expect(size.objectCount == 3)
    #expect(!size.depthLimitReached)
  }

  @Test("a depth of a thousand levels with a wide bottom")
  func wide() throws {
    let leaves = (0..<100_000).map { _ in Room() }
    let size = try sizer { $0.maximumDepth = 2 }.size(of: leaves)
    #expect(size.objectCount == 100_001)
    let cut = try sizer { $0.maximumDepth = 1 }.size(of: leaves)
    #expect(cut.objectCount == 1)
    #expect(cut.depthLimitReached)
  }

  @Test("unowned references are followed on request only")
  func unowned() throws {
    let room = Room()
    let link = Link(nil, owner: room)
    #expect(try HeapSizer().size(of: link).objectCount == 1)
    #expect(try sizer { $0.followUnowned = true }.size(of: link).objectCount == 2)
    withExtendedLifetime((link, room)) {}
  }

  @Test("a depth below 1 is refused", arguments: [0, -3])
  func badDepth(_ depth: Int) {
    #expect { try sizer { $0.maximumDepth = depth }.size(of: [1]) } throws: {
      guard let error = $0 as? SizerError else { return false }
      return error.code == .invalidArgument && error.message.contains("\(depth)")
        && error.operation == "HeapSizer.size(of:)"
    }
  }
}
