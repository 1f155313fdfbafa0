// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile
import SizerReports

struct CSVCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "csv",
    abstract: "Print a table of a profile as comma-separated values.",
    discussion: "Times are seconds, sizes bytes. The first line names the columns.")

  @OptionGroup var profile: ProfileArgument

  @Option(help: ArgumentHelp("Which table.", valueName: "table"))
  var table = CSVExport.Table.classes

  func run() throws {
    let statistics = try profile.load()
    var output = Output()
    CSVExport(statistics, table: table, spellsControls: Terminal.isOutput).write(to: &output)
    try output.finish()
  }
}
