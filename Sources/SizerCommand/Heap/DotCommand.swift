// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerExports
import SizerGraph
import SizerReports

struct DotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dot",
    abstract: "Draw a heap image, or the surroundings of an object, for Graphviz.",
    discussion: """
      Objects of one type that one object holds are one node. Without --around, the largest of what retains what; with \
      it, the way there from a root, and what refers and is referred to from there. What does not fit is counted in a \
      node of its own. Pipe it to a program of Graphviz: sizer dot a.heap | dot -Tsvg -o a.svg
      """)

  @OptionGroup var image: HeapImageArgument

  @Option(
    help: ArgumentHelp(
      "Draw the surroundings of this object: a type, by its full name or its last part, or an address.",
      valueName: "type-or-address"))
  var around: String?

  @Option(help: ArgumentHelp("The most nodes to draw.", valueName: "count"))
  var limit = HeapDrawing.usualLimit

  func validate() throws {
    guard (2...10_000).contains(limit) else { throw ValidationError("'--limit' takes 2 to 10000.") }
  }

  func run() throws {
    let image = try image.load()
    let drawing =
      try around.map { HeapDrawing(of: image, around: try object(named: $0, in: image), limit: limit) }
      ?? HeapDrawing(of: image, limit: limit)
    var output = Output()
    drawing.write(to: &output)
    try output.finish()
  }
}

/// The object of an image that a user means: at an address, or the one of a type that is nearest to a root.
func object(named name: String, in image: HeapImage) throws -> Int {
  if name.hasPrefix("0x") {
    guard let address = UInt64(name.dropFirst(2), radix: 16), let object = image.object(at: address) else {
      throw Failure(message: "the image has no object at \(name)")
    }
    return object
  }
  guard let object = PathFinder(of: image).nearest(of: name) else {
    throw Failure(message: "the image has no object of type \(name)")
  }
  return object
}
