// SPDX-License-Identifier: Apache-2.0

import Sizer

/// One look for leaks: begins before the body and ends behind it.
struct LeakCheck: Sendable {
  /// For how long to wait until each thread has gone on: on a machine of CI's one may wait long for its turn.
  private static let patience = Duration.seconds(60)

  private let scope: Result<BirthScope, SizerError>
  private let strictness: LeakStrictness
  private let place: TestPlace

  init(_ strictness: LeakStrictness, in scope: LeakScope, at place: TestPlace) {
    self.strictness = strictness
    self.place = place
    self.scope = Result { () throws(SizerError) in
      try BirthScope(ofProcess: scope == .process, operation: "expectNoLeaks")
    }
  }

  func run<R>(_ body: () throws -> R) rethrows -> R {
    guard case .success(let scope) = scope else { return try body() }
    return try scope.run(body)
  }

  func run<R>(isolation: isolated (any Actor)?, _ body: () async throws -> R) async rethrows -> R {
    guard case .success(let scope) = scope else { return try await body() }
    return try await scope.run(isolation: isolation, body)
  }

  /// Looks, and tells the test. The calling thread sleeps some milliseconds.
  func finish() {
    tell(look())
  }

  /// The same on a thread of its own, so that the other tasks of this one's executor go on.
  func finish() async {
    tell(await onThreadOfItsOwn(look))
  }

  private func look() -> Result<[LeakGroup], SizerError> {
    Result { () throws(SizerError) in try HeapGraph.proveLeaks(in: try scope.get(), patience: Self.patience) }
  }

  private func tell(_ result: Result<[LeakGroup], SizerError>) {
    switch result {
    case .failure(let error):
      place.record(Finding(text: "leaks can't be looked for: \(error)", isFailure: true))
    case .success(let groups):
      let failing = groups.filter { $0.grade == .proved || strictness == .strict }
      let others = groups.filter { $0.grade != .proved && strictness != .strict }
      if !failing.isEmpty { place.record(Finding(text: LeakText.of(failing), isFailure: true)) }
      if !others.isEmpty { place.record(Finding(text: LeakText.of(others), isFailure: false)) }
      if case .success(let scope) = scope, !scope.isComplete {
        place.record(
          Finding(text: "some objects could not be noted: the system refused memory", isFailure: true))
      }
    }
  }
}

/// Runs `body` on a new thread and waits without keeping this one; on this one when the system refuses another.
func onThreadOfItsOwn<R: Sendable>(_ body: @escaping @Sendable () -> R) async -> R {
  await withCheckedContinuation { done in
    if !Engine.startThread(named: "sizer-testing", { done.resume(returning: body()) }) {
      done.resume(returning: body())
    }
  }
}
