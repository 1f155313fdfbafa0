// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile

struct SummaryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "summary",
    abstract: "Print a table of all snapshots and their classes.",
    discussion: """
      Of many snapshots the first, the last and the largest are shown, and of many classes the twenty largest. With \
      --all the text is what Statistics.printSummary() prints in the program itself, byte for byte.
      """)

  @OptionGroup var profile: ProfileArgument

  @Flag(help: "Show every snapshot and every class.")
  var all = false

  func run() throws {
    let statistics = try profile.load()
    var output = Output()
    statistics.printSummary(folded: !all, to: &output)
    try output.finish()
  }
}
