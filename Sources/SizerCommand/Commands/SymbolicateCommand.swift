// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Sizer
import SizerProfile

struct SymbolicateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "symbolicate",
    abstract: "Write a profile again, with names for calls that have none.",
    discussion: """
      A recording that was killed has addresses in its traces. Their names and lines are read from the programs and \
      libraries that were loaded then; a file that is another build than the one that was measured is not believed.
      """)

  @OptionGroup var profile: ProfileArgument

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("The new profile's file; with --force it may be the old one's.", valueName: "file"),
    completion: .file(extensions: ["sizer"]))
  var output: String

  @OptionGroup var force: ForceArgument

  func run() throws {
    let target = try outputTarget(output, replaces: force.force, reading: nil)
    if target.isTerminal {
      throw Failure(message: "\(target.path) is a terminal, and a profile is no text; name a file")
    }
    guard OfflineSymboliser.isAvailable else {
      throw Failure(message: "names can't be read without libdw, which is not here; install it (Debian: libdw1)")
    }
    var history = try profile.load().history
    var symboliser = OfflineSymboliser()
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
    if target.isFile { try tell(symboliser) } else { StandardError.write(lines(symboliser).joined()) }
  }

  private func tell(_ symboliser: OfflineSymboliser) throws {
    var text = Output()
    for line in lines(symboliser) { text.write(line) }
    try text.finish()
  }

  /// What was found, and why the rest was not.
  private func lines(_ symboliser: OfflineSymboliser) -> [String] {
    let total = symboliser.namedCount + symboliser.unnamedCount
    let reasons = symboliser.outcomes.sorted { $0.key.precedes($1.key) }.compactMap { path, outcome in
      reason(outcome).map { "\(FittedText(path, in: 1 << 16).text): \($0)\n" }
    }
    return ["\(symboliser.namedCount) of \(total) calls without a name have one now\n"] + reasons
  }

  private func reason(_ outcome: OfflineSymboliser.Outcome) -> String? {
    switch outcome {
    case .read: nil
    case .noBuildID: "it has no build id, so that no file can be trusted to be it; link with --build-id"
    case .noFile: "there is no such file; put the build that was measured there"
    case .otherBuild:
      "the file there has no symbols for these calls, or is another build; then put the measured one there"
    }
  }
}
