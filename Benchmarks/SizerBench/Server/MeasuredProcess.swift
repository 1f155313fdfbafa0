// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A program that is started with some variables more, of which the processor's time is known: while it runs and when
/// it has ended. Its standard input is open until it is told to end; it is asked for one line.
final class MeasuredProcess {
  let number: pid_t
  private let input: Int32
  private let output: Int32
  private var hasEnded = false

  init(_ path: String, _ arguments: [String], _ variables: [String: String]) throws(BenchError) {
    var ends: [[Int32]] = []
    for _ in 0..<2 {
      var pair: [Int32] = [0, 0]
      guard pipe(&pair) == 0 else { throw BenchError("the system refuses a pipe") }
      // The other servers must not hold them open.
      for end in pair { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      ends.append(pair)
    }
    (input, output) = (ends[0][1], ends[1][0])
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[0][0], STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&actions, ends[1][1], STDOUT_FILENO)
    var inherited: [String] = []
    var entry = environ
    while let text = entry.pointee {
      inherited.append(String(cString: text))
      entry += 1
    }
    // Of two that have a name the first one would hold.
    inherited.removeAll { entry in variables.keys.contains { entry.hasPrefix($0 + "=") } }
    let environment = inherited + variables.map { "\($0.key)=\($0.value)" }
    var texts = ([path] + arguments).map { strdup($0) } + [nil]
    var settings = environment.map { strdup($0) } + [nil]
    defer { for text in texts + settings { free(text) } }
    var number = pid_t()
    let refusal = posix_spawn(&number, path, &actions, nil, &texts, &settings)
    close(ends[0][0])
    close(ends[1][1])
    self.number = number
    guard refusal == 0 else {
      hasEnded = true
      close(input)
      throw BenchError("\(path) did not start: \(String(cString: strerror(refusal)))")
    }
  }

  deinit {
    close(output)
    if !hasEnded {
      close(input)
      kill(number, SIGKILL)
      waitpid(number, nil, 0)
    }
  }

  /// The next line that it prints.
  func line() throws(BenchError) -> String {
    var bytes: [UInt8] = []
    while true {
      var byte: UInt8 = 0
      guard read(output, &byte, 1) == 1 else { throw BenchError("a measured program ended before it answered") }
      if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
      bytes.append(byte)
    }
  }

  /// Nanoseconds of processor time that it has taken up to now. What children of its took that are still at work is not
  /// in it; of those that it has waited for the kernel counts hundredths of seconds.
  func processorTime() throws(BenchError) -> Int {
    var clock = clockid_t()
    var now = timespec()
    guard clock_getcpuclockid(number, &clock) == 0, clock_gettime(clock, &now) == 0 else {
      throw BenchError("the system does not tell the processor time of process \(number)")
    }
    return now.tv_sec * 1_000_000_000 + now.tv_nsec + (try childrenTime())
  }

  // proc_pid_stat(5): the name may have blanks in it, behind its parenthesis the third field comes.
  private func childrenTime() throws(BenchError) -> Int {
    guard let file = fopen("/proc/\(number)/stat", "r") else { throw BenchError("process \(number) is gone") }
    defer { fclose(file) }
    var text = [UInt8](repeating: 0, count: 4_096)
    let count = fread(&text, 1, text.count, file)
    let rest = String(decoding: text[..<count], as: UTF8.self).split(separator: ")").last ?? ""
    let fields = rest.split(separator: " ").compactMap { Int($0) }
    // The state is no number: field 16, cutime, is the 13th of these.
    guard fields.count > 13 else { throw BenchError("process \(number) has no times of its children") }
    return (fields[12] + fields[13]) * (1_000_000_000 / sysconf(Int32(_SC_CLK_TCK)))
  }

  /// Ends its input, waits for it, and answers the nanoseconds of processor time that it and its children took in all.
  func end() throws(BenchError) -> Int {
    close(input)
    var (status, usage) = (Int32(0), rusage())
    var answer = wait4(number, &status, 0, &usage)
    while answer < 0, errno == EINTR { answer = wait4(number, &status, 0, &usage) }
    hasEnded = true
    guard answer == number, status == 0 else { throw BenchError("a measured program ended with status \(status)") }
    return Self.nanoseconds(usage.ru_utime) + Self.nanoseconds(usage.ru_stime)
  }

  private static func nanoseconds(_ time: timeval) -> Int {
    Int(time.tv_sec) * 1_000_000_000 + Int(time.tv_usec) * 1_000
  }
}
