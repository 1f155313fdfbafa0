// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerReports

struct HeapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heap",
    abstract: "Print what lives in a heap image, by type.",
    discussion: "Usable bytes; raw blocks count for the type that owns them. The largest types come first.")

  @OptionGroup var image: HeapImageArgument

  @OptionGroup var form: HeapOutputArguments

  func run() throws {
    let histogram = HeapHistogram(of: try image.load())
    let rows = histogram.rows.sorted { ($1.totalBytes, $0.typeName) < ($0.totalBytes, $1.typeName) }
    var output = Output()
    if form.json { write(histogram, rows, to: &output) } else { printTable(histogram, rows, to: &output) }
    try output.finish()
  }

  private func printTable(_ histogram: HeapHistogram, _ rows: [HeapHistogram.Row], to output: inout Output) {
    var table = HeapTable(heads: ["count", "bytes", "slack", "unused", "type"])
    for row in rows {
      table.add(
        [.count(row.count), .bytes(row.totalBytes), .bytes(row.slackBytes), .bytes(row.unusedCapacityBytes)],
        row.typeName)
    }
    table.write(to: &output, limit: form.limit)
    output.write("\(histogram.objectCount) objects, \(histogram.totalBytes) bytes\n")
  }

  private func write(_ histogram: HeapHistogram, _ rows: [HeapHistogram.Row], to output: inout Output) {
    writeObject(to: &output) { json in
      json.key("objects")
      json.integer(histogram.objectCount)
      json.key("bytes")
      json.integer(histogram.totalBytes)
      json.key("types")
      json.beginArray()
      for row in rows.prefix(form.limit) {
        json.beginObject()
        json.key("name")
        json.string(row.typeName)
        for (key, figure) in [
          ("count" as StaticString, row.count), ("bytes", row.totalBytes), ("slack", row.slackBytes),
          ("unused", row.unusedCapacityBytes), ("rawBytes", row.rawBytes),
        ] {
          json.key(key)
          json.integer(figure)
        }
        json.endObject()
      }
      json.endArray()
    }
  }
}
