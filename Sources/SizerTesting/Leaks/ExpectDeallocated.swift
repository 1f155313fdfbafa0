// SPDX-License-Identifier: Apache-2.0

import Glibc
import Sizer

/// Fails the current test if the object that `make` makes lives on when nobody here has it any more. The failure tells
/// who holds it.
///
///     expectDeallocated { try Server().start().stop() }
///
/// Works in any process; who holds the object can be told where Sizer has a census of objects.
///
/// - Parameters:
///   - patience: for how long the object may live on, since a thread or a task of its own lets it go. The calling
///     thread sleeps meanwhile.
///   - fileID: the test's file, which a failure names; leave it to the compiler, as the next three.
///   - filePath: the file's path.
///   - line: the line.
///   - column: the column.
///   - make: makes the object, and does with it what is to be tested.
/// - Throws: what `make` throws.
public func expectDeallocated<T: AnyObject>(
  within patience: Duration = .zero, fileID: String = #fileID, filePath: StaticString = #filePath,
  line: UInt = #line, column: Int = #column, _ make: () throws -> T
) rethrows {
  let place = TestPlace(fileID: fileID, filePath: filePath, line: line, column: column)
  let watched = Watched(try make())
  watched.expectEnd(within: patience, at: place)
}

/// The same, of an object that the caller gives away: `expectDeallocated(consume session)`. A variable that still has
/// it keeps it alive.
public func expectDeallocated<T: AnyObject>(
  _ object: consuming T, within patience: Duration = .zero, fileID: String = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: Int = #column
) {
  let place = TestPlace(fileID: fileID, filePath: filePath, line: line, column: column)
  let watched = Watched(object)
  _ = consume object
  watched.expectEnd(within: patience, at: place)
}

/// The same for what is made by a task, which does not keep its thread while it waits.
public func expectDeallocated<T: AnyObject>(
  within patience: Duration = .zero, isolation: isolated (any Actor)? = #isolation, fileID: String = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: Int = #column, _ make: () async throws -> T
) async rethrows {
  let place = TestPlace(fileID: fileID, filePath: filePath, line: line, column: column)
  let watched = Watched(try await make())
  let end = ContinuousClock.now + patience
  while watched.address != nil, ContinuousClock.now < end { try? await Task.sleep(for: .milliseconds(2)) }
  guard watched.address != nil else { return }
  if let finding = await onThreadOfItsOwn({ watched.finding }) { place.record(finding) }
}

/// An object that is to end.
private struct Watched: @unchecked Sendable {
  // Sendable: a weak reference may be read on any thread, and is not written again.
  private weak var object: AnyObject?
  private let typeName: String

  init(_ object: AnyObject) {
    self.object = object
    typeName = Sizer.typeName(of: type(of: object))
  }

  /// Where it is; nil when it has ended. Nobody has a reference to it afterwards.
  var address: UInt64? { object.map { UInt64(UInt(bitPattern: Unmanaged.passUnretained($0).toOpaque())) } }

  func expectEnd(within patience: Duration, at place: TestPlace) {
    let end = ContinuousClock.now + patience
    while address != nil, ContinuousClock.now < end { usleep(2_000) }
    if let finding { place.record(finding) }
  }

  /// That it lives, and why.
  var finding: Finding? {
    guard let address else { return nil }
    let holders = Holders.text(of: [address])
    // It may have ended while that was found out.
    guard self.address != nil else { return nil }
    return Finding(text: (["\(typeName) is still alive"] + holders).joined(separator: "\n  "), isFailure: true)
  }
}
