// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import Sizer

class Session {
  var cache: [UInt8]
  var user: String?
  var next: Leaf?
  required init(_ bytes: Int) { cache = [UInt8](repeating: 1, count: number(bytes)) }
}
class LongSession: Session {}
final class IdleSession: LongSession {
  private let since = Leaf()
}

/// A program that does everything that a tracker can see, a bit of it at each step, the same for the same seed.
struct LiveProgram {
  let tracker = ClassTracker(maximumTraceDepth: 12)
  private var dice: SeededGenerator
  private var living: [Session] = []
  private var snapshotCount = 0

  init(seed: UInt64) { dice = SeededGenerator(seed: seed) }

  private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &dice) }

  @inline(never)
  private mutating func birth() -> Session {
    let bytes = below(4_000)
    switch below(4) {
    case 0: return made { IdleSession(bytes) }
    case 1: return made { LongSession(bytes) }
    default: return made { Session(bytes) }
    }
  }

  /// Objects are born, grow, shrink, change their class and die; some are tracked one by one.
  mutating func live(births: Int = 20) throws {
    for _ in 0..<births { living.append(birth()) }
    for _ in 0..<min(living.count, births) {
      let index = below(living.count)
      switch below(8) {
      case 0, 1, 2: living.remove(at: index)
      case 3: living[index].cache += [UInt8](repeating: 2, count: number(below(5_000)))
      case 4: living[index].cache = []
      case 5: living[index].user = text(20 + below(60))
      case 6: living[index].next = living[index].next == nil ? made { Leaf() } : nil
      default:
        // Layouts are the same, the name differs.
        if !(living[index] is IdleSession) { morph(living[index], to: below(2) == 0 ? Session.self : LongSession.self) }
      }
      if living.isEmpty { break }
    }
    let leaf = made { Leaf() }
    try tracker.track(leaf, name: "leaf that dies at once")
    if let session = living.last {
      try tracker.track(session, name: "a session of its own", resolutionLevel: below(3), keep: below(6) == 0)
      try tracker.change(session, resolutionLevel: below(3))
    }
  }

  /// What is tracked changes, too.
  mutating func track() throws {
    let level = below(3)
    try tracker.track(
      class: Session.self, name: below(3) == 0 ? nil : "session \(below(3))\n<b>", resolutionLevel: level,
      trace: below(2) == 0)
    if below(2) == 0 {
      try tracker.track(class: LongSession.self, keep: below(5) == 0, trace: true)
    } else {
      try? tracker.detach(class: LongSession.self)
    }
    if below(8) == 0 { tracker.detachAll() }
  }

  mutating func snapshot() throws {
    snapshotCount += 1
    let modes: [SnapshotMode] = [.inPlace, .frozen, .automatic]
    try tracker.createSnapshot(
      snapshotCount % 3 == 0 ? "" : "after \(snapshotCount)", mode: modes[below(3)], fragmentation: below(3) == 0)
  }

  /// All of it, so many times, with a snapshot at the end of most.
  mutating func run(steps: Int) throws {
    for _ in 0..<steps {
      if below(3) == 0 { try track() }
      try live()
      if below(4) > 0 { try snapshot() }
    }
  }

  /// Lets everything die, and tracks nothing.
  mutating func end() { living = [] }
}
