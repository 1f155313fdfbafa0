// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import SizerGraph

/// The `sizer` command, which `Sources/SizerMain` starts.
package struct SizerCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "sizer",
    abstract: "Profiles the memory of Swift programs, and shows what was recorded.",
    discussion: """
      A profile is a file that ClassTracker.record(to:) or Statistics.write(to:) of the Sizer library wrote. It is \
      only read, and may come from anyone. A heap image is a file that HeapGraph.write(to:) wrote, or part of a \
      profile that ClassTracker.recordHeap() put there.
      """,
    version: sizerVersion,
    subcommands: [
      RunCommand.self, AttachCommand.self, TopCommand.self, InfoCommand.self, SummaryCommand.self, StatsCommand.self,
      DiffCommand.self,
      HTMLCommand.self, SQLCommand.self, JSONCommand.self, CSVCommand.self, SymbolicateCommand.self, HeapCommand.self,
      LeaksCommand.self, WhyCommand.self, RetainedCommand.self, TasksCommand.self, WasteCommand.self,
      GrowthCommand.self, DotCommand.self, ExportCommand.self, FleetCommand.self,
    ])

  package init() {}

  package static func main() {
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
