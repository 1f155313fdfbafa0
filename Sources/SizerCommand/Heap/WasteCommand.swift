// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerProfile

struct WasteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "waste",
    abstract: "List wasted memory in a heap image, by type and holder.")

  @OptionGroup var image: HeapImageArgument

  @OptionGroup var form: HeapOutputArguments

  func run() throws {
    let records = try image.load().waste()
    var output = Output()
    if form.json { write(records, to: &output) } else { printTable(records, to: &output) }
    try output.finish()
  }

  private func printTable(_ records: [WasteRecord], to output: inout Output) {
    var table = HeapTable(heads: ["count", "wasted", "of", "why, type and holder"], nothing: "nothing is wasted")
    for record in records {
      table.add(
        [.count(record.count), .bytes(record.wastedBytes), .bytes(record.totalBytes)],
        "\(record.kind.rawValue): \(record.typeName)" + (record.holder.isEmpty ? "" : " in \(record.holder)"))
    }
    table.write(to: &output, limit: form.limit, wrapping: true)
  }

  private func write(_ records: [WasteRecord], to output: inout Output) {
    writeObject(to: &output) { json in
      json.objects("waste", records.prefix(form.limit)) { json, record in
        json.texts(["kind": record.kind.rawValue, "type": record.typeName, "holder": record.holder])
        json.figures([
          "count": record.count, "wasted": record.wastedBytes, "bytes": record.totalBytes,
          "excess": record.excessBytes,
        ])
      }
    }
  }
}
