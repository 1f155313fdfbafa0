// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerProfile
import Testing

@Suite("MemoryLadder")
struct LadderTextTests {
  private let ladder = MemoryLadder(
    resident: 200 << 20, objects: 100 << 20, rawBlocks: 50 << 20, otherBlocks: 344, threadCaches: 4 << 10,
    dirtyPages: 20 << 20, muzzyPages: 0, allocatorMetadata: 6 << 20, unusedInPages: 3 << 20, stacks: 1_254_400,
    mappedFiles: 12 << 20, copiedFilePages: 2 << 20, profiler: 10 << 20)

  @Test("is printed a rung a line, with bytes and percent, the rest last")
  func text() {
    let expected = """
      resident                      200.00 MB   100.0%
        Swift objects               100.00 MB    50.0%
        raw blocks that they own     50.00 MB    25.0%
        other living blocks         344     B     0.0%
        threads' caches               4.00 KB     0.0%
        dirty pages                  20.00 MB    10.0%
        muzzy pages                   0     B     0.0%
        allocator's own tables        6.00 MB     3.0%
        free places in used pages     3.00 MB     1.5%
        stacks                        1.20 MB     0.5%
        mapped files                 12.00 MB     6.0%
        written copies of files       2.00 MB     1.0%
        Sizer                        10.00 MB     5.0%
        rest                         -4.20 MB    -2.1%
      """
    #expect(ladder.description == expected)
  }

  @Test("leaves out what is not known, and says living blocks when none of them are told apart")
  func unwalked() {
    var ladder = ladder
    ladder.objects = nil
    ladder.rawBlocks = nil
    ladder.copiedFilePages = nil
    let names = ladder.rungs.map(\.name)
    #expect(names.first == "living blocks" && names.last == "rest" && names.count == 10)
    #expect(ladder.rungs.map(\.bytes).reduce(0, +) == ladder.resident)
  }

  @Test("of zeros has no percent")
  func empty() {
    #expect(!MemoryLadder().description.contains("%"))
    #expect(MemoryLadder().rest == 0)
  }

  @Test("of any numbers is printed and never traps", arguments: [Int.min, -1, 0, 1, Int.max])
  func hostile(_ number: Int) {
    for resident in [Int.min, -1, 0, 1, Int.max] {
      let ladder = MemoryLadder(
        resident: resident, objects: number, rawBlocks: number, otherBlocks: number, dirtyPages: number,
        copiedFilePages: number)
      #expect(ladder.rungs.reduce(0) { $0 &+ $1.bytes } == resident)
      #expect(ladder.description.split(separator: "\n").count == ladder.rungs.count + 1)
    }
  }

  @Test("is the same after it was stored, in a snapshot too")
  func coding() throws {
    let snapshot = Snapshot(label: "a", ladder: ladder)
    let stored = try JSONEncoder().encode(snapshot)
    #expect(try JSONDecoder().decode(Snapshot.self, from: stored) == snapshot)
    let old = try JSONEncoder().encode(Snapshot(label: "a"))
    #expect(!String(decoding: old, as: UTF8.self).contains("ladder"))
    #expect(try JSONDecoder().decode(Snapshot.self, from: old).ladder == nil)
  }
}
