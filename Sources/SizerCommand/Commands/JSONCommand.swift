// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile
import SizerReports

struct JSONCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "json",
    abstract: "Print or write all of a profile as JSON.",
    discussion:
      "One object with snapshots, traces and objects, each on a line of its own. Times are seconds, sizes bytes.")

  @OptionGroup var profile: ProfileArgument

  @OptionGroup var file: OutputArgument

  func run() throws {
    let target = try file.target(reading: profile.path)
    let statistics = try profile.load()
    var output = try file.begin(target)
    JSONExport(statistics).write(to: &output)
    try output.finish()
  }
}
