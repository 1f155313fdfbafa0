// SPDX-License-Identifier: Apache-2.0
import Glibc
import SizerGraph

/// Whether the agent may open files without being in the way: the lowest free descriptor is the next one that anybody
/// gets.
enum DescriptorRoom {
  /// What recording opens at once, at most, and as many for the program.
  static let need = 64

  /// Why there is none, and what to do; nil where there is.
  static func obstacle() -> String? {
    // What the agent opened would be taken for the program's input or output.
    let names = ["standard input", "standard output", "standard error"]
    if let closed = (0..<3).first(where: { fcntl(Int32($0), F_GETFD) < 0 }) {
      return "\(names[closed]) is closed; let it be /dev/null"
    }
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < 65_536 else {
      return nil
    }
    let free = (0..<Int32(limit.rlim_cur)).lazy.filter { fcntl($0, F_GETFD) < 0 }.prefix(need).count
    guard free < need else { return nil }
    return
      "RLIMIT_NOFILE leaves \(counted(free, "descriptor")), and recording may take \(need); raise the limit (ulimit -n)"
  }
}
