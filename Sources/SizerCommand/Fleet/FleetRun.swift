// SPDX-License-Identifier: Apache-2.0

import Glibc
import Sizer
import SizerProfile
import SizerReports
import Synchronization

/// Goes through many profiles with some threads. Rows come in the order of the profiles; of one that turns out to be
/// damaged there are none. However many and long the profiles are, memory is bounded: each thread has one open.
final class FleetRun: Sendable {
  /// What was found by now.
  struct Tally: Sendable {
    var files = 0
    var leftOut = 0
    var rows = 0
    /// Profiles that were taken while they were recorded, without their logs.
    var withoutLogs = 0
  }

  private struct Source: ~Copyable {
    var paths: FleetPaths
    var count = 0
    var isStopped = false
  }

  private struct Sink: ~Copyable {
    var output: Output
    var tally = Tally()
  }

  /// Rows of a profile are put aside until it is known that all of it can be read. Of one that has more, the rest is
  /// read twice: once to check, once to write.
  private static let heldBytes = 8 << 20
  private static let mostThreads = 4

  private let table: FleetTable
  private let spellsControls: Bool
  private let source: Mutex<Source>
  private let sink: Mutex<Sink>
  private let turns = Turns()

  init(_ paths: [String], _ table: FleetTable, to output: sending Output, spellsControls: Bool) {
    self.table = table
    self.spellsControls = spellsControls
    source = Mutex(Source(paths: FleetPaths(paths)))
    var sink = Sink(output: output)
    sink.output.write(table.columns.joined(separator: ",") + "\n")
    self.sink = Mutex(sink)
  }

  var tally: Tally { sink.withLock { $0.tally } }

  /// Reads all and writes their rows. What is passed over is told on standard error.
  func run() throws {
    let wanted = min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1), Self.mostThreads)
    var others = 0
    for _ in 1..<max(wanted, 2) where others + 1 < wanted {
      let isStarted = Engine.startThread(named: "sizer-fleet") {
        // Who writes to a reader that is gone ends as the first thread does.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        self.work()
        self.turns.end()
      }
      if isStarted { others += 1 }
    }
    work()
    turns.waitForEnds(of: others)
    try sink.withLock { try $0.output.finish() }
  }

  private func work() {
    while let (number, found) = next() {
      defer { turns.pass() }
      switch found {
      case .problem(let problem):
        turns.wait(for: number)
        say(problem)
      case .file(let path):
        do {
          try read(path, number)
        } catch {
          turns.wait(for: number)
          leaveOut(failureLine(of: error) ?? "\(path): \(error)")
        }
      }
    }
  }

  private func next() -> (Int, FleetPaths.Found)? {
    source.withLock { source in
      guard !source.isStopped, let found = source.paths.next() else { return nil }
      source.count += 1
      return (source.count - 1, found)
    }
  }

  private func read(_ path: String, _ number: Int) throws {
    var file = try FleetFile(path: path)
    let process = FleetProcess(tags: file.tags, path: path, spellsControls: spellsControls)
    var held: [UInt8] = []
    var (rows, isLong) = (0, false)
    try table.forEachRow(of: &file, process, spellsControls: spellsControls) { row in
      rows += 1
      guard !isLong else { return }
      held += row
      if held.count > Self.heldBytes { (held, isLong) = ([], true) }
    }
    turns.wait(for: number)
    if isLong {
      try table.forEachRow(of: &file, process, spellsControls: spellsControls) { row in
        held += row
        guard held.count > Self.heldBytes else { return }
        try write(held)
        held.removeAll(keepingCapacity: true)
      }
    }
    try write(held)
    let lacksLog = file.lacksLog
    sink.withLock { sink in
      sink.tally.files += 1
      sink.tally.rows += rows
      if lacksLog { sink.tally.withoutLogs += 1 }
    }
    if lacksLog { say("\(path) was taken while it was recorded, without its -wal: the newest snapshots are missing") }
  }

  /// To be called by who has the turn.
  private func write(_ bytes: [UInt8]) throws {
    let hasFailed = sink.withLock { sink in
      sink.output.write(bytes)
      return sink.output.hasFailed
    }
    // The end tells why. Nothing more can be written.
    if hasFailed { source.withLock { $0.isStopped = true } }
  }

  private func leaveOut(_ why: String) {
    say("left out: \(why)")
    sink.withLock { sink in
      sink.tally.files += 1
      sink.tally.leftOut += 1
    }
  }

  private func say(_ text: String) { StandardError.write("sizer: \(FittedText(text, in: 1 << 12).text)\n") }
}
