// SPDX-License-Identifier: Apache-2.0

import SizerProfile
import SizerReports

/// What is done with a profile.
enum ProfileStep: String, CaseIterable {
  /// Objects that keep the size they have at first, and the same objects when some change at each snapshot.
  case writeConstant, writeChanging
  case load, topTen, html

  func run(path: String, objects: Int) throws -> ProfileStepResult {
    switch self {
    case .writeConstant: try write(MadeHistory(objects: objects, changing: false), path)
    case .writeChanging: try write(MadeHistory(objects: objects, changing: true), path)
    case .load: try read { try Statistics(contentsOf: path) }
    case .topTen: try topTen(path)
    case .html: try html(path)
    }
  }

  private func write(_ made: MadeHistory, _ path: String) throws -> ProfileStepResult {
    let statistics = Statistics(made.history)
    let start = Moment.now
    try statistics.write(to: path)
    return try ProfileStepResult(since: start, statistics)
  }

  private func read(_ body: () throws -> Statistics) throws -> ProfileStepResult {
    let start = Moment.now
    let statistics = try body()
    return try ProfileStepResult(since: start, statistics)
  }

  /// What `sizer stats --sort size --limit 10` does.
  private func topTen(_ path: String) throws -> ProfileStepResult {
    var text = ""
    let result = try read {
      let sorted = try Statistics(contentsOf: path).sorted(by: .size)
      sorted.printStatistics(limit: 10, to: &text)
      return sorted
    }
    guard text.contains(MadeHistory.largestName) else {
      throw BenchError("the largest object is not among the first ten:\n\(text)")
    }
    return result
  }

  private func html(_ path: String) throws -> ProfileStepResult {
    let statistics = try Statistics(contentsOf: path)
    let start = Moment.now
    try HTMLReport(statistics).write(to: path + ".html")
    return try ProfileStepResult(since: start, statistics)
  }
}

/// What a step took, and what it had before it.
struct ProfileStepResult: Codable {
  var seconds: Double
  /// Processor time: what the step would take on a machine with nothing else to do.
  var processorSeconds: Double
  var peakBytes: Int
  var objects: Int
  var snapshots: Int
  /// Rows of sizes: the first of each object, and those that differ from the one before.
  var sizes: Int
  /// Objects that a snapshot found.
  var sizedObjects: Int

  init(since start: Moment, _ statistics: Statistics) throws {
    let end = Moment.now
    seconds = (milliseconds(end.clock - start.clock) / 1_000).rounded(to: 3)
    processorSeconds = (milliseconds(end.processor - start.processor) / 1_000).rounded(to: 3)
    peakBytes = try KernelFigures.peakBytes()
    objects = statistics.objectCount
    snapshots = statistics.snapshots.count
    let history = statistics.history
    sizes = history.sizes.count
    var last: UInt32?
    sizedObjects = 0
    for row in history.sizes where row.object != last {
      last = row.object
      sizedObjects += 1
    }
  }
}
