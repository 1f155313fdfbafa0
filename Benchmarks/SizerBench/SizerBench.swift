// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

@main
struct SizerBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "SizerBench",
    abstract: "Shows Sizer on real data and measures what it costs.",
    discussion: "Without a subcommand: the real data and a short run of walk, within two minutes. No other benchmark.",
    subcommands: [
      WalkCommand.self, TrackingCommand.self, SnapshotCommand.self, ProfileCommand.self, GraphCommand.self,
      ExportCommand.self, AgentCommand.self,
      SnapshotHeapCommand.self, ProfileStepCommand.self, GraphStepCommand.self, ExportStepCommand.self,
    ])

  @OptionGroup var options: BenchOptions

  func run() throws {
    try WalkReport.print(options.quick ? .quick : .short, options)
  }
}
