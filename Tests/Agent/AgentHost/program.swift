// SPDX-License-Identifier: Apache-2.0
// A program that knows nothing of Sizer and counts what it has: Tests/Agent/run compares. It keeps as many leaves as
// its first argument says, leaks as many pairs, makes and drops as many of each, says so, and ends as its second
// argument says.
import Glibc

nonisolated(unsafe) var leaves = 0
nonisolated(unsafe) var pairs = 0

final class Leaf {
  let number: Int
  init(_ number: Int) {
    self.number = number
    leaves += 1
  }
  deinit { leaves -= 1 }
}

final class Pair {
  var other: Pair?
  init() { pairs += 1 }
  deinit { pairs -= 1 }
}

nonisolated(unsafe) var kept: [String: Leaf] = [:]

@inline(never) func make(_ count: Int, keeps: Bool) {
  for number in 0..<count {
    let leaf = Leaf(number)
    if keeps { kept["leaf \(kept.count)"] = leaf }
    let (first, second) = (Pair(), Pair())
    first.other = second
    if keeps { second.other = first }
  }
}

/// Makes them, and leaves no word of them on the stack.
func makeAndForget(_ count: Int, keeps: Bool) {
  make(count, keeps: keeps)
  scrub()
}

/// Overwrites what the calls before left below the stack pointer: a frame that comes to lie there later, and does not
/// write to all of itself, would show the last pair to a search for words that lead to it.
@inline(never) func scrub() {
  withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 16) { bytes in
    memset(bytes.baseAddress!, 0, bytes.count)
    _ = write(-1, bytes.baseAddress!, bytes.count)  // What nobody sees the compiler leaves out.
  }
}

func say(_ text: String) {
  print(text)
  fflush(nil)
}

func environment(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "-" }

/// Swift hides fork(2); programs get at it by C.
let fork = unsafeBitCast(dlsym(nil, "fork"), to: (@convention(c) () -> pid_t).self)

@inline(never) func spawn(_ command: [String]) -> Int32 {
  var child: pid_t = 0
  var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
  guard posix_spawn(&child, command[0], nil, nil, &arguments, environ) == 0 else { return -1 }
  var status: Int32 = 0
  waitpid(child, &status, 0)
  return status
}

@inline(never) func nap() async { try? await Task.sleep(for: .seconds(600)) }

func end(_ way: String) async {
  switch way {
  case "return": return
  case "exit": exit(7)
  case "quick_exit": quick_exit(9)
  case "_exit":
    usleep(700_000)
    _exit(8)
  case "abort":
    usleep(700_000)
    abort()
  case "trap":
    usleep(700_000)
    let none: Int? = leaves < 0 ? 1 : nil
    say("\(none!)")
  case "wait": while true { try? await Task.sleep(for: .seconds(1)) }
  case "fills":
    // For limits of memory: more than three quarters of 512 MiB, and it waits.
    let (bytes, block) = (390 << 20, malloc(390 << 20)!)
    memset(block, 1, bytes)
    // What nobody sees the compiler leaves out.
    say("full \(write(-1, block, bytes))")
    while true { try? await Task.sleep(for: .seconds(1)) }
  case "handles":
    signal(SIGTERM) { _ in _exit(21) }
    while true { usleep(10_000) }
  case "spawn":
    say("child: \(spawn([CommandLine.arguments[0], "3", "exit"]))")
    exit(5)
  case "forks":
    let child = fork()
    if child == 0 { exit(12) }
    var status: Int32 = 0
    waitpid(child, &status, 0)
    say("child: \(status)")
    exit(11)
  case "leaves":
    // A child that lives on, with all that it got from its parent.
    let child = fork()
    if child == 0 {
      for descriptor in 0..<3 as Range<Int32> { close(descriptor) }
      sleep(20)
      _exit(0)
    }
    say("child \(child)")
    sleep(1)
    _exit(13)
  case "asks":
    // For whoever asks from outside, until it is told to end; with some tasks that wait.
    for _ in 0..<5 { Task.detached { await nap() } }
    while let line = readLine() {
      if line == "end" { break }
      if line == "more" { makeAndForget(100, keeps: true) }
      say("Leaf \(leaves)\nPair \(pairs)")
    }
    exit(14)
  case "environment":
    say("LD_PRELOAD \(environment("LD_PRELOAD")), SIZER_OUTPUT \(environment("SIZER_OUTPUT"))")
    fflush(nil)
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("env"), nil]
    execv("/usr/bin/env", &arguments)
  case "closes":
    // Those that are files and sockets: Dispatch would not survive the loss of its own.
    for descriptor in 3..<256 as Range<Int32> {
      var status = stat()
      if fstat(descriptor, &status) == 0, [S_IFREG, S_IFSOCK].contains(status.st_mode & S_IFMT) { close(descriptor) }
    }
    // Files of the program's get the numbers that became free: nobody else may write there.
    for number in 0..<8 { _ = open("mine\(number)", O_RDWR | O_CREAT, 0o600) }
    usleep(700_000)
    exit(6)
  case "threads":
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { for number in 0..<20_000 { _ = [[number], [number, number]].count } }
      }
    }
    exit(4)
  default: exit(64)
  }
}

@main struct Program {
  static func main() async {
    let count = Int(CommandLine.arguments[1])!
    makeAndForget(count, keeps: true)
    makeAndForget(count, keeps: false)
    say("Leaf \(leaves)\nPair \(pairs)")
    await end(CommandLine.arguments[2])
  }
}
