// SPDX-License-Identifier: Apache-2.0

public import Testing

/// Expects of a test, or of each test of a suite, that what it makes does not leak. See `.noLeaks`.
public struct NoLeaksTrait: TestTrait, SuiteTrait, TestScoping {
  /// Which leaks fail the test.
  public var strictness: LeakStrictness
  /// Whose objects are looked at.
  public var scope: LeakScope

  /// A suite's trait is that of each test in it.
  public var isRecursive: Bool { true }

  /// Runs a test, with its suite's `init` and `deinit`, as `expectNoLeaks` runs its body. Each argument of a test is
  /// looked at by itself.
  public func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    let check = LeakCheck(strictness, in: scope, at: TestPlace(test.sourceLocation))
    do {
      try await check.run(isolation: #isolation, function)
      await check.finish()
    } catch {
      await check.finish()
      throw error
    }
  }
}

extension Trait where Self == NoLeaksTrait {
  /// Fails a test that leaks: `@Test(.noLeaks)`, `@Suite(.noLeaks)`. Tests run in parallel as before.
  public static var noLeaks: Self { noLeaks() }

  /// The same, of other leaks or other scopes: `@Test(.noLeaks(.strict))`.
  public static func noLeaks(_ strictness: LeakStrictness = .proved, in scope: LeakScope = .task) -> Self {
    NoLeaksTrait(strictness: strictness, scope: scope)
  }
}
