// SPDX-License-Identifier: Apache-2.0
import SizerCommand
import SizerProfile
import Testing

@Suite("Changes of a live process")
struct LiveChangesTests {
  /// Count, bytes, and how they changed.
  private func figures(_ row: LiveChanges.Row?) -> [Int?] {
    row.map { [$0.count, $0.bytes, $0.countChange, $0.bytesChange, $0.bytesPerSecond] } ?? []
  }

  @Test("changes count from the first table, rates from the last but one")
  func changes() throws {
    var changes = LiveChanges()
    changes.take(Tables.table(at: 10, [("A", 10, 1_000), ("B", 1, 100)]))
    #expect(changes.row("A")?.bytesChange == 0)
    #expect(changes.row("A")?.bytesPerSecond == nil)
    changes.take(Tables.table(at: 12, [("A", 14, 1_400), ("B", 1, 100)]))
    changes.take(Tables.table(at: 14.5, [("A", 12, 1_150), ("B", 1, 100), ("C", 3, 50)]))
    let row = try #require(changes.row("A"))
    #expect((row.count, row.bytes, row.countChange, row.bytesChange, row.bytesPerSecond) == (12, 1_150, 2, 150, -100))
    // What was not there had nothing.
    let new = try #require(changes.row("C"))
    #expect((new.countChange, new.bytesChange, new.bytesPerSecond) == (3, 50, 20))
    #expect(changes.seconds == 4.5)
    #expect(changes.totals == (0, 5, 200))
    #expect(changes.change(ofRung: .init(name: "rest", bytes: -1_300)) == -200)
    #expect(changes.change(ofRung: .init(name: "unknown", bytes: 1)) == nil)
  }

  @Test("what is gone is still there, with what it lost")
  func gone() throws {
    var changes = LiveChanges()
    changes.take(Tables.table(at: 1, [("A", 10, 1_000)]))
    changes.take(Tables.table(at: 2, [("B", 1, 10)]))
    #expect(figures(changes.row("A")) == [0, 0, -10, -1_000, -1_000])
    changes.take(Tables.table(at: 3, []))
    #expect(changes.row("A")?.bytesPerSecond == 0)
    // Neither at the start nor now, but a moment ago.
    #expect(figures(changes.row("B")) == [0, 0, 0, 0, -10])
    changes.startAnew()
    #expect(changes.row("A") == nil)
  }

  @Test("of a type that a table does not list nothing is known, unless it lists all")
  func partial() throws {
    var changes = LiveChanges()
    changes.take(Tables.table(at: 1, [("A", 10, 1_000), ("B", 9, 900)], notListed: 3))
    changes.take(Tables.table(at: 2, [("A", 11, 1_100), ("C", 1, 950)], notListed: 3))
    let new = try #require(changes.row("C"))
    #expect(new.countChange == nil && new.bytesChange == nil && new.bytesPerSecond == nil)
    #expect(changes.row("B") == nil)
    #expect(changes.row("A")?.bytesChange == 100)
  }

  @Test("changes may count from a later table on")
  func anew() {
    var changes = LiveChanges()
    changes.take(Tables.table(at: 1, [("A", 1, 10)]))
    changes.take(Tables.table(at: 2, [("A", 5, 50)]))
    changes.startAnew()
    #expect(changes.row("A")?.bytesChange == 0)
    #expect(changes.row("A")?.bytesPerSecond == 40)
    #expect(changes.seconds == 0)
    changes.take(Tables.table(at: 4, [("A", 4, 40)]))
    #expect(changes.row("A")?.countChange == -1)
    #expect(changes.seconds == 2)
  }

  @Test("another process at the same socket is no change of the first")
  func restart() {
    var changes = LiveChanges()
    let isOther = changes.take(Tables.table(at: 1, [("A", 100, 10_000)]))
    #expect(!isOther)
    let isNext = changes.take(Tables.table(at: 2, [("A", 1, 100)], process: 8))
    #expect(isNext)
    #expect(figures(changes.row("A")) == [1, 100, 0, 0, nil])
    #expect(changes.seconds == 0)
  }

  @Test("a clock that was set back, or stands, gives no rate")
  func clock() {
    var changes = LiveChanges()
    changes.take(Tables.table(at: 5, [("A", 1, 10)]))
    changes.take(Tables.table(at: 5, [("A", 2, 20)]))
    #expect(changes.row("A")?.bytesPerSecond == nil)
    changes.take(Tables.table(at: 3, [("A", 3, 30)]))
    #expect(changes.row("A")?.bytesPerSecond == nil)
    #expect(changes.seconds == 0)
    #expect(changes.row("A")?.bytesChange == 20)
  }
}
