// SPDX-License-Identifier: Apache-2.0

internal import SizerGraph
package import SizerProfile

/// A comparison as text: the two snapshots, a table of the classes, and for each kind of change the largest ones with
/// their traces.
package struct DiffText {
  private let diff: ProfileDiff
  private let style: TextStyle
  private let limit: Statistics.Limit
  private let frameLimit: Int

  /// The text of a comparison.
  ///
  /// - Parameters:
  ///   - limit: How many classes, and how many changes of each kind.
  ///   - frameLimit: How many calls of each trace.
  package init(_ diff: ProfileDiff, style: TextStyle, limit: Statistics.Limit = .all, frameLimit: Int = .max) {
    self.diff = diff
    self.style = style
    self.limit = limit
    self.frameLimit = frameLimit
  }

  /// Writes it line by line.
  package func write<Output: TextOutputStream>(to output: inout Output) {
    output.write(side("from", diff.from))
    output.write(side("to", diff.to))
    if !diff.followsObjects {
      output.write(line("Of two runs, where no object is the same:"))
      output.write(line("classes and places are compared."))
    }
    writeClasses(to: &output)
    for kind in ProfileDiff.Kind.allCases { write(kind, to: &output) }
    if diff.passingCount > 0 {
      output.write("\n")
      output.write(line("\(diff.passingCount) more born and dead between the two snapshots"))
    }
  }

  private func line(_ text: String) -> String { FittedText(text, in: style.width).text + "\n" }

  private func side(_ word: String, _ side: ProfileDiff.Side) -> String {
    let figures = "  \(timeText(side.timestamp))  \(shortSize(side.trackedBytes)) in \(objects(side.objectCount))"
    let start = "\(word == "to" ? "to  " : word) \(side.snapshot)  "
    let label = FittedText(side.label, in: max(8, style.width - start.utf8.count - figures.utf8.count))
    return style.emphasised(FittedText(start + label.text + figures, in: style.width).text, .heading) + "\n"
  }

  // MARK: Classes

  private func writeClasses<Output: TextOutputStream>(to output: inout Output) {
    let shown = diff.classes.prefix(limit.applied(to: diff.classes.count))
    guard !shown.isEmpty else { return }
    let heads = hasLives ? ["from", "to", "born", "gone"] : ["from", "to"]
    // Counts are as wide as the longest of them, so that the name gets the most of a narrow terminal.
    let longest = shown.flatMap(counts).max() ?? 0
    let column = max(6, String(longest).utf8.count + 2)
    let room = max(8, style.width - heads.count * column - 13)
    let names = distinctTexts(of: shown.map(\.name), in: room)
    let head = heads.map { right($0, in: column) }.joined()
    output.write("\n")
    output.write(
      style.emphasised(FittedText("class", in: room).leading(in: room) + head + right("change", in: 13), .heading)
        + "\n")
    for (change, name) in zip(shown, names) {
      let figures = counts(change).map { right(String($0), in: column) }.joined()
      let growth = right(signedSize(change.figures.growth), in: 13)
      output.write(name.leading(in: room) + figures + style.emphasised(growth, emphasis(change.figures.growth)) + "\n")
    }
    if shown.count < diff.classes.count {
      output.write(line("and \(counted(diff.classes.count - shown.count, "more class", "more classes"))"))
    }
  }

  private func counts(_ change: ProfileDiff.ClassChange) -> [Int] {
    let sides = [change.figures.fromCount, change.figures.toCount]
    return hasLives ? sides + [change.born, change.gone] : sides
  }

  /// Whether the table says how many were born and are gone: there must be something to say, and room for it.
  private var hasLives: Bool { diff.followsObjects && style.width >= 60 }

  private func emphasis(_ growth: Int) -> TextStyle.Emphasis? {
    growth == 0 ? nil : growth > 0 ? .more : .less
  }

  // MARK: Changes

  private func write<Output: TextOutputStream>(_ kind: ProfileDiff.Kind, to output: inout Output) {
    let changes = diff.changes.filter { $0.kind == kind }
    guard !changes.isEmpty else { return }
    let count = changes.reduce(0) { $0 + objectCount($1) }
    let growth = changes.reduce(0) { $0 &+ $1.figures.growth }
    // Of different runs an object is not the same before and after: it's places that have more or less.
    let what = diff.followsObjects ? objects(count) : counted(changes.count, "place")
    output.write("\n")
    output.write(style.emphasised("\(title(kind)): \(what), \(signedSize(growth))", .heading) + "\n")
    let shown = changes.prefix(limit.applied(to: changes.count))
    for change in shown { write(change, to: &output) }
    let rest = changes.dropFirst(shown.count)
    if !rest.isEmpty {
      let bytes = rest.reduce(0) { $0 &+ $1.figures.growth }
      output.write(line("  and \(rest.count) more, \(signedSize(bytes))"))
    }
  }

  private func title(_ kind: ProfileDiff.Kind) -> String {
    switch kind {
    case .born: "Born"
    case .died: "Died"
    case .left: "No longer tracked"
    case .grown: "Grown"
    case .shrunk: "Shrunk"
    }
  }

  private func write<Output: TextOutputStream>(_ change: ProfileDiff.Change, to output: inout Output) {
    let growth = right(signedSize(change.figures.growth), in: 13)
    let room = max(12, style.width - 2 - 13)
    let mark = mark(of: change)
    let name = FittedText(change.name, in: max(8, room - mark.utf8.count - 1), keeping: .both)
    let gap = String(repeating: " ", count: max(0, room - name.width - mark.utf8.count - 1))
    output.write(
      "  \(name.text) \(mark)\(gap)" + style.emphasised(growth, emphasis(change.figures.growth)) + "\n")
    guard let trace = change.trace else { return }
    let frames = trace.frames.dropFirst(trace.siteDepth)
    let shown = frames.prefix(max(0, frameLimit))
    for frame in shown { output.write(FrameText(frame, width: style.width).line) }
    if shown.count < frames.count { output.write("    and \(counted(frames.count - shown.count, "more call"))\n") }
  }

  /// What tells the change from others of its name: the object, or how many.
  private func mark(of change: ProfileDiff.Change) -> String {
    let figures = change.figures
    if !diff.followsObjects { return "x \(figures.fromCount) -> \(figures.toCount)" }
    guard let object = change.object else { return "x \(objectCount(change))" }
    let birth = "born \(timeText(object.birth))"
    if object.address == 0 { return birth }
    return style.width < 60 ? addressText(object.address) : "\(addressText(object.address)) \(birth)"
  }

  private func objectCount(_ change: ProfileDiff.Change) -> Int {
    max(change.figures.fromCount, change.figures.toCount)
  }

  private func objects(_ count: Int) -> String { counted(count, "object") }
}
