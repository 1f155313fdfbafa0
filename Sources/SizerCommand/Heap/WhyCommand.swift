// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerProfile
import SizerReports

struct WhyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Explain what keeps an object of a heap image alive.",
    discussion: """
      A shortest path from a root, by names: a global variable, a thread's stack, a task, C memory; or a holder that \
      is unknown, and how many references it has. Global variables and tasks come first, then stacks in use (of \
      threads that sleep, and of the one that took the image), then C memory and the stacks of threads that ran, where \
      a word may be old: such a root has a ?, as have references that are not sure, and a way from a surer root goes \
      before a shorter one. Of a type, the object is shown that is nearest to a root.
      """)

  @OptionGroup var image: HeapImageArgument

  @Argument(
    help: ArgumentHelp("A type, by its full name or its last part, or an address.", valueName: "type-or-address"))
  var what: String

  @Flag(help: "Print JSON: one object, described in Documents/heap-json.md.")
  var json = false

  func run() throws {
    let image = try image.load()
    let (path, leftOut) = PathFinder(of: image).path(to: try object(named: what, in: image), ends: 1_000)
    let cycle = image.cycle(behind: path)
    var output = Output()
    if json {
      writeObject(to: &output) { $0.path(path, leftOut: leftOut, cycle: cycle) }
    } else {
      output.write(text(of: path, leftOut) + "\n")
      if let cycle {
        let width = Terminal.style.width
        output.write(WrappedText("only a cycle holds it: \(cycle)", room: width, width: width).text + "\n")
      }
    }
    try output.finish()
  }

  private func text(of path: HeapPath, _ leftOut: Int) -> String {
    let width = Terminal.style.width
    let way = WrappedText("\(path.text(limit: 1 << 15)) (\(path.end.typeName))", room: width, width: width).text
    return way
      + (leftOut > 0
        ? "\n\(counted(leftOut, "reference in its middle was", "references in its middle were")) not even named" : "")
  }
}
