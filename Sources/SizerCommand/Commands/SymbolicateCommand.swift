// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Sizer
import SizerProfile

struct SymbolicateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "symbolicate",
    abstract: "Write a profile again, with names for calls that have none.",
    discussion: """
      A recording that was killed has addresses in its traces. Their names and lines are read from the programs and libraries that were \
      loaded then; a file that is another build than the one that was measured is not believed.
      """)

  @OptionGroup var profile: ProfileArgument

  @Option(
    name: .shortAndLong, help: ArgumentHelp("The new profile's file; may be the old one's.", valueName: "file"),
    completion: .file(extensions: ["sizer"]))
  var output: String

  func run() throws {
    guard OfflineSymboliser.isAvailable else {
      throw Failure(message: "names can't be read without libdw, which is not here; install it (Debian: libdw1)")
    }
    var history = try profile.load().history
    var symboliser = OfflineSymboliser()
    history.traces = withProgress("reading symbols") { symboliser.traces(history.traces) }
    let named = Statistics(history)
    try withProgress("writing \(output)") { try named.write(to: output) }
    var text = Output()
    let total = symboliser.namedCount + symboliser.unnamedCount
    text.write("\(symboliser.namedCount) of \(total) calls without a name have one now\n")
    for (path, outcome) in symboliser.outcomes.sorted(by: { $0.key < $1.key }) {
      guard let reason = reason(outcome) else { continue }
      text.write("\(FittedText(path, in: 1 << 16).text): \(reason)\n")
    }
    try text.finish()
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
