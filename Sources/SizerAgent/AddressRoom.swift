// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What the process may still map. Where that is little the agent must not take it: a program whose threads are refused
/// stands still, as libdispatch waits for better times.
struct AddressRoom {
  /// What the recorder maps for itself, some 230 MB where it was measured (its threads' stacks and the 64 MiB that
  /// libc's malloc reserves for each thread), and as much again for the program.
  static let need = 512 << 20

  /// The limit's name and the bytes left below it; nil where enough is left.
  static func shortage() -> (limit: String, bytes: Int)? {
    guard let pages = mappedPages() else { return nil }
    let page = sysconf(Int32(_SC_PAGESIZE))
    let used = [("RLIMIT_AS", RLIMIT_AS, pages.all * page), ("RLIMIT_DATA", RLIMIT_DATA, pages.data * page)]
    for (name, resource, bytes) in used {
      var limit = rlimit()
      let isKnown = getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0
      guard isKnown, limit.rlim_cur != rlim_t.max else { continue }
      let left = Int(clamping: limit.rlim_cur) - bytes
      if left < need { return (name, max(left, 0)) }
    }
    return nil
  }

  /// The first and the sixth figure of /proc/self/statm (proc(5)).
  private static func mappedPages() -> (all: Int, data: Int)? {
    let file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    let text = withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { bytes in
      let count = read(file, bytes.baseAddress, bytes.count)
      return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : ""
    }
    let figures = text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) }
    return figures.count > 5 ? (figures[0], figures[5]) : nil
  }
}
