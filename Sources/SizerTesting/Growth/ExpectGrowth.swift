// SPDX-License-Identifier: Apache-2.0

/// Runs `body` once, then `rounds` times, and fails the current test if more than `count` instances of a class came to
/// live in those rounds that live on afterwards. The first run fills caches and is not counted.
///
///     expectGrowth(of: Session.self, atMost: 0) { try login().logout() }
///
/// Counted are instances, subclasses' too, that the body makes itself and in tasks that it starts; what other tests
/// make meanwhile is not (``LeakScope/task``). The failure tells who holds them and where they were made.
///
/// - Parameters:
///   - type: a class.
///   - count: how many instances may be left of all rounds together.
///   - rounds: how often the work is done.
///   - scope: whose objects are counted.
///   - fileID: the test's file, which a failure names; leave it to the compiler, as the next three.
///   - filePath: the file's path.
///   - line: the line.
///   - column: the column.
///   - body: the work.
/// - Throws: what `body` throws.
public func expectGrowth(
  of type: AnyClass, atMost count: Int, over rounds: Int = 5, in scope: LeakScope = .task, fileID: String = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: Int = #column, _ body: () throws -> Void
) rethrows {
  let place = TestPlace(fileID: fileID, filePath: filePath, line: line, column: column)
  var counter = InstanceCounter(of: type, in: scope)
  try counter.run(body)
  counter.start()
  for _ in 0..<max(rounds, 0) { try counter.run(body) }
  if let finding = counter.finding(atMost: count, over: rounds) { place.record(finding) }
}

/// As the one that does not wait.
public func expectGrowth(
  of type: AnyClass, atMost count: Int, over rounds: Int = 5, in scope: LeakScope = .task,
  isolation: isolated (any Actor)? = #isolation, fileID: String = #fileID, filePath: StaticString = #filePath,
  line: UInt = #line, column: Int = #column, _ body: () async throws -> Void
) async rethrows {
  let place = TestPlace(fileID: fileID, filePath: filePath, line: line, column: column)
  var counter = InstanceCounter(of: type, in: scope)
  try await counter.run(isolation: isolation, body)
  counter.start()
  for _ in 0..<max(rounds, 0) { try await counter.run(isolation: isolation, body) }
  let counted = counter
  if let finding = await onThreadOfItsOwn({ counted.finding(atMost: count, over: rounds) }) { place.record(finding) }
}
