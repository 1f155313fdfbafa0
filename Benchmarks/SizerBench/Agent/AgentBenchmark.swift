// SPDX-License-Identifier: Apache-2.0

import Foundation
import TrackingLoop

/// Programs that know nothing of Sizer, started with the agent and without in turns: what is told is what the agent
/// adds in the same round.
struct AgentBenchmark {
  let agent: String
  let isQuick: Bool
  private let progress = Progress()

  init(agent: String, isQuick: Bool) throws(BenchError) {
    self.agent = URL(filePath: agent).path
    self.isQuick = isQuick
    guard FileManager.default.fileExists(atPath: self.agent) else {
      throw BenchError("\(agent) is missing; build it: ./build-agent, or name it with --agent")
    }
  }

  func run() throws -> AgentFigures {
    let folder = FileManager.default.temporaryDirectory.appending(path: "SizerBench-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer {
      progress.clear()
      try? FileManager.default.removeItem(atPath: folder)
    }
    let starts = try [AgentMode.unasked, .idle, .last, .leaks].map { try self.start($0, in: folder) }
    let pairs = try self.pair(in: folder)
    let requests = try [AgentMode.idle, .everySecond, .tracked, .allTracked, .traced].map {
      try self.requests($0, in: folder)
    }
    return AgentFigures(starts: starts, pair: pairs, requests: requests)
  }

  // MARK: - Start and end

  /// A program that makes one object and ends.
  private func start(_ mode: AgentMode, in folder: String) throws -> AgentFigures.Start {
    progress.show("starting: \(mode.rawValue)")
    let program = try FloorProcess.executable().path
    let rounds = isQuick ? 5 : 31
    func once(_ mode: AgentMode) throws -> Double {
      let process = try MeasuredProcess(program, ["64", "1", "0"], mode.variables(agent: agent, in: folder))
      return Double(try process.end()) / 1e6
    }
    _ = try (once(.plain), once(mode))  // the files are in memory from now on
    let (plain, with) = try inTurns(rounds, { try once(.plain) }, { try once(mode) })
    return .init(mode: mode, plain: median(plain), added: median(zip(plain, with).map { $1 - $0 }))
  }

  // MARK: - Objects

  private func pair(in folder: String) throws -> AgentFigures.Pair {
    progress.show("an object made and freed")
    let program = try FloorProcess.executable().path
    let churn = Churn(pairs: isQuick ? 1_000_000 : 10_000_000)
    func once(_ mode: AgentMode) throws -> Double {
      let arguments = FloorProcess.arguments(churn)
      let process = try MeasuredProcess(program, arguments, mode.variables(agent: agent, in: folder))
      _ = try process.line()  // its allocator
      let answer = try process.line()
      _ = try process.end()
      guard let nanoseconds = Double(answer) else { throw BenchError("TrackingFloor answered: \(answer)") }
      return nanoseconds
    }
    let (plain, idle) = try inTurns(isQuick ? 3 : 11, { try once(.plain) }, { try once(.idle) })
    return .init(plain: median(plain), added: median(zip(plain, idle).map { $1 - $0 }))
  }

  // MARK: - Requests

  private func requests(_ mode: AgentMode, in folder: String) throws -> AgentFigures.Requests {
    progress.show("requests: \(mode.rawValue)")
    let (plain, with) = (try Server(.plain, agent, in: folder), try Server(mode, agent, in: folder))
    // A table each second: a round has several.
    let seconds = isQuick ? 1.0 : 4.0
    for server in [plain, with] { _ = try server.processorTimePerRequest(during: seconds / 4) }
    let (times, timesWith) = try inTurns(
      isQuick ? 3 : 11, { try plain.processorTimePerRequest(during: seconds) },
      { try with.processorTimePerRequest(during: seconds) })
    for server in [plain, with] { try server.end() }
    return .init(
      mode: mode, plain: median(times), ratio: median(zip(times, timesWith).map { $1 / $0 }))
  }

  private struct Server {
    private let process: MeasuredProcess
    private let visits: Visits

    init(_ mode: AgentMode, _ agent: String, in folder: String) throws {
      let program = try FloorProcess.executable().deletingLastPathComponent().appending(path: "AgentServer").path
      guard FileManager.default.isExecutableFile(atPath: program) else {
        throw BenchError("\(program) is missing; build it as SizerBench was built, with --product AgentServer")
      }
      process = try MeasuredProcess(program, [], mode.variables(agent: agent, in: folder))
      let answer = try process.line()
      guard let port = UInt16(answer), port > 0 else { throw BenchError("the server answered: \(answer)") }
      visits = try Visits(port: port)
    }

    /// Microseconds, children's with them.
    func processorTimePerRequest(during seconds: Double) throws -> Double {
      let (start, end) = (try process.processorTime(), monotonicNanoseconds + Int64(seconds * 1e9))
      var count = 0
      while monotonicNanoseconds < end {
        for _ in 0..<50 { try visits.visit() }
        count += 50
      }
      return Double(try process.processorTime() - start) / Double(count) / 1e3
    }

    func end() throws { _ = try process.end() }
  }

  // MARK: - Rounds

  /// Both in each round, the other one first in each second round.
  private func inTurns(
    _ rounds: Int, _ one: () throws -> Double, _ other: () throws -> Double
  ) rethrows -> ([Double], [Double]) {
    var results: ([Double], [Double]) = ([], [])
    for round in 0..<rounds {
      if round.isMultiple(of: 2) {
        results.0.append(try one())
        results.1.append(try other())
      } else {
        results.1.append(try other())
        results.0.append(try one())
      }
    }
    return results
  }

  private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}
