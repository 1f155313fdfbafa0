// SPDX-License-Identifier: Apache-2.0
import CSizerTesting
import Glibc
import SeededRandom
import Sizer
import Synchronization
import Testing

/// Births and deaths where each takes a lock: the system refuses membarrier(2).
@Suite("With locks", .serialized)
struct WithLocksTests {
  private static let threadCount = 8

  /// Threads make and drop objects; `between` comes while half of their work is to be done.
  private static func demandWholeLives(between: @escaping @Sendable () -> Void = {}) throws {
    final class Life: Sendable { let value = number(1) }
    let tracker = ClassTracker()
    try tracker.track(class: Life.self, name: "Life")
    let lives = Mutex((living: [[Life]](repeating: [], count: threadCount), born: 0, looks: 0))
    for phase in 0..<4 {
      try onThreads(threadCount + 1) { index in
        guard index < threadCount else {
          for look in 0..<10 {
            if phase == 2, look == 5 { between() }
            let found = try? tracker.createSnapshot(mode: .frozen)
            if let found, found.mode == .frozen, found.skippedCount == 0 { lives.withLock { $0.looks += 1 } }
          }
          return
        }
        var random = SeededGenerator(seed: UInt64(phase * threadCount + index))
        var own = lives.withLock { $0.living[index] }
        lives.withLock { $0.living[index] = [] }
        var born = 0
        for _ in 0..<20_000 {
          if own.count > 200 || (random.next() % 2 == 0 && !own.isEmpty) {
            own.remove(at: Int(random.next() % UInt64(own.count)))
          } else {
            own.append(made { Life() })
            born += 1
          }
        }
        lives.withLock { $0 = ($0.living, $0.born + born, $0.looks) }
        lives.withLock { $0.living[index] = own }
      }
      let snapshot = try tracker.createSnapshot(mode: phase % 2 == 0 ? .inPlace : .frozen)
      let (living, born) = lives.withLock { ($0.living.reduce(0) { $0 + $1.count }, $0.born) }
      #expect(snapshot.classes.mapValues(\.active) == ["Life": living] && snapshot.skippedCount == 0)
      let objects = tracker.objects("Life")
      #expect(objects.count == born && objects.count { $0.death == nil } == living)
      #expect(objects.allSatisfy { ($0.death ?? $0.birth) >= $0.birth })
    }
    #expect(lives.withLock(\.looks) == 40)
  }

  private static let refused = "the system refuses membarrier(2)"

  private static func expectLocks() {
    let tracking = HeapSizer.capabilities.tracking
    #expect(!tracking.isLockFree && tracking.reason == refused, "\(tracking)")
  }

  /// This program again, which the filter stays with.
  private static func begin(anew arguments: [String]) -> Never {
    for variable in environment where variable.hasPrefix("SWIFT_TESTING_") {
      unsetenv(String(variable.prefix { $0 != "=" }))
    }
    setenv(mark, "1", 1)
    var words = (["/proc/self/exe"] + arguments).map { strdup($0) } + [nil]
    execv("/proc/self/exe", &words)
    exit(127)
  }

  private static var environment: [String] {
    var found: [String] = []
    for place in sequence(first: environ, next: { $0 + 1 }) {
      guard let text = place.pointee else { break }
      found.append(String(cString: text))
    }
    return found
  }

  /// In the environment of a program that began with the filter.
  private static let mark = "SIZER_TEST_FILTERED"

  @Test("where membarrier(2) is refused from the start, each life is recorded, and capabilities say so")
  func fromTheStart() async throws {
    guard getenv(Self.mark) == nil else {
      Self.expectLocks()
      #expect(HeapSizer.capabilities.description.contains("tracking: with locks (\(Self.refused))\n"))
      #expect(!HeapSizer.capabilities.memoryReturn.isAvailable)
      return try Self.demandWholeLives()
    }
    let ended = await #expect(
      processExitsWith: .success, observing: [\.standardOutputContent, \.standardErrorContent]
    ) {
      alarm(600)  // only for what never ends
      guard csizer_refuse_membarrier() == 0 else { exit(126) }
      Self.begin(anew: ["--testing-library", "swift-testing", "--filter", "WithLocksTests/fromTheStart"])
    }
    let said = [ended?.standardOutputContent, ended?.standardErrorContent]
      .map { String(decoding: $0 ?? [], as: UTF8.self) }.joined()
    #expect(said.contains("Test run with 1 test in 1 suite passed"), "\(said)")
  }

  @Test("where it is refused later, each life is recorded, and capabilities say so from then on")
  func later() async {
    await #expect(processExitsWith: .success) {
      alarm(600)
      #expect(HeapSizer.capabilities.tracking.isLockFree)
      try Self.demandWholeLives { #expect(csizer_refuse_membarrier() == 0) }
      Self.expectLocks()
    }
  }
}
