// SPDX-License-Identifier: Apache-2.0
import Sizer
import Synchronization
import Testing

/// What threads tie to others, and untie again before they let go.
private final class Knot: @unchecked Sendable {
  enum State {
    case loose
    case tied(Knot)
  }
  var other: Knot?
  var all: [Knot] = []
  var named: [Int: Knot] = [:]
  var state = State.loose
  var closure: (() -> Void)?
  weak var seen: Knot?
  var count = 0

  /// Several of them that hold one another, in one of many ways.
  static func tied(_ step: Int) -> Knot {
    let (first, second) = (Knot(), Knot())
    second.other = first
    switch step % 7 {
    case 0: first.other = second
    case 1: first.all = [second, first, second]
    case 2: first.named[step] = second
    case 3: first.state = .tied(second)
    case 4: first.closure = { first.count += second.count }
    case 5: first.closure = { second.count += 1 }
    default:
      first.seen = second
      first.other = first
      second.all = (0..<step % 30).map { _ in
        let leaf = Knot()
        (leaf.other, leaf.seen) = (first, second)
        return leaf
      }
      first.all = second.all
    }
    return first
  }

  /// Nothing of it is leaked afterwards.
  func untie() {
    let members = all + [other, named.values.first].compactMap { $0 }
    if case .tied(let second) = state { second.other = nil }
    for member in members { member.other = nil }
    other = nil
    state = .loose
    closure = nil
    all = []
    named = [:]
  }
}

/// The same, which nobody unties.
private final class Lost {
  var closure: (() -> Void)?
  var other: Lost?
  var words = [1, 2, 3]
}

extension Stress {
  @Suite struct LeakProofTests {
    private static let crew = 6

    /// Some that a thread has tied, and some that any thread may take from it.
    private struct Place {
      var tied: [Knot] = []
      let exchange: Exchange

      mutating func work(_ step: Int) {
        tied.append(Knot.tied(step))
        if tied.count > 16 { tied.remove(at: step % 16).untie() }
        // Nobody else has it then.
        if let other = exchange.swap(tied.remove(at: step % tied.count), at: step) { tied.append(other) }
      }
    }

    private final class Exchange: Sendable {
      private let places = Mutex<[Knot?]>([Knot?](repeating: nil, count: 5))
      func swap(_ knot: Knot, at step: Int) -> Knot? {
        places.withLock { places in
          let before = places[step % places.count]
          places[step % places.count] = knot
          return before
        }
      }
    }

    @inline(never)
    private func lose(_ number: Int) {
      let (lost, second) = (Lost(), Lost())
      (lost.other, second.other) = (second, lost)
      if number % 2 == 0 { lost.closure = { lost.words.append(number) } }
    }

    @Test("threads tie and untie knots without a break: what is lost is proved each time, and nothing else ever")
    func proofs() throws {
      try expectNothingLeft {
        let exchange = Exchange()
        let crew = Crew(of: Self.crew, prepare: { _ in Place(exchange: exchange) }, work: { $0.work($1) })
        defer { crew.stop() }
        let (lost, tied) = (typeName(of: Lost.self), typeName(of: Knot.self))
        var planted = 0
        let count = try Stress.repeating(for: Stress.whole) {
          if planted < 60 {
            lose(planted)
            planted += 1
          }
          let proved = try HeapGraph.proveLeaks().filter { $0.grade == .proved }
          let found = proved.filter { $0.typeNames.contains(lost) }
          #expect(found.reduce(0) { $0 + $1.groupCount } == planted)
          let wrong = proved.filter { $0.typeNames.contains(tied) }
          #expect(wrong.isEmpty, "\(wrong)")
        }
        #expect(count > 0 && planted > 0)
      }
    }
  }
}
