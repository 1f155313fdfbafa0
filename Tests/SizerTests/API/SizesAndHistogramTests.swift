// SPDX-License-Identifier: Apache-2.0
import Sizer
import Testing

// What several threads have, and only read.
private struct Shared: @unchecked Sendable { let companies: [Company] }

@Suite("HeapSizer.sizes and histogram")
struct SizesAndHistogramTests {
  @Test("what several reach is counted for the first")
  func shared() throws {
    let (first, second) = (Employee(name: text(100)), Employee(name: text(200)))
    let common = Employee(name: text(300))
    first.boss = common
    second.boss = common
    let sizes = try HeapSizer().sizes(of: [first, second, common, first])
    let alone = try HeapSizer().size(of: common)
    #expect(sizes[0].bytes == 48 + 160 + alone.bytes)
    #expect(sizes[1].bytes == 48 + 256)
    #expect(sizes[2] == HeapSize())
    #expect(sizes[3] == HeapSize())
    let reversed = try HeapSizer().sizes(of: [common, second, first])
    #expect(reversed[0] == alone)
    #expect(reversed.reduce(0) { $0 + $1.bytes } == sizes.reduce(0) { $0 + $1.bytes })
    withExtendedLifetime((first, second)) {}
  }

  @Test("no objects, no sizes")
  func empty() throws {
    #expect(try HeapSizer().sizes(of: []) == [])
  }

  @Test("a histogram's records add up to the size")
  func sums() throws {
    let company = Company(staffed: 20)
    let size = try HeapSizer().size(of: company)
    let records = try HeapSizer().histogram(of: company)
    #expect(records.reduce(0) { $0 + $1.bytes } == size.bytes)
    #expect(records.reduce(0) { $0 + $1.requestedBytes } == size.requestedBytes)
    #expect(records.reduce(0) { $0 + $1.count } == size.objectCount + size.rawBlockCount)
    #expect(records.map(\.bytes) == records.map(\.bytes).sorted(by: >))
    withExtendedLifetime(company) {}
  }

  @Test("counts by type")
  func counts() throws {
    let company = Company(staffed: 20)
    let records = try HeapSizer().histogram(of: company)
    func count(_ name: String) -> Int? { records.first { $0.typeName == name }?.count }
    #expect(count("SizerTests.Company") == 1)
    #expect(count("SizerTests.Employee") == 20)
    #expect(count("SizerTests.Room") == 2)
    // 20 names, the company's, two lines.
    #expect(count("Swift.__StringStorage") == 23)
    withExtendedLifetime(company) {}
  }

  @Test("spare capacity is unused, and slack is what the size class adds")
  func unused() throws {
    var numbers = [Int]()
    numbers.reserveCapacity(1000)
    numbers.append(1)
    let record = try #require(try HeapSizer().histogram(of: numbers).first)
    #expect(record.unusedCapacityBytes == (numbers.capacity - 1) * 8)
    #expect(record.slackBytes == record.bytes - 32 - numbers.capacity * 8)
    #expect(try HeapSizer().histogram(of: Employee(name: "")).first?.slackBytes == 48 - 40)
  }

  @Test("walks of several threads take turns and agree")
  func threads() async throws {
    let companies = (0..<8).map { Company(staffed: 200 + $0) }
    let expected = try companies.map { try HeapSizer().size(of: $0).bytes }
    let shared = Shared(companies: companies)
    let results = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
      for round in 0..<64 {
        group.addTask { (round % 8, try HeapSizer().size(of: shared.companies[round % 8]).bytes) }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    for (index, bytes) in results { #expect(bytes == expected[index]) }
    withExtendedLifetime(companies) {}
  }
}
