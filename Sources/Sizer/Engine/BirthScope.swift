// SPDX-License-Identifier: Apache-2.0
import CSizer
import SizerProfile
import Synchronization

/// What was made on behalf of a piece of work, a test for one. Pieces of work that run at the same time do not see each
/// other's objects.
///
/// A scope covers the task that it is bound in, on whichever threads it runs, and the tasks that it starts, but for
/// detached ones. What other threads and queues make is covered by a scope of the whole process only, together with
/// all that anybody else makes meanwhile.
package final class BirthScope: Sendable {
  /// The innermost scope of the running task, by its number; 0: none.
  private static let innermost = TaskLocal<UInt32>(wrappedValue: 0)
  /// Which scope each open one was opened in, and those that were open at the same time.
  private static let parents = Mutex<(open: Int, of: [UInt32: UInt32])>((0, [:]))
  /// Enough to see who made an object.
  private static let traceDepth: UInt32 = 24

  private let number: UInt32
  private let isProcessWide: Bool
  private let lostBefore: UInt64

  /// A scope that begins now and ends with the object's life.
  ///
  /// - Throws: `unsupportedRuntime` where births can't be seen.
  package init(ofProcess isProcessWide: Bool = false, operation: String) throws(SizerError) {
    try Engine.checkBirthsAreSeen(operation: operation)
    lostBefore = csizer_birth_scopes_lost()
    let key = UnsafeRawPointer(Unmanaged.passUnretained(Self.innermost).toOpaque())
    let depth = csizer_trace_is_available() ? Self.traceDepth : 0
    var number: UInt32 = 0
    try Engine.check(csizer_birth_scope_begin(key, depth, isProcessWide, &number), operation: operation)
    self.number = number
    self.isProcessWide = isProcessWide
    let parent = Self.innermost.get()
    Self.parents.withLock { parents in
      parents.open += 1
      parents.of[number] = parent
    }
  }

  deinit {
    csizer_birth_scope_end(isProcessWide)
    // Tasks of a scope that is over may go on while others are open.
    Self.parents.withLock { parents in
      parents.open -= 1
      if parents.open == 0 { parents.of = [:] }
    }
  }

  /// Does the work.
  package func run<Result>(_ body: () throws -> Result) rethrows -> Result {
    try Self.innermost.withValue(number, operation: body)
  }

  /// Does the work.
  package func run<Result>(
    isolation: isolated (any Actor)?, _ body: () async throws -> Result
  ) async rethrows -> Result {
    try await Self.innermost.withValue(number, operation: body, isolation: isolation)
  }

  /// Whether all births could be noted: the system may have refused memory.
  package var isComplete: Bool { csizer_birth_scopes_lost() == lostBefore }

  /// The addresses of the scope's objects, with the numbers of the stacks that they were made in (0: none). Some may
  /// have died. O(objects of all scopes).
  package func births() -> [UInt64: UInt32] {
    var read: [csizer_scoped_birth] = []
    var count = csizer_birth_scopes_read(nil, 0)
    repeat {
      read = [csizer_scoped_birth](repeating: csizer_scoped_birth(), count: count + count / 8 + 64)
      count = csizer_birth_scopes_read(&read, read.count)
    } while count > read.count
    let parents = Self.parents.withLock { $0.of }
    var births: [UInt64: UInt32] = [:]
    for birth in read.prefix(count) where covers(birth, parents) { births[UInt64(birth.address)] = birth.trace }
    return births
  }

  private func covers(_ birth: csizer_scoped_birth, _ parents: [UInt32: UInt32]) -> Bool {
    if isProcessWide { return birth.youngest >= number }
    var scope = birth.scope
    while scope > number, let parent = parents[scope] { scope = parent }
    return scope == number
  }
}
