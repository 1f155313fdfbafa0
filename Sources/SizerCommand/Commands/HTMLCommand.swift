// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile
import SizerReports

struct HTMLCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "html",
    abstract: "Write a report to look at in a browser.",
    discussion:
      "One file that needs no network and no other file. A file that is there already is kept, unless --force is given."
  )

  @OptionGroup var profile: ProfileArgument

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The report's file; - for standard output.", valueName: "file"),
    completion: .file(extensions: ["html"]))
  var output: String

  @OptionGroup var force: ForceArgument

  @Option(help: ArgumentHelp("The report's heading; the profile's name by default.", valueName: "text"))
  var title: String?

  func run() throws {
    let target = try outputTarget(output, replaces: force.force, reading: profile.path)
    let statistics = try profile.load()
    let name = profile.path.split(separator: "/").last.map(String.init) ?? profile.path
    let report = HTMLReport(statistics, title: title ?? name)
    try withProgress("writing \(output)") {
      let page = report.page(limits: PageLimits())
      let file = try OutputFile(target, replaces: force.force, keepsOwner: true)
      try file.write(page)
      try file.finish()
    }
  }
}
