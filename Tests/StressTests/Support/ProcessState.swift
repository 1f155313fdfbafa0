// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

/// What the kernel says of this process.
enum ProcessState {
  /// Children of all kinds, zombies too, by the name that they gave themselves.
  static func children() -> [(process: pid_t, name: String)] {
    let own = getpid()
    return entries(of: "/proc").compactMap { entry in
      guard let process = pid_t(entry), let text = read("/proc/\(entry)/stat"), let end = text.lastIndex(of: ")"),
        let start = text.firstIndex(of: "(")
      else { return nil }
      let fields = text[text.index(after: end)...].split(separator: " ")
      guard fields.count > 1, pid_t(fields[1]) == own else { return nil }
      return (process, String(text[text.index(after: start)..<end]))
    }
  }

  /// The children of frozen snapshots that are there now. Faster than ``children()``, for these live for milliseconds
  /// only.
  static func frozenChildren() -> [pid_t] {
    entries(of: "/proc/self/task").flatMap { thread in
      (read("/proc/self/task/\(thread)/children") ?? "").split(separator: " ").compactMap { pid_t($0) }
    }.filter { read("/proc/\($0)/comm") == "sizer-frozen\n" }
  }

  /// How many processors there are for it.
  static var processors: Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

  /// Open descriptors, without the one that this takes and the few files of the kernel's that Sizer keeps open.
  static func descriptorCount() -> Int {
    entries(of: "/proc/self/fd").count { !isKept($0) } - 1
  }

  /// Whether the descriptor has one of the numbers that Sizer keeps files under, and is such a file.
  private static func isKept(_ descriptor: String) -> Bool {
    guard let number = Int(descriptor), (200..<205).contains(number) else { return false }
    var target = [UInt8](repeating: 0, count: 4096)
    let length = target.withUnsafeMutableBytes { target in
      readlink("/proc/self/fd/\(number)", target.baseAddress!.assumingMemoryBound(to: CChar.self), target.count)
    }
    let path = String(decoding: target.prefix(max(0, length)), as: UTF8.self)
    return path.hasPrefix("/proc/") || path.contains("/memory.")
  }

  /// What this process's threads are called.
  static func threadNames() -> [String] {
    entries(of: "/proc/self/task").compactMap { read("/proc/self/task/\($0)/comm") }
      .map { String($0.prefix { !$0.isNewline }) }
  }

  /// Whether there is such a process, and it is no zombie.
  static func isRunning(_ process: pid_t, named name: String) -> Bool {
    guard let text = read("/proc/\(process)/stat"), text.contains("(\(name))"), let end = text.lastIndex(of: ")") else {
      return false
    }
    return !text[text.index(after: end)...].hasPrefix(" Z")
  }

  private static func entries(of directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  private static func read(_ path: String) -> String? {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = Glibc.read(file, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
  }
}

/// Expects that `body` leaves no child and no descriptor behind.
func expectNothingLeft(_ body: () throws -> Void) rethrows {
  let children = ProcessState.children().map(\.process)
  let descriptors = ProcessState.descriptorCount()
  try body()
  // Tests of other suites run beside this one, and have children and files of their own for a while: what is left for
  // good stays.
  var left: [(process: pid_t, name: String)] = []
  for _ in 0..<1200 {
    left = ProcessState.children().filter { !children.contains($0.process) && $0.name == "sizer-frozen" }
    if left.isEmpty, ProcessState.descriptorCount() <= descriptors { return }
    usleep(100_000)
  }
  #expect(left.isEmpty, "children are left: \(left)")
  #expect(ProcessState.descriptorCount() <= descriptors)
}

/// The program's fork(2), which Swift does not offer: the child may only leave.
func forkAndLeave() -> pid_t {
  typealias Fork = @convention(c) () -> pid_t
  let fork = unsafeBitCast(dlsym(nil, "fork"), to: Fork.self)
  let process = fork()
  if process == 0 { _exit(0) }
  return process
}
