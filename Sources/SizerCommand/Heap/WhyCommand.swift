// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerReports

struct WhyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why",
    abstract: "Print who holds an object of a heap image.",
    discussion: """
      A shortest path from a root, by names: a global variable, a thread's stack, a task. References that are not sure \
      have a ?. Of a type, the object is shown that is nearest to a root.
      """)

  @OptionGroup var image: HeapImageArgument

  @Argument(
    help: ArgumentHelp("A type, by its full name or its last part, or an address.", valueName: "type-or-address"))
  var what: String

  @Flag(help: "Print JSON: one object, described in Documents/heap-json.md.")
  var json = false

  func run() throws {
    let image = try image.load()
    guard let path = try find(in: image) else { throw Failure(message: "the image has no object of type \(what)") }
    var output = Output()
    if json { write(path, to: &output) } else { output.write("\(path)\n") }
    try output.finish()
  }

  private func find(in image: HeapImage) throws -> HeapPath? {
    let finder = PathFinder(of: image)
    guard what.hasPrefix("0x") else { return finder.path(toFirst: what) }
    guard let address = UInt64(what.dropFirst(2), radix: 16), let object = image.object(at: address) else {
      throw Failure(message: "the image has no object at \(what)")
    }
    return finder.path(to: object)
  }

  private func write(_ path: HeapPath, to output: inout Output) {
    writeObject(to: &output) { json in
      json.key("root")
      if let root = path.root { json.string(root) } else { json.null() }
      json.key("steps")
      json.beginArray()
      for step in [path.start] + path.steps {
        json.beginObject()
        json.key("label")
        json.string(step.label)
        json.key("type")
        json.string(step.typeName)
        json.key("address")
        json.string("0x" + String(step.address, radix: 16))
        json.key("certain")
        json.integer(step.isCertain ? 1 : 0)
        json.endObject()
      }
      json.endArray()
    }
  }
}
