// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerProfile

struct RetainedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retained",
    abstract: "List how much memory the objects of each type retain.")

  @OptionGroup var image: HeapImageArgument

  @Argument(help: ArgumentHelp("Only types whose name contains this text.", valueName: "text"))
  var text: String?

  @OptionGroup var form: HeapOutputArguments

  func run() throws {
    let image = try image.load()
    let all = Dominators(of: image).classes().map { (name: image.types[$0.type].name, figures: $0) }
    let rows = all.filter { row in text.map { row.name.contains($0) } ?? true }
      .sorted { ($1.figures.retainedBytes, $0.name) < ($0.figures.retainedBytes, $1.name) }
    var output = Output()
    if form.json {
      writeObject(to: &output) { json in
        json.objects("types", rows.prefix(form.limit)) { json, row in
          json.texts(["name": row.name])
          json.figures([
            "count": row.figures.count, "bytes": row.figures.bytes, "retained": row.figures.retainedBytes,
          ])
        }
      }
    } else {
      let nothing =
        text.map { "no type has \(FittedText($0, in: 1 << 12).text) in its name" }
        ?? "no Swift object lives in this image"
      var table = HeapTable(heads: ["count", "bytes", "retained", "type"], nothing: nothing)
      for row in rows {
        table.add(
          [.count(row.figures.count), .bytes(row.figures.bytes), .bytes(row.figures.retainedBytes)], row.name)
      }
      table.write(to: &output, limit: form.limit)
    }
    try output.finish()
  }
}
