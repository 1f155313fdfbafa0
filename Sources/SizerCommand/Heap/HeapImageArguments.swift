// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Sizer
import SizerGraph
import SizerProfile

/// The heap image that the commands of the heap take: a file of its own, one of a profile's, or what a process answers.
struct HeapImageArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "The heap image: a file that HeapGraph.write(to:) wrote, a profile with heap images, or a program's live socket.",
      valueName: "image"),
    completion: .file())
  var path: String

  @Option(
    help: ArgumentHelp(
      "Use the heap image of this snapshot, given by label or number; by default the last one.",
      valueName: "snapshot"))
  var snapshot: String?

  @OptionGroup var symbols: SymbolArguments

  func load() throws -> HeapImage { try HeapSource(path, symbols).image(named: snapshot) }
}

/// How much the commands of the heap print, and in which form.
struct HeapOutputArguments: ParsableArguments {
  @Option(help: ArgumentHelp("The most rows to print.", valueName: "count"))
  var limit = 20

  @Flag(help: "Print JSON: one object, described in Documents/heap-json.md.")
  var json = false

  func validate() throws {
    guard limit >= 0 else { throw ValidationError("'--limit' takes 0 or more.") }
  }
}

/// Refuses images of two processes where only those of one can be compared.
func refuseOthers(_ images: [(path: String, process: UInt64)]) throws {
  guard let first = images.first, let other = images.first(where: { $0.process != first.process }) else { return }
  throw Failure(
    message: "\(first.path) is of process \(first.process) and \(other.path) of process \(other.process); "
      + "name images of one process, or ask each file by itself")
}
