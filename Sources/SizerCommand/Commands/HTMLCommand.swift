// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile
import SizerReports

struct HTMLCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "html",
    abstract: "Write an HTML report.",
    discussion: """
      One file that needs no network and no other file, beside the profile unless -o names another place. A file that \
      is there already is kept, unless --force is given. \
      Calls of a recording that was killed get names and lines as by 'sizer symbolicate', where they can be found.
      """
  )

  @OptionGroup var profile: ProfileArgument

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "The report's file, or - for standard output. By default the profile's path, ending in .html.",
      valueName: "file"),
    completion: .file(extensions: ["html"]))
  var output: String?

  @OptionGroup var force: ForceArgument

  @Option(help: ArgumentHelp("The report's heading; the profile's name by default.", valueName: "text"))
  var title: String?

  @OptionGroup var symbols: SymbolArguments

  func run() throws {
    let output = self.output ?? ownName
    let target = try outputTarget(output, replaces: force.force, reading: profile.path)
    let sources = try symbols.sources()
    let (statistics, note) = symbolised(try profile.load(), by: sources)
    let name = profile.path.split(separator: "/").last.map(String.init) ?? profile.path
    let report = HTMLReport(statistics, title: title ?? name)
    try withProgress("writing \(output)") {
      let page = report.page(limits: PageLimits())
      let file = try OutputFile(target, replaces: force.force, keepsOwner: true)
      try file.write(page)
      try file.finish()
    }
    // Not before: of a failure one line says all.
    if !note.isEmpty { StandardError.write("sizer: \(note)") }
    if self.output == nil {
      var said = Output()
      said.write("wrote the report to \(FittedText(output, in: 1 << 16).text)\n")
      try said.finish()
    }
  }

  /// Beside the profile.
  private var ownName: String {
    let ending = ".sizer"
    return (profile.path.hasSuffix(ending) ? String(profile.path.dropLast(ending.count)) : profile.path) + ".html"
  }
}
