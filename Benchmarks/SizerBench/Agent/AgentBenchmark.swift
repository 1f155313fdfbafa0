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
    return AgentFigures(starts: starts, pair: pairs, requests: try requests(in: folder))
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
    let times = try inTurns([.plain, mode], rounds: rounds, once)
    return .init(mode: mode, plain: times[0].median, added: zip(times[1], times[0]).map { $0 - $1 }.median)
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
    let times = try inTurns([.plain, .idle], rounds: isQuick ? 3 : 11, once)
    return .init(plain: times[0].median, added: zip(times[1], times[0]).map { $0 - $1 }.median)
  }

  // MARK: - Requests

  /// All servers are alive at once, and asked in turns: each mode is compared with the same plain server.
  private func requests(in folder: String) throws -> [AgentFigures.Requests] {
    progress.show("requests")
    let modes: [AgentMode] = [.plain, .idle, .everySecond, .tracked, .allTracked, .traced]
    let servers = try modes.map { try MeasuredServer("AgentServer", [], $0.variables(agent: agent, in: folder)) }
    let rounds = isQuick ? 3 : 11
    // A table each second: a round has several.
    let times = try MeasuredServer.timesPerRequest(servers, rounds: rounds, seconds: isQuick ? 1 : 4)
    return zip(modes, times).map { mode, own in
      .init(
        mode: mode, microseconds: own.median, ratioToPlain: zip(own, times[0]).map { $0 / $1 }.median, rounds: rounds)
    }
  }
}
