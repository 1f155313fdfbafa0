// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile
import SizerReports

struct DiffCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Compare two snapshots, of one profile or of two.",
    discussion: """
      Of one profile, the first and the last snapshot unless told otherwise; of two, the last of each. Objects are \
      followed one by one: born, died, grown, shrunk. Of different runs no object is the same: there, classes and the \
      places that made them are compared.
      """)

  @OptionGroup var profile: ProfileArgument

  @Argument(
    help: ArgumentHelp("The profile to compare with; the same one if none is given.", valueName: "other"),
    completion: .file(extensions: ["sizer"]))
  var other: String?

  @Option(help: ArgumentHelp("The earlier snapshot's label, or its number, counted from 0.", valueName: "snapshot"))
  var from: String?

  @Option(help: ArgumentHelp("The later snapshot's.", valueName: "snapshot"))
  var to: String?

  @Flag(help: "List every object instead of one line for each class and place.")
  var objects = false

  @Option(
    help: ArgumentHelp(
      "How many classes and changes of each kind to print: a number, a fraction from 0.0 to 1.0, or 'all'.",
      valueName: "limit"))
  var limit = LimitArgument(.count(10))

  @Option(help: ArgumentHelp("How many calls of each trace.", valueName: "count"))
  var frames = 5

  func validate() throws {
    guard frames >= 0 else { throw ValidationError("--frames must not be negative.") }
  }

  func run() throws {
    let before = try profile.load()
    let after = try other.map(loadProfile) ?? before
    let first = from.map(SnapshotChoice.named) ?? (other == nil ? .first : .last)
    let second = to.map(SnapshotChoice.named) ?? .last
    let fromIndex = try first.index(in: before, of: profile.path)
    let toIndex = try second.index(in: after, of: other ?? profile.path)
    let diff = try withProgress("comparing") {
      try ProfileDiff(before, fromIndex, after, toIndex, isGrouped: !objects)
    }
    var output = Output()
    DiffText(diff, style: Terminal.style, limit: limit.limit, frameLimit: frames).write(to: &output)
    try output.finish()
    tellIfNothingWasTracked(before, in: profile.path)
    if let other { tellIfNothingWasTracked(after, in: other) }
  }
}
