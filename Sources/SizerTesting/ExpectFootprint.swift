// SPDX-License-Identifier: Apache-2.0

public import Sizer

/// Fails the current test if the value owns more heap memory than `bytes`. The failure tells what it is made of.
///
///     expectFootprint(atMost: .kilobytes(64)) { try Catalogue(contentsOf: path) }
///
/// - Parameters:
///   - bytes: as the allocator sets them aside; ``Swift/Int/kilobytes(_:)`` and ``Swift/Int/megabytes(_:)`` make them.
///   - fileID: the test's file, which a failure names; leave it to the compiler, as the next three.
///   - filePath: the file's path.
///   - line: the line.
///   - column: the column.
///   - value: makes the value.
/// - Throws: what `value` throws. A value that can't be sized fails the test.
public func expectFootprint<V>(
  atMost bytes: Int, fileID: String = #fileID, filePath: StaticString = #filePath, line: UInt = #line,
  column: Int = #column, _ value: () throws -> V
) rethrows {
  let place = TestPlace(fileID: fileID, filePath: filePath, line: line, column: column)
  if let finding = footprint(of: try value(), atMost: bytes) { place.record(finding) }
}

/// The same of a value that a task makes.
public func expectFootprint<V>(
  atMost bytes: Int, isolation: isolated (any Actor)? = #isolation, fileID: String = #fileID,
  filePath: StaticString = #filePath, line: UInt = #line, column: Int = #column, _ value: () async throws -> V
) async rethrows {
  let place = TestPlace(fileID: fileID, filePath: filePath, line: line, column: column)
  if let finding = footprint(of: try await value(), atMost: bytes) { place.record(finding) }
}

private func footprint<V>(of value: V, atMost bytes: Int) -> Finding? {
  do throws(SizerError) {
    let size = try HeapSizer().size(of: value)
    guard size.bytes > bytes else { return nil }
    let doubt = size.isExact ? "" : ", not all of them known exactly"
    let head = "\(bytesText(size.bytes)) (\(size.bytes) B)\(doubt), at most \(bytesText(bytes)) (\(bytes) B) expected"
    let rows = try HeapSizer().histogram(of: value).sorted { ($1.bytes, $0.typeName) < ($0.bytes, $1.typeName) }
    let lines = rows.prefix(5).map { "\(bytesText($0.bytes)) in \($0.count) of \($0.typeName)" }
    return Finding(text: ([head] + lines).joined(separator: "\n  "), isFailure: true)
  } catch {
    return Finding(text: "the value can't be sized: \(error)", isFailure: true)
  }
}

/// The heap memory that a value owns, in bytes as the allocator sets them aside:
/// `#expect(try size(of: cache) <= .kilobytes(4))`.
///
/// - Throws: as `HeapSizer.size(of:)`.
public func size<V: ~Copyable>(of value: borrowing V) throws(SizerError) -> Int {
  try HeapSizer().size(of: value).bytes
}

extension Int {
  /// So many times 1,024 bytes: `expectFootprint(atMost: .kilobytes(64))`.
  public static func kilobytes(_ count: Int) -> Int { count << 10 }

  /// So many times 1,048,576 bytes.
  public static func megabytes(_ count: Int) -> Int { count << 20 }
}
