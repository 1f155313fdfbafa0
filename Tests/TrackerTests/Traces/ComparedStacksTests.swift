// SPDX-License-Identifier: Apache-2.0
#if arch(x86_64)
  import Glibc
  import Sizer
  import Testing

  /// Works until so many objects were made, and expects that libunwind saw all their stacks as the rules did, and that
  /// the rules read nearly all of them: a test that left them all to libunwind would show nothing.
  private func expectEqualStacks(
    _ least: Int, sourceLocation: SourceLocation = #_sourceLocation, _ work: () async throws -> Void
  ) async throws {
    let comparison = StackComparison()
    while comparison.byRules < least, comparison.left < least { try await work() }
    #expect(comparison.unequal == 0, "\(comparison)", sourceLocation: sourceLocation)
    #expect(comparison.byRules >= 20 * comparison.left, "\(comparison)", sourceLocation: sourceLocation)
  }

  /// All objects of the process are tracked with their stacks while `body` runs.
  private func comparingAll(_ body: () async throws -> Void) async throws {
    let tracker = ClassTracker(maximumTraceDepth: 128)
    try await StackComparison.comparing {
      try tracker.track(classesNamed: "*", trace: true)
      try await body()
    }
  }

  /// Two hundred thousand stacks.
  @Suite("Stacks that are read by rules are those that libunwind sees")
  struct ComparedStacksTests {
    @Test("in JSON that is written and read")
    func json() async {
      await #expect(processExitsWith: .success) {
        try await comparingAll { try await expectEqualStacks(50_000) { try RealWork.json() } }
      }
    }

    @Test("in recursion, in callbacks from C, and with errors on their way")
    func calls() async {
      await #expect(processExitsWith: .success) {
        try await comparingAll {
          try await expectEqualStacks(25_000) { RealWork.recursion() }
          try await expectEqualStacks(25_000) { RealWork.errors() }
          try await expectEqualStacks(25_000) { RealWork.callbacks() }
        }
      }
    }

    @Test("in actors and tasks, and on queues")
    func concurrency() async {
      await #expect(processExitsWith: .success) {
        try await comparingAll {
          try await expectEqualStacks(25_000) { await RealWork.actors() }
          try await expectEqualStacks(25_000) { RealWork.queues() }
        }
      }
    }

    @Test("in channels of SwiftNIO")
    func channels() async {
      await #expect(processExitsWith: .success) {
        try await comparingAll { try await expectEqualStacks(25_000) { try await RealWork.channels() } }
      }
    }
  }
#endif
