// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerProfile

struct HeapCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "heap",
    abstract: "List the live objects of a heap image by type.",
    discussion: "Usable bytes; raw blocks count for the type that owns them. The largest types come first.")

  @OptionGroup var image: HeapImageArgument

  @OptionGroup var form: HeapOutputArguments

  func run() throws {
    let image = try image.load()
    let histogram = HeapHistogram(of: image)
    let rows = histogram.rows.sorted { ($1.totalBytes, $0.typeName) < ($0.totalBytes, $1.typeName) }
    var output = Output()
    if form.json {
      write(histogram, rows, image.ladder, to: &output)
    } else {
      printTable(histogram, rows, image.ladder, to: &output)
    }
    try output.finish()
  }

  private func printTable(
    _ histogram: HeapHistogram, _ rows: [HeapHistogram.Row], _ ladder: [HeapRung], to output: inout Output
  ) {
    var table = HeapTable(
      heads: ["count", "bytes", "slack", "unused", "type"], nothing: "no Swift object lives in this image")
    for row in rows {
      table.add(
        [.count(row.count), .bytes(row.totalBytes), .bytes(row.slackBytes), .bytes(row.unusedCapacityBytes)],
        row.typeName)
    }
    table.write(to: &output, limit: form.limit)
    output.write("\(counted(histogram.objectCount, "object")), \(counted(histogram.totalBytes, "byte"))\n")
    if !histogram.rawRows.isEmpty {
      output.write("of these \(counted(histogram.rawBytes, "byte")) in raw blocks that they own:\n")
      var blocks = HeapTable(heads: ["count", "bytes", "what"])
      for row in histogram.rawRows { blocks.add([.count(row.count), .bytes(row.bytes)], row.shownName) }
      blocks.write(to: &output, limit: form.limit)
    }
    guard !ladder.isEmpty else { return }
    output.write("of \(counted(ladder.reduce(0) { $0 &+ $1.bytes }, "byte")) of resident memory:\n")
    var rungs = HeapTable(heads: ["bytes", "what"])
    for rung in ladder { rungs.add([.bytes(rung.bytes)], rung.name) }
    rungs.write(to: &output, limit: .max)
  }

  private func write(
    _ histogram: HeapHistogram, _ rows: [HeapHistogram.Row], _ ladder: [HeapRung], to output: inout Output
  ) {
    writeObject(to: &output) { json in
      json.figures(["objects": histogram.objectCount, "bytes": histogram.totalBytes])
      json.objects("types", rows.prefix(form.limit)) { json, row in
        json.texts(["name": row.typeName])
        json.figures([
          "count": row.count, "bytes": row.totalBytes, "slack": row.slackBytes, "unused": row.unusedCapacityBytes,
          "rawBytes": row.rawBytes,
        ])
      }
      json.objects("rawBlocks", histogram.rawRows.prefix(form.limit)) { json, row in
        json.texts(["name": row.name])
        json.figures(["count": row.count, "bytes": row.bytes])
      }
      json.objects("ladder", ladder) { json, rung in
        json.texts(["name": rung.name])
        json.figures(["bytes": rung.bytes])
      }
    }
  }
}

extension HeapHistogram.RawRow {
  /// For people.
  fileprivate var shownName: String { name.isEmpty ? "(not known)" : name }
}
