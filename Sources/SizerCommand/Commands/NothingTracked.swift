// SPDX-License-Identifier: Apache-2.0

import SizerAgent
import SizerGraph
import SizerProfile

/// Says on standard error why tables of tracked objects are empty, and where there is something to see. Standard output
/// is what the table is, empty or not.
func tellIfNothingWasTracked(_ statistics: Statistics, in path: String) {
  guard statistics.objectCount == 0, statistics.snapshots.allSatisfy(\.classes.isEmpty) else { return }
  let other =
    !statistics.history.heaps.isEmpty
    ? ", or see sizer heap \(path)"
    : statistics.snapshots.contains { $0.heap != nil } ? ", or see sizer summary \(path)" : ""
  note("nothing was tracked in \(path); name classes with sizer run --track or ClassTracker.track\(other)")
}

/// A line on standard error of what is worth knowing and no failure.
func note(_ text: String) { StandardError.write("sizer: \(FittedText(text, in: 1 << 16).text)\n") }

/// The patterns by which the agent was told to track classes and that no class matched of which an object was made, in
/// a sentence; nil when there are none.
func unmatchedPatterns(_ statistics: Statistics) -> String? {
  let patterns = (statistics.tags[AgentSettings.patternsTag] ?? "").split(separator: ",").map(String.init)
  guard !patterns.isEmpty else { return nil }
  let history = statistics.history
  let classes = Set(history.objects.flatMap { [$0.name, $0.className, $0.currentClass] })
    .flatMap { patternNames(ofClass: history.names[Int($0)]) }
  let unmatched = patterns.filter { !classes.contains(where: Wildcard($0).matches) }
  guard !unmatched.isEmpty else { return nil }
  let most = 5
  let named = unmatched.prefix(most).joined(separator: ", ") + (unmatched.count > most ? " and others" : "")
  return "no object was made of any class that is called \(named); write Module.Class as sizer heap does, with * for "
    + "any characters and without generic arguments"
}

/// What a pattern may call a class whose name is written as in reports: without generic arguments and without the
/// number of a private one; that of an extension by the extension's module.
private func patternNames(ofClass name: String) -> [String] {
  var depth = 0
  var plain = ""
  var before: Character = " "
  for character in name {
    if character == "<" { depth += 1 }
    if depth == 0 { plain.append(character) }
    if character == ">", before != "-" { depth -= 1 }
    before = character
  }
  if let number = plain.lastIndex(of: "#"), plain[..<number].last == " " {
    plain = String(plain[..<number].dropLast())
  }
  let start = "(extension in "
  guard plain.hasPrefix(start), let end = plain.firstIndex(of: ")"), let dot = plain.lastIndex(of: ".") else {
    return [plain]
  }
  return [plain, String(plain[..<end].dropFirst(start.count)) + plain[dot...]]
}
