// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerReports

struct GrowthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "growth",
    abstract: "Print what grows in every heap image of a series, by its path from the roots.",
    discussion: "There is no notion of a leak in it: caches and queues are found, too.")

  @Argument(
    help: ArgumentHelp("Heap images of one process, in the order in which they were made.", valueName: "images"),
    completion: .file())
  var paths: [String]

  @OptionGroup var form: HeapOutputArguments

  func validate() throws {
    guard paths.count >= 2 else { throw ValidationError("Name two images or more.") }
  }

  func run() throws {
    let records = HeapImage.growth(over: try paths.map(loadHeapImage))
    var output = Output()
    if form.json { write(records, to: &output) } else { printTable(records, to: &output) }
    try output.finish()
  }

  private func printTable(_ records: [GrowthRecord], to output: inout Output) {
    var table = HeapTable(heads: ["first", "last", "retained", "path and type"])
    for record in records {
      table.add(
        [
          .count(record.objectCounts.first ?? 0), .count(record.objectCounts.last ?? 0), .bytes(record.retainedBytes),
        ], "\(record.path) (\(record.typeName))")
    }
    table.write(to: &output, limit: form.limit)
  }

  private func write(_ records: [GrowthRecord], to output: inout Output) {
    writeObject(to: &output) { json in
      json.key("growth")
      json.beginArray()
      for record in records.prefix(form.limit) {
        json.beginObject()
        json.key("path")
        json.string(record.path)
        json.key("type")
        json.string(record.typeName)
        for (key, figures) in [
          ("objects" as StaticString, record.objectCounts), ("references", record.referenceCounts),
          ("bytes", record.bytes),
        ] {
          json.key(key)
          json.integers(figures)
        }
        json.key("retained")
        json.integer(record.retainedBytes)
        json.endObject()
      }
      json.endArray()
    }
  }
}
