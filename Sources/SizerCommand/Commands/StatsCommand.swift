// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile

struct StatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats",
    abstract: "Print the life of each object: sizes, referents, trace.",
    discussion: """
      Objects come in the order in which they were tracked, unless --sort is given. Of many objects the first, the \
      last and the largest are shown, and of an object with many snapshots likewise. With --all the text is what \
      Statistics.printStatistics() prints in the program itself, byte for byte.
      """)

  @OptionGroup var profile: ProfileArgument

  @Option(
    help: ArgumentHelp(
      "Sort by this column; repeat it to order ties. Sizes descend, everything else ascends.",
      valueName: "key"))
  var sort: [Statistics.SortKey] = []

  @Flag(help: "Reverse the order.")
  var reverse = false

  @Option(
    name: .customLong("class"),
    help: ArgumentHelp("Only objects whose name or class contains this text.", valueName: "text")
  )
  var className: String?

  @Option(
    help: ArgumentHelp("How many objects to print: a number, a fraction from 0.0 to 1.0, or 'all'.", valueName: "limit")
  )
  var limit = LimitArgument(.all)

  @Flag(help: "Show every object within the limit, with every snapshot and every referent.")
  var all = false

  func run() throws {
    var statistics = try profile.load()
    if !sort.isEmpty { statistics = withProgress("sorting") { statistics.sorted(by: sort) } }
    if reverse { statistics = statistics.reversed() }
    var output = Output()
    statistics.printStatistics(className: className, limit: limit.limit, folded: !all, to: &output)
    try output.finish()
    tellIfNothingWasTracked(statistics, in: profile.path)
    if let className, statistics.objectCount > 0, statistics.selection(className: className, limit: .all).isEmpty {
      note("no tracked object or class has \(className) in its name; sizer summary \(profile.path) lists the classes")
    }
  }
}
