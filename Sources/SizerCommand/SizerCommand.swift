// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The `sizer` command.
@main
struct SizerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sizer",
    abstract: "Shows what a Swift program's memory profile or heap image holds.",
    discussion: """
      A profile is a file that ClassTracker.record(to:) or Statistics.write(to:) of the Sizer library wrote. It is \
      only read, and may come from anyone. A heap image is a file that HeapGraph.write(to:) wrote.
      """,
    version: "0.1.0",
    subcommands: [
      SummaryCommand.self, StatsCommand.self, DiffCommand.self, HTMLCommand.self, SQLCommand.self, JSONCommand.self,
      CSVCommand.self, SymbolicateCommand.self, HeapCommand.self, LeaksCommand.self, WhyCommand.self,
      RetainedCommand.self, WasteCommand.self, GrowthCommand.self,
    ])

  static func main() {
    prepareDescriptors()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      if isBrokenPipe(error) { endAsReadersExpect() }
      guard let line = failureLine(of: error) else { exit(withError: error) }
      StandardError.write("sizer: \(line)\n")
      exit(withError: ExitCode.failure)
    }
  }
}
