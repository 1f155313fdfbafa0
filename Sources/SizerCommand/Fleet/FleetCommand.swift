// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerExports
import SizerProfile
import SizerReports

struct FleetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fleet",
    abstract: "Put the profiles of many processes into one table.",
    discussion: """
      A row for each profile, snapshot and class, as comma-separated values, for DuckDB, Spark and their like: the \
      folder Fleet of Sizer's sources has questions in SQL and says how they are asked. Profiles may come from anyone. \
      What can't be read is named on standard error, counted and left out. Memory is bounded, however many and long \
      the profiles are.

      With --html the paths are answers to those questions instead, and what is written is a page for a browser.
      """)

  @Argument(
    help: ArgumentHelp("Profiles, and folders with files that end in .sizer at any depth; answers.", valueName: "path"),
    completion: .file())
  var paths: [String]

  @Option(
    help: ArgumentHelp(
      """
      Which table: classes (those that were tracked, or where none were, all that lived), tracked, living, leaks or \
      tasks.
      """, valueName: "table"))
  var table = FleetTable.classes

  @Flag(help: "Make a page of answers to the questions of Fleet/, as comma-separated values, one a file.")
  var html = false

  @Option(help: ArgumentHelp("The page's heading.", valueName: "text"))
  var title: String?

  @OptionGroup var file: OutputArgument

  func validate() throws {
    guard html || title == nil else { throw ValidationError("'--title' needs '--html'.") }
  }

  func run() throws {
    let target = try outputTarget(file.output ?? "-", replaces: file.force.force, reading: nil)
    for path in paths where ["", "-wal", "-shm"].contains(where: { target.isSame(as: path + $0) }) {
      throw Failure(message: "\(target.path) is a profile that is read; write to another file")
    }
    if html { return try writePage(to: target) }
    let output = try file.begin(target)
    let run = FleetRun(paths, table, to: output, spellsControls: target.isTerminal)
    try withProgress({ "\(Sentences.counted(run.tally.files, "profile", "profiles")) read" }) { try run.run() }
    let tally = run.tally
    let read = tally.files - tally.leftOut
    StandardError.write("sizer: \(Self.sentence(tally))\n")
    guard read > 0 else {
      throw Failure(message: "no profile was read: name files that Sizer wrote, or folders with them")
    }
  }

  private static func sentence(_ tally: FleetRun.Tally) -> String {
    let profiles = Sentences.counted(tally.files - tally.leftOut, "profile", "profiles")
    var sentence = "\(Sentences.counted(tally.rows, "row", "rows")) of \(profiles)"
    if tally.leftOut > 0 {
      sentence += "; \(Sentences.grouped(tally.leftOut)) of \(Sentences.grouped(tally.files)) left out"
    }
    if tally.withoutLogs > 0 { sentence += "; \(Sentences.grouped(tally.withoutLogs)) without their newest snapshots" }
    return sentence
  }

  private func writePage(to target: OutputTarget) throws {
    let answers = try paths.map { try FleetAnswers.load($0) }
    let place = target.isFile ? target.path : nil
    let page = FleetPage(answers, title: title ?? "Fleet") { FleetAnswers.report(of: $0, forPageAt: place) }
    var output = try file.begin(target)
    output.write(page.bytes)
    try output.finish()
  }
}
