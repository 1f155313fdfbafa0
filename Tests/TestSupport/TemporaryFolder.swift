// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A folder of a test's own, where the system wants such (TMPDIR), gone when nobody needs it any more.
package final class TemporaryFolder: Sendable {
  package let path: String

  package init() throws {
    let wish = FileManager.default.temporaryDirectory.appendingPathComponent("sizer-test-XXXXXX").path
    var template = Array(wish.utf8CString)
    guard mkdtemp(&template) != nil else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
  }

  deinit {
    chmod(path, 0o700)  // a test may have locked it
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Where a file of this name would be.
  package func path(_ name: String) -> String { "\(path)/\(name)" }

  /// The names of the files that are there, sorted.
  package var files: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}
