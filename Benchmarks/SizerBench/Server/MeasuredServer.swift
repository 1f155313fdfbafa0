// SPDX-License-Identifier: Apache-2.0

import Foundation

/// One of the servers that are built beside SizerBench, and connections to it.
struct MeasuredServer {
  private let process: MeasuredProcess
  private let visits: Visits

  init(_ name: String, _ arguments: [String] = [], _ variables: [String: String] = [:]) throws(BenchError) {
    let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: name).path
    guard FileManager.default.isExecutableFile(atPath: program) else {
      throw BenchError("\(program) is missing; build it as SizerBench was built, with --product \(name)")
    }
    process = try MeasuredProcess(program, arguments, variables)
    let answer = try process.line()
    guard let port = UInt16(answer), port > 0 else { throw BenchError("\(name) answered: \(answer)") }
    visits = try Visits(port: port)
  }

  /// The jemalloc that serves it; none where libc does.
  func jemalloc() throws(BenchError) -> String? { try Jemalloc.file(of: String(process.number)) }

  /// Microseconds of the processor's time for a request, its children's with them, in turns with all the others.
  static func timesPerRequest(
    _ servers: [MeasuredServer], rounds: Int, seconds: Double
  ) throws -> [[Double]] {
    let times = try inTurns(servers, rounds: rounds) { try $0.timePerRequest(during: seconds) }
    for server in servers { _ = try server.process.end() }
    return times
  }

  private func timePerRequest(during seconds: Double) throws -> Double {
    let (start, end) = (try process.processorTime(), monotonicNanoseconds + Int64(seconds * 1e9))
    var count = 0
    while monotonicNanoseconds < end {
      for _ in 0..<50 { try visits.visit() }
      count += 50
    }
    return Double(try process.processorTime() - start) / Double(count) / 1e3
  }
}

/// What serves malloc where the trait Jemalloc is on.
enum Jemalloc {
  /// The file that a process has loaded it from; none where libc serves it.
  static func file(of process: String = "self") throws(BenchError) -> String? {
    let path = "/proc/\(process)/maps"
    guard let maps = fopen(path, "r") else { throw BenchError("\(path) can't be read") }
    var (line, room): (UnsafeMutablePointer<CChar>?, Int) = (nil, 0)
    defer {
      fclose(maps)
      free(line)
    }
    // Line by line: Foundation takes the first read's part of such a file for all of it.
    while getline(&line, &room, maps) > 0, let line {
      let text = String(cString: line).dropLast()
      if let start = text.firstIndex(of: "/"), text.split(separator: "/").last?.hasPrefix("libjemalloc") ?? false {
        return String(text[start...])
      }
    }
    return nil
  }
}
