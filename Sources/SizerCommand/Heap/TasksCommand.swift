// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerProfile

struct TasksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tasks",
    abstract: "List the tasks of a heap image by creating function, with what they keep alive.")

  @OptionGroup var image: HeapImageArgument

  @OptionGroup var form: HeapOutputArguments

  func run() throws {
    let image = try image.load()
    let records = image.taskRecords(Dominators(of: image))
    var output = Output()
    let reason = image.info.tasksReason
    if form.json { write(records, reason, to: &output) } else { printTable(records, reason, to: &output) }
    try output.finish()
  }

  private func printTable(_ records: [TaskRecord], _ reason: String, to output: inout Output) {
    var table = HeapTable(
      heads: ["count", "bytes", "slabs", "retained", "state", "made by and waiting in"],
      nothing: reason.isEmpty ? "no task lives in this image" : nil)
    for record in records {
      table.add(
        [
          .count(record.count), .bytes(record.bytes), .bytes(record.slabBytes), .bytes(record.retainedBytes),
          .word(record.state),
        ], taskWay(creator: record.creator, frames: record.frames))
    }
    table.write(to: &output, limit: form.limit, wrapping: true)
    if !reason.isEmpty { output.write("tasks are not known: \(reason)\n") }
  }

  private func write(_ records: [TaskRecord], _ reason: String, to output: inout Output) {
    writeObject(to: &output) { json in
      json.objects("tasks", records.prefix(form.limit)) { json, record in
        json.key("creator")
        if let creator = record.creator { json.string(creator) } else { json.null() }
        json.texts(["function": record.function, "state": record.state])
        json.figures([
          "count": record.count, "bytes": record.bytes, "slabs": record.slabBytes, "retained": record.retainedBytes,
        ])
        json.frames(record.frames)
      }
      if !reason.isEmpty { json.texts(["reason": reason]) }
    }
  }
}
