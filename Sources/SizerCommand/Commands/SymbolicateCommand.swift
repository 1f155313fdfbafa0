// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Sizer
import SizerProfile

struct SymbolicateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "symbolicate",
    abstract: "Write a copy of a profile that names unnamed calls.",
    discussion: """
      A recording that was killed has addresses in its traces. Their names and lines are read from the programs and \
      libraries that were loaded then, or from the folders that --symbols names: executables, .debug files, \
      .build-id trees, and debuginfod's cache. Files whose build ID differs are ignored.
      """)

  @OptionGroup var profile: ProfileArgument

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The new profile's file; with --force it may be the old one.", valueName: "file"),
    completion: .file(extensions: ["sizer"]))
  var output: String

  @OptionGroup var force: ForceArgument

  @OptionGroup var symbols: SymbolArguments

  func run() throws {
    let target = try outputTarget(output, replaces: force.force, reading: nil)
    if target.isTerminal {
      throw Failure(message: "\(target.path) is a terminal, and a profile is not text; name a file")
    }
    guard OfflineSymboliser.isAvailable else {
      throw Failure(message: "names can't be read without libdw; install it (Debian: libdw1)")
    }
    var history = try profile.load().history
    let sources = try symbols.sources()
    var symboliser = OfflineSymboliser(files: sources.files)
    history.traces = withProgress("reading symbols") { symboliser.traces(history.traces) }
    let named = Statistics(history)
    try withProgress("writing \(output)") {
      if target.isFile {
        try named.write(to: target, replaces: force.force, keepsOwner: true)
      } else {
        try named.write(through: try OutputFile(target, replaces: force.force, keepsOwner: true))
      }
    }
    // Not into the profile.
    let lines = symboliser.lines + sources.notes.map { $0 + "\n" }
    if target.isFile { try tell(lines) } else { StandardError.write(lines.joined()) }
  }

  private func tell(_ lines: [String]) throws {
    var text = Output()
    for line in lines { text.write(line) }
    try text.finish()
  }
}
