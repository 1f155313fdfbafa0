// SPDX-License-Identifier: Apache-2.0
import PageCache
import SizerTesting
import Testing

@Suite("the cache keeps to its budget")
struct BudgetTests {
  @Test("ten thousand pages come, and the budget holds", arguments: [Int.kilobytes(64), .megabytes(1)])
  func budget(_ budget: Int) throws {
    try expectFootprint(atMost: budget) { try filled(PageCache(budget: budget)) }
  }

  @Test("the budget is made use of")
  func use() throws {
    let cache = try filled(PageCache(budget: .megabytes(1)))
    #expect(try size(of: cache) > .kilobytes(512))
    #expect(cache["/page/9999"] == page(9_999))
    #expect(cache["/page/0"] == nil)
  }

  // The negative control: a cache that may have more than the test allows.
  @Test("a cache above its budget is found")
  func tooMuch() throws {
    try withKnownIssue("sixteen times as much as is allowed") {
      try expectFootprint(atMost: .kilobytes(64)) { try filled(PageCache(budget: .megabytes(1))) }
    } matching: { issue in
      "\(issue)".contains("at most 64.00 KB (65536 B) expected")
    }
  }

  private func filled(_ empty: PageCache) throws -> PageCache {
    var cache = empty
    for number in 0..<10_000 { try cache.keep(page(number), for: "/page/\(number)") }
    return cache
  }

  private func page(_ number: Int) -> [UInt8] { Array(repeating: UInt8(number % 256), count: 300 + number % 700) }
}
