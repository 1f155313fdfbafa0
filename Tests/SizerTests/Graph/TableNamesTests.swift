// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import Testing

private final class Seat { var number = 1 }

private final class Hall {
  enum State {
    case waiting(Seat)
    case failed(Seat)
    case empty
  }
  enum Row { case front, middle, back }
  struct Unnamed: Hashable {
    var first = 1
    var second = 2
  }

  var states: [String: State] = [:]
  var rows: [Row: Seat] = [:]
  var tickets: [UUID: Seat] = [:]
  var shorts: [Int16: State?] = [:]
  var many: [Int: Seat] = [:]
  var others: [Unnamed: Seat] = [:]
  var kept: Set<SeatName> = []
}

private final class SeatName: Hashable {
  static func == (one: SeatName, other: SeatName) -> Bool { one === other }
  func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
  let seat = Seat()
}

// unsafe: only this test, which is one thread, has it.
nonisolated(unsafe) private var sharedHall: Hall?

@Suite("Names of what dictionaries and sets hold", .serialized)
struct TableNamesTests {
  private func labels(of hall: Hall, to seats: [Seat]) throws -> [[String]] {
    sharedHall = hall
    defer { sharedHall = nil }
    let graph = try HeapGraph.capture(mode: .frozen)
    let finder = PathFinder(of: graph.image)  // once for all
    return try seats.map { seat in
      let address = UInt64(UInt(bitPattern: Unmanaged.passUnretained(seat).toOpaque()))
      let path = finder.path(to: try #require(graph.image.object(at: address)))
      #expect(path.root == "global SizerTests.sharedHall")
      return path.steps.map(\.label)
    }
  }

  @Test("a value that is an enum has its key and its case")
  func cases() throws {
    let hall = Hall()
    let seats = (0..<4).map { _ in Seat() }
    hall.states = ["east": .waiting(seats[0]), "west": .failed(seats[1]), "north": .empty]
    hall.shorts = [-7: .failed(seats[2]), 300: .waiting(seats[3]), 4: nil]
    #expect(
      try labels(of: hall, to: seats) == [
        [".states", "[\"east\"].waiting"], [".states", "[\"west\"].failed"], [".shorts", "[-7].failed"],
        [".shorts", "[300].waiting"],
      ])
  }

  @Test("keys have the text that Swift gives them, and those that have none say so")
  func keys() throws {
    let hall = Hall()
    let seats = (0..<4).map { _ in Seat() }
    let id = UUID()
    hall.tickets = [id: seats[0], UUID(): Seat()]
    hall.rows = [.middle: seats[1], .back: seats[2]]
    hall.others = [.init(): seats[3]]
    let named = SeatName()
    hall.kept = [named]
    #expect(
      try labels(of: hall, to: seats + [named.seat]) == [
        [".tickets", "[\(id.uuidString)]"], [".rows", "[.middle]"], [".rows", "[.back]"], [".others", "[...]"],
        [".kept", "[...]", ".seat"],
      ])
  }

  @Test("all entries of a large dictionary are named")
  func many() throws {
    let hall = Hall()
    for number in 0..<20_000 { hall.many[number * 3] = Seat() }
    let numbers = stride(from: 0, to: 20_000, by: 97).map { $0 * 3 }
    let found = try labels(of: hall, to: numbers.map { hall.many[$0]! })
    #expect(found == numbers.map { [".many", "[\($0)]"] })
  }
}
