// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import TestSupport

/// A control group that is made up of files, in which this process seems to be. Its own figures are the real ones.
///
/// Limits are the whole process's: only for tests in a process of their own.
final class MadeLimits: Sendable {
  private let folder: TemporaryFolder
  private static let group = "/sys/fs/cgroup/app"
  static let limit = 1 << 40

  /// `isTogether`: a kill takes the whole group along.
  init(room: Int, isTogether: Bool = false) throws {
    folder = try TemporaryFolder()
    try write("/proc/thread-self/cgroup", "0::/app\n")
    try write("/proc/thread-self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")
    try write("/proc/meminfo", "MemAvailable: 900000000 kB\n")
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("proc/thread-self/status"), withDestinationPath: "/proc/thread-self/status")
    for (name, text) in [
      ("cgroup.procs", "1\n"), ("memory.max", "\(MadeLimits.limit)\n"), ("memory.high", "max\n"),
      ("memory.stat", "inactive_file 0\n"), ("memory.events", "oom_kill 0\n"),
      ("memory.oom.group", isTogether ? "1\n" : "0\n"),
    ] {
      try write("\(MadeLimits.group)/\(name)", text)
    }
    try leave(room)
    guard Engine.readLimits(below: folder.path) else { throw POSIXError(.ENAMETOOLONG) }
  }

  deinit {
    _ = Engine.readLimits(below: nil)
  }

  /// Has so many bytes left below the limit.
  func leave(_ room: Int) throws { try write("\(MadeLimits.group)/memory.current", "\(MadeLimits.limit - room)\n") }

  /// Had so many bytes in use at most.
  func setPeak(_ bytes: Int) throws { try write("\(MadeLimits.group)/memory.peak", "\(bytes)\n") }

  /// Has counted so many kills for memory.
  func countKills(_ count: Int) throws { try write("\(MadeLimits.group)/memory.events", "oom_kill \(count)\n") }

  // As a whole, for it is read meanwhile.
  private func write(_ path: String, _ text: String) throws {
    let url = URL(fileURLWithPath: folder.path + path)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url, options: .atomic)
  }
}
