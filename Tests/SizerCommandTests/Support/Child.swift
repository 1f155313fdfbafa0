// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization
import TestSupport
import Testing

/// What a program did that ended.
struct Ended: Sendable {
  /// The exit status; nil when a signal ended it.
  var status: Int32?
  /// The signal that ended it.
  var signal: Int32?
  var output: String
  var errors: String
}

struct ChildError: Error, CustomStringConvertible {
  var description: String
}

/// The built `sizer`: it stands beside the test bundle.
let sizerPath: String = {
  var buffer = [CChar](repeating: 0, count: 4096)
  let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
  let own = String(decoding: buffer[..<max(0, count)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  let folder = own.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
  return folder + "/sizer"
}()

/// Runs `sizer` to its end with pipes for its output.
func sizer(_ arguments: String..., environment: [String: String] = [:]) throws -> Ended {
  try run([sizerPath] + arguments, environment: environment)
}

/// Runs a program to its end. Its environment is what is given and a PATH.
func run(_ command: [String], environment: [String: String] = [:], input: String? = nil) throws -> Ended {
  let output = try Pipe()
  let errors = try Pipe()
  let child = try spawn(
    command, environment: environment, output: output.writer, errors: errors.writer, input: input)
  output.closeWriter()
  errors.closeWriter()
  let said = output.readAll()
  let complained = errors.readAll()
  return wait(for: child, output: said, errors: complained)
}

/// Runs `sizer` with a terminal of so many columns as its standard output.
func sizerOnTerminal(
  _ arguments: String..., columns: UInt16, environment: [String: String] = [:]
) throws -> Ended {
  // What posix_openpt(3), unlockpt(3) and ptsname(3) do, which Swift does not see.
  let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
  var isLocked: Int32 = 0
  var number: Int32 = 0
  guard terminal >= 0, ioctl(terminal, 0x4004_5431, &isLocked) == 0, ioctl(terminal, 0x8004_5430, &number) == 0 else {
    throw ChildError(description: "no terminal can be made: \(String(cString: strerror(errno)))")
  }
  let other = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
  var size = winsize(ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
  _ = ioctl(other, UInt(TIOCSWINSZ), &size)
  // Or the terminal makes two characters of each line feed.
  var modes = termios()
  tcgetattr(other, &modes)
  modes.c_oflag &= ~tcflag_t(OPOST)
  tcsetattr(other, TCSANOW, &modes)
  let errors = try Pipe()
  let child = try spawn(
    [sizerPath] + arguments, environment: ["TERM": "xterm"].merging(environment) { $1 }, output: other,
    errors: errors.writer, input: nil)
  close(other)
  errors.closeWriter()
  // A terminal without its other end gives an error instead of an end.
  let said = readToEnd(terminal)
  close(terminal)
  return wait(for: child, output: said, errors: errors.readAll())
}

/// Held while descriptors are made that children must not get, and while children are made.
private let spawning = Mutex(())

private func spawn(
  _ command: [String], environment: [String: String], output: Int32, errors: Int32, input: String?
) throws -> pid_t {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  posix_spawn_file_actions_addopen(&actions, 0, input ?? "/dev/null", O_RDONLY, 0)
  posix_spawn_file_actions_adddup2(&actions, output, 1)
  posix_spawn_file_actions_adddup2(&actions, errors, 2)
  let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
  let variables = ["PATH": path, "LC_ALL": "C.UTF-8"].merging(environment) { $1 }
  var child = pid_t()
  let status = withCStrings(command) { arguments in
    withCStrings(variables.map { "\($0)=\($1)" }.sorted()) { variables in
      spawning.withLock { _ in posix_spawnp(&child, command[0], &actions, nil, arguments, variables) }
    }
  }
  guard status == 0 else {
    throw ChildError(description: "\(command[0]) can't be run: \(String(cString: strerror(status)))")
  }
  return child
}

private func withCStrings<Result>(
  _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
  let copies = texts.map { strdup($0) } + [nil]
  defer { for copy in copies { free(copy) } }
  return copies.withUnsafeBufferPointer { body($0.baseAddress!) }
}

private func wait(for child: pid_t, output: String, errors: String) -> Ended {
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0, errno == EINTR {}
  let signal = status & 0x7f
  return Ended(
    status: signal == 0 ? (status >> 8) & 0xff : nil, signal: signal == 0 ? nil : signal, output: output, errors: errors
  )
}

/// A pipe that children do not get but by name.
final class Pipe {
  let reader: Int32
  private(set) var writer: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    // A child that is made in between would keep the pipe open.
    let status = spawning.withLock { _ in
      let status = pipe(&ends)
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      return status
    }
    guard status == 0 else {
      throw ChildError(description: "no pipe can be made: \(String(cString: strerror(errno)))")
    }
    (reader, writer) = (ends[0], ends[1])
  }

  deinit {
    close(reader)
    closeWriter()
  }

  func closeWriter() {
    if writer >= 0 { close(writer) }
    writer = -1
  }

  func readAll() -> String { readToEnd(reader) }
}

func readToEnd(_ descriptor: Int32) -> String {
  var bytes: [UInt8] = []
  var piece = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(descriptor, &piece, piece.count)
    if count > 0 {
      bytes += piece[..<count]
    } else if count == 0 || errno != EINTR {
      return String(decoding: bytes, as: UTF8.self)
    }
  }
}
