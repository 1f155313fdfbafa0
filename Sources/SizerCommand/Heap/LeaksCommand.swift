// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerReports

struct LeaksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leaks",
    abstract: "Print what nothing outside holds in a heap image, by shape.",
    discussion: """
      One image proves nothing. With a second one of the same process, made later, groups are proved that both show \
      closed, if every thread has gone on between them.
      """)

  @OptionGroup var image: HeapImageArgument

  @Argument(help: ArgumentHelp("An image of the same process, made later.", valueName: "later"), completion: .file())
  var later: String?

  @Flag(help: "Exit with 1 when there is a proved leak.")
  var fail = false

  @OptionGroup var form: HeapOutputArguments

  func run() throws {
    let first = try image.load()
    let leaks = try later.map { try loadHeapImage($0).leaks(confirming: first) } ?? first.leaks()
    var output = Output()
    if form.json { writeList(leaks, to: &output) } else { write(leaks, to: &output) }
    try output.finish()
    if fail, leaks.contains(where: { $0.grade == .proved }) { throw ExitCode.failure }
  }

  private func write(_ leaks: [LeakGroup], to output: inout Output) {
    var table = HeapTable(heads: ["groups", "objects", "bytes", "grade and cycle"])
    for leak in leaks {
      let sight = leak.observers.isEmpty ? "" : ", seen by " + leak.observers.joined(separator: ", ")
      table.add(
        [.count(leak.groupCount), .count(leak.objectCount), .bytes(leak.bytes)],
        "\(leak.grade.rawValue): \(leak.cycle)\(sight)")
    }
    table.write(to: &output, limit: form.limit)
    let proved = leaks.filter { $0.grade == .proved }
    output.write(
      "\(proved.count) proved, \(proved.reduce(0) { $0 + $1.bytes }) bytes; \(leaks.count - proved.count) not proved\n")
  }

  private func writeList(_ leaks: [LeakGroup], to output: inout Output) {
    writeObject(to: &output) { json in
      json.key("leaks")
      json.beginArray()
      for leak in leaks.prefix(form.limit) {
        json.beginObject()
        for (key, text) in [
          ("grade" as StaticString, leak.grade.rawValue), ("signature", leak.signature),
          ("cycle", leak.cycle.description),
        ] {
          json.key(key)
          json.string(text)
        }
        for (key, figure) in [
          ("groups" as StaticString, leak.groupCount), ("objects", leak.objectCount), ("bytes", leak.bytes),
        ] {
          json.key(key)
          json.integer(figure)
        }
        for (key, texts) in [("types" as StaticString, leak.typeNames), ("observers", leak.observers)] {
          json.key(key)
          json.beginArray()
          for text in texts { json.string(text) }
          json.endArray()
        }
        json.endObject()
      }
      json.endArray()
    }
  }
}
