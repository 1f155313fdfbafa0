// SPDX-License-Identifier: Apache-2.0
import Foundation

/// `/proc/self/status`, read by other means than the library's: whole lines, by Foundation.
struct ProcessFile {
  private let lines: [Substring]

  init() throws {
    lines = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
  }

  /// The bytes of a line such as `VmRSS:	  1776 kB`.
  func bytes(_ name: String) throws -> Int {
    let line = try lines.first { $0.hasPrefix(name + ":") } ?? { throw CocoaError(.fileReadCorruptFile) }()
    let number = line.drop { !$0.isNumber }.prefix { $0.isNumber }
    return try (Int(number) ?? { throw CocoaError(.fileReadCorruptFile) }()) * 1024
  }
}

/// Pages of their own, none of them touched.
func mapPages(_ bytes: Int) throws -> UnsafeMutableRawBufferPointer {
  let pages = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
  guard let pages, pages != MAP_FAILED else { throw POSIXError(.ENOMEM) }
  return UnsafeMutableRawBufferPointer(start: pages, count: bytes)
}

/// Whether two numbers of bytes are within a mebibyte or two of each other: what a quiet process may allocate in
/// between.
func isNear(_ one: Int, _ other: Int, slack: Int = 2 << 20) -> Bool { (one - other).magnitude <= slack.magnitude }
