// SPDX-License-Identifier: Apache-2.0
import Glibc
import SizerGraph

/// How far each thread of the process has come: what a proof needs to know of two moments (proc(5): stat, schedstat and
/// status of each task).
struct ThreadStates {
  private var threads: [Int32: HeapThread] = [:]

  /// Those of now; empty when /proc can't be read: then nothing is proved.
  static func now() -> ThreadStates {
    var states = ThreadStates()
    guard let folder = opendir("/proc/self/task") else { return states }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if let number = Int32(name), let thread = read(number) { states.threads[number] = thread }
    }
    return states
  }

  /// Whether each thread of an earlier moment has ended, slept, or had a millisecond of a processor since: then it does
  /// not stand between two instructions of which the second counts what the first stored.
  func haveGoneOn(since earlier: ThreadStates) -> Bool {
    !earlier.threads.isEmpty && !threads.isEmpty
      && earlier.threads.allSatisfy { number, old in
        guard let new = threads[number] else { return true }
        return old.state == .asleep || new.state == .asleep || new.sleepCount > old.sleepCount
          || new.processorTime >= old.processorTime &+ 1_000_000
      }
  }

  private static func read(_ number: Int32) -> HeapThread? {
    guard let stat = text(of: "/proc/self/task/\(number)/stat"),
      let times = text(of: "/proc/self/task/\(number)/schedstat"),
      let status = text(of: "/proc/self/task/\(number)/status"),
      let close = stat.lastIndex(of: UInt8(ascii: ")")), close + 2 < stat.count
    else { return nil }
    let figures = String(decoding: times, as: UTF8.self).split { $0 == " " || $0 == "\n" }.map { UInt64($0) ?? 0 }
    guard figures.count == 3 else { return nil }
    let letter = stat[close + 2]
    // Not D: who waits for a page may want it in the middle of anything.
    let isAsleep = letter == UInt8(ascii: "S")
    let switches = String(decoding: status, as: UTF8.self).split(separator: "\n").first {
      $0.hasPrefix("voluntary_ctxt_switches:")
    }
    let sleeps = switches.flatMap { UInt64($0.split(separator: "\t").last ?? "") } ?? 0
    return HeapThread(
      id: UInt64(number), state: isAsleep ? .asleep : .running, processorTime: figures[0], sleepCount: sleeps)
  }

  private static func text(of path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    return withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { room in
      let count = Glibc.read(file, room.baseAddress!, room.count)
      return count > 0 ? Array(room[..<count]) : nil
    }
  }
}
