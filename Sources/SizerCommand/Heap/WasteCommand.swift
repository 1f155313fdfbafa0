// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerReports

struct WasteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "waste",
    abstract: "Print what could be smaller in a heap image, by type and holder.")

  @OptionGroup var image: HeapImageArgument

  @OptionGroup var form: HeapOutputArguments

  func run() throws {
    let records = try image.load().waste()
    var output = Output()
    if form.json { write(records, to: &output) } else { printTable(records, to: &output) }
    try output.finish()
  }

  private func printTable(_ records: [WasteRecord], to output: inout Output) {
    var table = HeapTable(heads: ["count", "wasted", "of", "why, type and holder"])
    for record in records {
      let holder = record.holder.isEmpty ? "" : " in \(record.holder)"
      table.add(
        [.count(record.count), .bytes(record.wastedBytes), .bytes(record.totalBytes)],
        "\(record.kind.rawValue): \(record.typeName)\(holder)")
    }
    table.write(to: &output, limit: form.limit)
  }

  private func write(_ records: [WasteRecord], to output: inout Output) {
    writeObject(to: &output) { json in
      json.key("waste")
      json.beginArray()
      for record in records.prefix(form.limit) {
        json.beginObject()
        for (key, text) in [
          ("kind" as StaticString, record.kind.rawValue), ("type", record.typeName), ("holder", record.holder),
        ] {
          json.key(key)
          json.string(text)
        }
        for (key, figure) in [
          ("count" as StaticString, record.count), ("wasted", record.wastedBytes), ("bytes", record.totalBytes),
          ("excess", record.excessBytes),
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
