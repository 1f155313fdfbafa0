// SPDX-License-Identifier: Apache-2.0

import SizerGraph
import SizerProfile
import SizerReports

/// One table as text or as JSON.
struct TopReport {
  let state: TopState
  /// The most rows.
  let limit: Int

  /// As wide as the terminal; where nothing says how wide lines may be, names are whole.
  ///
  /// - Parameter interval: How often there is a table; nil for one that has no change to show.
  func write(to output: inout Output, interval: Duration?) {
    let (style, width) = (Terminal.style, Terminal.hasWidth ? Terminal.style.width : nil)
    let (table, count) = table(hasChanges: interval != nil)
    let head = [TopHead.title(state, interval: interval), TopHead.totals(state)]
    for line in head.map({ FittedText($0, in: width ?? .max).text }) + table.lines(in: width, style: style) {
      output.write(line + "\n")
    }
    if count > limit {
      output.write("and \(count - limit) more; --limit shows \(count - limit == 1 ? "it" : "them")\n")
    }
    if state.view == .classes, let others = state.changes.table?.others, others.types > 0 {
      output.write("and \(counted(others.types, "type")) that the process does not list: \(shortSize(others.bytes))\n")
    }
  }

  private func table(hasChanges: Bool) -> (TopTable, count: Int) {
    switch state.view {
    case .tasks:
      let rows = state.taskRows ?? []
      return (state.taskTable(rows.prefix(limit)), rows.count)
    case .ladder: return (state.ladderTable(hasChanges: hasChanges), 0)
    case .classes, .keys:
      let rows = state.classRows
      return (state.classTable(rows.prefix(limit), hasChanges: hasChanges), rows.count)
    }
  }

  func writeJSON(to output: inout Output) {
    guard let table = state.changes.table else { return }
    writeObject(to: &output) { json in
      json.texts(["program": table.program])
      json.figures([
        "process": table.process, "millisecondsSince1970": Int(table.time * 1_000),
        "pauseMicroseconds": table.pauseMicroseconds, "resident": table.resident, "objects": table.objects,
        "bytes": table.bytes,
      ])
      switch state.view {
      case .classes, .keys: writeClasses(table, to: &json)
      case .tasks: writeTasks(to: &json)
      case .ladder: break
      }
      json.objects("ladder", table.ladder) { json, rung in
        json.texts(["name": rung.name])
        json.figures(["bytes": rung.bytes])
      }
    }
  }

  private func writeClasses(_ table: LiveTable, to json: inout JSONWriter) {
    let rows = state.classRows
    let figures = Dictionary(table.classes.map { (ExactText($0.type), $0) }) { first, _ in first }
    json.figures(["types": rows.count])
    json.objects("classes", rows.prefix(limit)) { json, row in
      json.texts(["type": row.type])
      json.figures(["count": row.count, "bytes": row.bytes])
      if let one = figures[ExactText(row.type)] {
        json.figures(["requestedBytes": one.requestedBytes, "unusedCapacityBytes": one.unusedCapacityBytes])
      }
      if let retained = state.retained?[row.type] { json.figures(["retainedBytes": retained]) }
    }
    json.key("others")
    json.beginObject()
    json.figures(["types": table.others.types, "count": table.others.count, "bytes": table.others.bytes])
    json.endObject()
  }

  private func writeTasks(to json: inout JSONWriter) {
    json.objects("tasks", (state.taskRows ?? []).prefix(limit)) { json, task in
      json.key("creator")
      if let creator = task.creator { json.string(creator) } else { json.null() }
      json.texts(["state": task.state])
      json.figures(["count": task.count, "bytes": task.bytes, "retainedBytes": task.retainedBytes])
      json.list("frames", task.frames)
    }
  }
}
