// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile
import SizerReports

struct CSVCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "csv",
    abstract: "Print or write a table of a profile as comma-separated values.",
    discussion: "Times are seconds, sizes bytes. The first line names the columns.")

  @OptionGroup var profile: ProfileArgument

  @Option(help: ArgumentHelp("Which table.", valueName: "table"))
  var table = CSVExport.Table.classes

  @OptionGroup var file: OutputArgument

  func run() throws {
    let target = try file.target(reading: profile.path)
    let statistics = try profile.load()
    var output = try file.begin(target)
    CSVExport(statistics, table: table, spellsControls: target.isTerminal).write(to: &output)
    try output.finish()
    if table != .snapshots { tellIfNothingWasTracked(statistics, in: profile.path) }
  }
}
