// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import SizerAgent
import SizerProfile
import SizerReports

struct TopCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "top",
    abstract: "Watch the memory of a running program that has a live socket.",
    discussion: """
      A full-screen table of what lives, by type: how many, their bytes, the change since the start and per second; \
      tasks, and the ladder of memory. '?' shows the keys. Where there is no terminal that obeys escape sequences \
      (a pipe, TERM=dumb), tables are printed one after another. The process is asked at most as often as a tenth of \
      its time allows.
      """)

  @Argument(
    help: ArgumentHelp(
      "The process's number, or the path of its live socket.", valueName: "process"))
  var process: String

  @Option(
    help: ArgumentHelp("How often to ask: 500ms, 1s, 5m.", valueName: "interval"),
    transform: { text in
      guard let interval = AgentSettings.interval(text), interval >= .milliseconds(100) else {
        throw ValidationError("Write 500ms, 1s or 5m; 100ms at least.")
      }
      return interval
    })
  var every: Duration = .seconds(1)

  @Option(help: "The first view: classes, tasks or ladder.")
  var view: TopState.View = .classes

  @Option(help: "The sort key: bytes, count, change, rate (change per second), name or retained.")
  var sort: TopState.SortKey = .bytes

  @Option(help: ArgumentHelp("Only types, or tasks, whose name contains this text.", valueName: "text"))
  var filter: String = ""

  @Flag(help: "Print one table and end.")
  var once = false

  @Flag(help: "Print one JSON object; with --once.")
  var json = false

  @Option(help: ArgumentHelp("The most rows to print.", valueName: "count"))
  var limit: Int = 20

  func validate() throws {
    guard limit > 0 else { throw ValidationError("'--limit' is at least 1.") }
    guard once || !json else { throw ValidationError("'--json' needs '--once'.") }
    guard !once || sort != .change && sort != .rate else {
      throw ValidationError("One table shows no change: '--once' sorts by bytes, count, name or retained.")
    }
  }

  func run() throws {
    let source = LiveSource(client: try LiveProcess.client(of: process))
    var state = TopState()
    (state.view, state.sortKey, state.filter) = (view, sort, filter)
    // Who does not answer is told before the terminal is touched.
    let first = try withProgress("asking \(process)") { try source.table() }
    state.take(first)
    if once { return try print(state, source) }
    guard Terminal.isCapable(STDOUT_FILENO), isatty(STDIN_FILENO) == 1 else { try goOn(state, source) }
    try TopSession(source, state, interval: every, style: Terminal.style).run()
  }

  private func print(_ state: TopState, _ source: LiveSource) throws {
    var (state, output) = (state, Output())
    try complete(&state, source)
    let report = TopReport(state: state, limit: limit)
    if json { report.writeJSON(to: &output) } else { report.write(to: &output, interval: nil) }
    try output.finish()
  }

  /// A table after another, until somebody ends it.
  private func goOn(_ state: TopState, _ source: LiveSource) throws -> Never {
    var state = state
    while true {
      let start = ContinuousClock.now
      var output = Output()
      try complete(&state, source)
      TopReport(state: state, limit: limit).write(to: &output, interval: every)
      output.write("\n")
      try output.finish()
      sleep(until: start + every)
      state.take(try source.table())
    }
  }

  /// Asks for what is to be shown besides the table.
  private func complete(_ state: inout TopState, _ source: LiveSource) throws {
    if view == .tasks { state.take(try source.tasks()) }
    if view == .classes, sort == .retained { state.take(try source.retained()) }
  }

  private func sleep(until moment: ContinuousClock.Instant) {
    let (seconds, attoseconds) = max(moment - .now, .zero).components
    var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
    nanosleep(&time, nil)
  }
}

extension TopState.View: ExpressibleByArgument {
  package init?(argument: String) {
    guard Self.allValueStrings.contains(argument) else { return nil }
    self.init(rawValue: argument)
  }

  /// The keys are no view to begin with.
  package static var allValueStrings: [String] { allCases.filter { $0 != .keys }.map(\.rawValue) }
}

extension TopState.SortKey: ExpressibleByArgument {}
