// SPDX-License-Identifier: Apache-2.0

/// Runs `body` and fails the current test if objects that it made leak: if they hold one another, and nothing else
/// holds them. The failure names the cycle as a path and tells where the objects were made.
///
///     @Test func logout() {
///       expectNoLeaks {
///         let session = Session(user: "ada")
///         session.close()
///       }
///     }
///
/// A leak fails the test when it is proved: two images of the whole process agree, between which each thread went on.
/// What is only suspected, or still seen by a weak reference, is told as a warning and fails with
/// ``LeakStrictness/strict``. What the body returns, and what a global or a task that goes on holds, is no leak.
///
/// Tests in other tasks may run meanwhile: their objects are not looked at (``LeakScope/task``). Time: a frozen image
/// of the process, some ten milliseconds and 200 ns for each object that lives in it, and twice that where something
/// leaks; an object that the body makes costs 50 to 200 ns more. Without a census of objects
/// (`HeapSizer.capabilities`) the test fails and says why.
///
/// - Parameters:
///   - strictness: which leaks fail the test.
///   - scope: whose objects are looked at.
///   - fileID: the test's file, which a failure names; leave it to the compiler, as the next three.
///   - filePath: the file's path.
///   - line: the line.
///   - column: the column.
///   - body: the work.
/// - Returns: what `body` returns.
/// - Throws: what `body` throws; leaks are looked for all the same.
@discardableResult
public func expectNoLeaks<R>(
  _ strictness: LeakStrictness = .proved, in scope: LeakScope = .task, fileID: String = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: Int = #column, _ body: () throws -> R
) rethrows -> R {
  let place = TestPlace(fileID: fileID, filePath: filePath, line: line, column: column)
  let check = LeakCheck(strictness, in: scope, at: place)
  defer { check.finish() }
  return try check.run(body)
}

/// As the one that does not wait. Tasks that `body` starts and does not wait for may still run when it is looked: what
/// they hold is no leak.
@discardableResult
public func expectNoLeaks<R>(
  _ strictness: LeakStrictness = .proved, in scope: LeakScope = .task, isolation: isolated (any Actor)? = #isolation,
  fileID: String = #fileID, filePath: StaticString = #filePath, line: UInt = #line, column: Int = #column,
  _ body: () async throws -> R
) async rethrows -> R {
  let place = TestPlace(fileID: fileID, filePath: filePath, line: line, column: column)
  let check = LeakCheck(strictness, in: scope, at: place)
  do {
    let result = try await check.run(isolation: isolation, body)
    await check.finish()
    return result
  } catch {
    await check.finish()
    throw error
  }
}
