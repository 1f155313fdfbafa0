// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A real control group with a memory limit, of whichever version the machine has.
struct MemoryGroup: Sendable {
  let path: String
  private var isFirst: Bool { FileManager.default.fileExists(atPath: "\(path)/memory.limit_in_bytes") }

  /// nil where the machine lets nobody make one: who is not root, and most containers.
  static func make(limit: Int) -> MemoryGroup? {
    let name = "sizer-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    for parent in parents {
      let group = MemoryGroup(path: "\(parent)/\(name)")
      guard mkdir(group.path, 0o755) == 0 else { continue }
      if group.write(group.isFirst ? "memory.limit_in_bytes" : "memory.max", "\(limit)") {
        // On version 2, as Kubernetes has it. On version 1 there is no such thing.
        if !group.isFirst { _ = group.write("memory.oom.group", "1") }
        return group
      }
      rmdir(group.path)
    }
    return nil
  }

  /// This process, from now on.
  func enter() -> Bool { write("cgroup.procs", "\(getpid())") }

  /// How many processes in it were killed for memory.
  var kills: Int? {
    let text = try? String(
      contentsOfFile: "\(path)/\(isFirst ? "memory.oom_control" : "memory.events")", encoding: .utf8)
    return text?.split(separator: "\n").first { $0.hasPrefix("oom_kill ") }.flatMap { Int($0.dropFirst(9)) }
  }

  /// The process that was in it is gone, but the kernel may need a moment to know.
  func remove() -> Bool {
    for _ in 0..<500 {
      if rmdir(path) == 0 { return true }
      usleep(10_000)
    }
    return false
  }

  /// The groups of this process, then the roots.
  private static var parents: [String] {
    let text = (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
    let groups = text.split(separator: "\n").map {
      $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
    }
    var found: [String] = []
    for group in groups where group.count == 3 {
      if group[1].split(separator: ",").contains("memory") {
        found += ["/sys/fs/cgroup/memory\(group[2])", "/sys/fs/cgroup/memory"]
      } else if group[1].isEmpty {
        found += ["/sys/fs/cgroup\(group[2])", "/sys/fs/cgroup"]
      }
    }
    return found
  }

  private func write(_ name: String, _ text: String) -> Bool {
    guard let file = FileHandle(forWritingAtPath: "\(path)/\(name)") else { return false }
    return (try? file.write(contentsOf: Data(text.utf8))) != nil && (try? file.close()) != nil
  }
}
