// SPDX-License-Identifier: Apache-2.0

/// Runs `body` several times and fails the current test if a place in the heap grows from each round to the next: a
/// cache without a bound, a queue that nobody empties, a list of observers. The failure names the place by its path
/// from a root.
///
///     expectNoGrowth(allowing: ["global App.log*"]) { try server.handle(request) }
///
/// An image of the process is made after each round. A place grows if it has more references to objects of the body,
/// or more bytes in these, in each image than in the one before: what the first round fills, as caches are, does not
/// count, nor does what other tests make meanwhile (``LeakScope/task``). So what grows by buffers alone that others
/// made before is not seen. What leaks is in no place that a root leads to and grows under `leaked`.
///
/// What grows under a global of Swift's, Foundation's or another system library's is told as a warning and fails
/// nothing: it is not the test's to mend.
///
/// - Parameters:
///   - rounds: how often the work is done; 3 at least, since two images make one step only.
///   - allowed: paths that may grow; `*` stands for any characters, none too.
///   - scope: whose objects are counted.
///   - fileID: the test's file, which a failure names; leave it to the compiler, as the next three.
///   - filePath: the file's path.
///   - line: the line.
///   - column: the column.
///   - body: the work of a round; the same each time.
/// - Throws: what `body` throws.
public func expectNoGrowth(
  rounds: Int = 5, allowing allowed: [String] = [], in scope: LeakScope = .task, fileID: String = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: Int = #column, _ body: () throws -> Void
) rethrows {
  let place = TestPlace(fileID: fileID, filePath: filePath, line: line, column: column)
  var check = GrowthCheck(rounds: rounds, allowing: allowed, in: scope)
  for _ in 0..<check.rounds {
    try check.run(body)
    check.capture()
  }
  check.findings.forEach(place.record)
}

/// As the one that does not wait.
public func expectNoGrowth(
  rounds: Int = 5, allowing allowed: [String] = [], in scope: LeakScope = .task,
  isolation: isolated (any Actor)? = #isolation, fileID: String = #fileID, filePath: StaticString = #filePath,
  line: UInt = #line, column: Int = #column, _ body: () async throws -> Void
) async rethrows {
  let place = TestPlace(fileID: fileID, filePath: filePath, line: line, column: column)
  var check = GrowthCheck(rounds: rounds, allowing: allowed, in: scope)
  for _ in 0..<check.rounds {
    try await check.run(isolation: isolation, body)
    let before = check
    check = await onThreadOfItsOwn {
      var check = before
      check.capture()
      return check
    }
  }
  let last = check
  await onThreadOfItsOwn { last.findings }.forEach(place.record)
}
