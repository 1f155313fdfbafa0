// SPDX-License-Identifier: Apache-2.0

extension SnapshotBirths {
  /// What the numbers below are, in the head of the file.
  static let fields: StaticString = """
    ,
    "trace_function_info_fields":["function_id","name","script_name","script_id","line","column"],
    "trace_node_fields":["id","function_info_index","count","size","children"],
    "sample_fields":["timestamp_us","last_assigned_id"]
    """

  /// Writes them behind the list of edges; the last list is left open.
  func write(to buffer: inout ExportBuffer, _ strings: inout SnapshotStrings) {
    buffer.add("],\n\"trace_function_infos\":[")
    for (number, call) in calls.enumerated() {
      if number > 0 { buffer.add(",\n") }
      let file = strings.number(of: call.file)
      // A file's number is that of its name.
      buffer.list(number, strings.number(of: call.function), file, file, call.line, call.column)
    }
    buffer.add("],\n\"trace_tree\":[")
    write(node: 0, to: &buffer)
    buffer.add("],\n\"samples\":[")
    for (number, sample) in samples.enumerated() {
      if number > 0 { buffer.add(",\n") }
      buffer.list(sample.microseconds, SnapshotIDs.ofPlace(sample.place))
    }
  }

  private func write(node number: Int, to buffer: inout ExportBuffer) {
    let node = nodes[number]
    buffer.list(Self.number(ofNode: number), node.call, node.count, node.bytes)
    buffer.add(",[")
    for (place, child) in node.children.enumerated() {
      if place > 0 { buffer.add(",\n") }
      write(node: child, to: &buffer)
    }
    buffer.add("]")
  }
}
