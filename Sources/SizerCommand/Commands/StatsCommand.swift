// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile

struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Print the life of each object: sizes, referents, trace.",
    discussion: """
      Objects come in the order in which they were tracked, unless --sort is given. The text is what \
      Statistics.printStatistics() prints in the program itself, byte for byte.
      """)

  @OptionGroup var profile: ProfileArgument

  @Option(
    help: ArgumentHelp(
      "Sort by this first; repeat it for what to sort those by that are alike. Sizes descend, the rest ascends.",
      valueName: "key"))
  var sort: [Statistics.SortKey] = []

  @Flag(help: "Turn the order round.")
  var reverse = false

  @Option(
    name: .customLong("class"), help: ArgumentHelp("Only objects whose name or class contains this.", valueName: "text")
  )
  var className: String?

  @Option(
    help: ArgumentHelp("How many objects to print: a number, a part from 0.0 to 1.0, or 'all'.", valueName: "limit"))
  var limit = LimitArgument(.all)

  func run() throws {
    var statistics = try profile.load()
    if !sort.isEmpty { statistics = withProgress("sorting") { statistics.sorted(by: sort) } }
    if reverse { statistics = statistics.reversed() }
    var output = Output()
    statistics.printStatistics(className: className, limit: limit.limit, to: &output)
    try output.finish()
  }
}
