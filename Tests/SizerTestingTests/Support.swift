// SPDX-License-Identifier: Apache-2.0
import SizerTesting
import Synchronization
import TestSupport

/// An object that can hold another one, or a closure that holds it.
final class Knot: @unchecked Sendable {
  var other: Knot?
  var closure: (() -> Void)?
  let payload = text(64)

  /// Two objects that hold each other.
  @inline(never)
  static func leak() {
    let (one, other) = (Knot(), Knot())
    one.other = other
    other.other = one
  }

  /// The same, untied.
  @inline(never)
  static func tidy() {
    let (one, other) = (Knot(), Knot())
    one.other = other
    other.other = one
    other.other = nil
    keepAlive(one)
  }
}

/// What the expectations in `body` have to say, instead of the test's runner.
func findings(_ body: () throws -> Void) rethrows -> [Finding] {
  let found = Found()
  try Finding.$observer.withValue(FindingObserver { found.add($0) }, operation: body)
  return found.all
}

/// The same for what waits.
func findings(
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async rethrows -> [Finding] {
  let found = Found()
  try await Finding.$observer.withValue(FindingObserver { found.add($0) }, operation: body, isolation: isolation)
  return found.all
}

private final class Found: Sendable {
  private let list = Mutex<[Finding]>([])
  func add(_ finding: Finding) { list.withLock { $0.append(finding) } }
  var all: [Finding] { list.withLock { $0 } }
}

/// Holds what has to live, as a program's globals do.
let shelf = Mutex<[Knot]>([])
