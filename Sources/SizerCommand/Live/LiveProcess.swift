// SPDX-License-Identifier: Apache-2.0

import Glibc
import SizerAgent

/// Finds the live socket of a process.
enum LiveProcess {
  /// The client of what a user names: a socket by its path, or a process by its number. A process's socket is where
  /// SIZER_SOCKET said when it was started, seen from its own root and folder, with `%p` for the number that it has
  /// itself: it may be in a container. Where that says `%t` or `%h` it is the newest that fits.
  ///
  /// - Throws: ``Failure`` when there is no such process, it may not be looked at, or has no socket.
  static func client(of name: String) throws -> SocketClient {
    guard let process = Int32(name), process > 0 else { return SocketClient(path: name) }
    return SocketClient(path: try socket(ofProcess: process))
  }

  private static func socket(ofProcess process: Int32) throws -> String {
    let folder = "/proc/\(process)"
    guard access(folder, F_OK) == 0 else { throw Failure(message: "there is no process \(process); check its number") }
    guard let environment = contents(of: "\(folder)/environ") else {
      throw Failure(message: "process \(process) is another user's; ask as that user or as root, or name its socket")
    }
    let name = "SIZER_SOCKET="
    let variables = environment.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    guard let pattern = variables.last(where: { $0.hasPrefix(name) })?.dropFirst(name.count), !pattern.isEmpty else {
      throw Failure(
        message: "process \(process) was not started with a live socket; use sizer run --socket or SIZER_SOCKET")
    }
    let root = pattern.hasPrefix("/") ? "\(folder)/root" : "\(folder)/cwd"
    guard let path = newest(String(pattern), below: root, ownNumber(ofProcess: process)) else {
      throw Failure(
        message: "process \(process) has no socket at \(pattern); it may have been refused, or name its socket")
    }
    return path
  }

  /// Only the process itself knows when it was started; sockets of earlier ones, which were killed, are older.
  private static func newest(_ pattern: String, below root: String, _ number: Int32) -> String? {
    let marks = ProcessMarks(number: number, time: "", host: "")
    var paths = [root]
    for component in pattern.split(separator: "/") {
      let name = PathPattern(String(component))
      paths = paths.flatMap { path in
        let names =
          name.isPinned
          ? [name.path(for: marks)] : FolderEntries.names(of: path).filter { name.matches($0, number: number) }
        return names.map { "\(path)/\($0)" }
      }
    }
    // Of one there is, whoever asks says whether it is there.
    return paths.count < 2 ? paths.first : paths.max { time(of: $0) < time(of: $1) }
  }

  private static func time(of path: String) -> Int {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec : 0
  }

  /// What the process itself thinks its number is: the innermost of proc_pid_status(5).
  private static func ownNumber(ofProcess process: Int32) -> Int32 {
    let status = String(decoding: contents(of: "/proc/\(process)/status") ?? [], as: UTF8.self)
    let line = status.split(separator: "\n").first { $0.hasPrefix("NSpid:") } ?? ""
    return line.split(separator: "\t").last.flatMap { Int32($0) } ?? process
  }

  private static func contents(of path: String) -> [UInt8]? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes: [UInt8] = []
    // An environment is a quarter of the stack's limit at most.
    while bytes.count < 1 << 23 {
      let count = withUnsafeTemporaryAllocation(byteCount: 1 << 14, alignment: 1) { room in
        let count = read(file, room.baseAddress, room.count)
        if count > 0 { bytes.append(contentsOf: room[..<count]) }
        return count
      }
      guard count > 0 else { return count == 0 ? bytes : nil }
    }
    return bytes
  }
}
