// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What the kernel says in files of lines such as `MemAvailable:  1024 kB`.
enum KernelFigures {
  /// Bytes that new processes can have without swapping.
  static func availableBytes() throws(BenchError) -> Int { try bytes("MemAvailable", of: "/proc/meminfo") }

  /// The most memory that was ever present of this process.
  static func peakBytes() throws(BenchError) -> Int { try bytes("VmHWM", of: "/proc/self/status") }

  /// Memory of this process that is present.
  static func residentBytes() throws(BenchError) -> Int { try bytes("Rss", of: "/proc/self/smaps_rollup") }

  /// The part of it that is of no file.
  static func anonymousBytes() throws(BenchError) -> Int { try bytes("Anonymous", of: "/proc/self/smaps_rollup") }

  /// The part of it in huge pages.
  static func hugeBytes() throws(BenchError) -> Int { try bytes("AnonHugePages", of: "/proc/self/smaps_rollup") }

  private static func bytes(_ name: String, of path: String) throws(BenchError) -> Int {
    let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
    guard let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw BenchError("\(path) has no line \(name): in kB")
    }
    return kilobytes * 1024
  }
}
