// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile

struct SummaryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "summary",
    abstract: "Print a table of all snapshots and their classes.",
    discussion: "The text is what Statistics.printSummary() prints in the program itself, byte for byte.")

  @OptionGroup var profile: ProfileArgument

  func run() throws {
    let statistics = try profile.load()
    var output = Output()
    statistics.printSummary(to: &output)
    try output.finish()
  }
}
