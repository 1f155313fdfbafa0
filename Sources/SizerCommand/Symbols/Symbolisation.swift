// SPDX-License-Identifier: Apache-2.0

import Sizer
import SizerGraph
import SizerProfile

extension OfflineSymboliser {
  /// What was found, and why the rest was not: a line each.
  var lines: [String] {
    [
      "\(namedCount) of \(counted(namedCount + unnamedCount, "call")) without a name "
        + "\(namedCount == 1 ? "has" : "have") one now\n"
    ] + reasons
  }

  /// Why calls have no name, a line for each program or library.
  var reasons: [String] {
    outcomes.sorted { $0.key.precedes($1.key) }.compactMap { path, outcome in
      Self.reason(outcome).map { "\(FittedText(path, in: 1 << 16).text): \($0)\n" }
    }
  }

  private static func reason(_ outcome: Outcome) -> String? {
    switch outcome {
    case .read: nil
    case .noBuildID: "it has no build ID, so no file can be matched to it; link with --build-id"
    case .noFile: "there is no such file; put the measured build there, or name it with --symbols"
    case .otherBuild:
      "the file there has no symbols for these calls, or a different build ID; put the measured build there"
    }
  }
}

/// The same statistics with names for calls of a recording that nobody finished, where they can be found; and what is
/// to be said of those that can't, empty when there are none.
func symbolised(
  _ statistics: Statistics, by sources: SymbolSources
) -> (statistics: Statistics, note: String) {
  var history = statistics.history
  let unnamed = history.traces.count { trace in
    trace.frameCount > 0 && (0..<trace.frameCount).allSatisfy { trace.frame(at: $0).function == nil }
  }
  guard unnamed > 0 else { return (statistics, "") }
  guard OfflineSymboliser.isAvailable else {
    let traces = counted(unnamed, "trace has", "traces have")
    return (statistics, "\(traces) no names because libdw is not installed (Debian: libdw1)\n")
  }
  var symboliser = OfflineSymboliser(files: sources.files)
  history.traces = withProgress("reading symbols") { symboliser.traces(history.traces) }
  guard symboliser.unnamedCount > 0 else { return (Statistics(history), "") }
  let calls = counted(symboliser.unnamedCount, "call has", "calls have")
  let reasons = symboliser.reasons + sources.notes.map { $0 + "\n" }
  return (Statistics(history), "\(calls) no name\n" + reasons.map { "  " + $0 }.joined())
}
