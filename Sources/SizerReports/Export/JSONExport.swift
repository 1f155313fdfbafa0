// SPDX-License-Identifier: Apache-2.0

import SizerExports
package import SizerProfile

/// A profile as one JSON object (RFC 8259), described in `Documents/export.md`. Keys stand in the same order always,
/// snapshots, traces and objects on a line each, so that line tools can pick them.
package struct JSONExport {
  /// Goes up when something is taken away or means something else; what is added does not change it.
  package static let version = 1

  private let statistics: Statistics

  /// An export of what was recorded; nothing is computed before it is written.
  package init(_ statistics: Statistics) { self.statistics = statistics }

  /// Writes it in pieces; needs little memory besides. Objects come in the current order.
  package func write<Output: TextOutputStream>(to output: inout Output) {
    var buffer = ExportBuffer()
    buffer.add("{\"format\":\"sizer-profile\",\"version\":")
    buffer.add(Self.version)
    buffer.add(",\n\"snapshots\":[")
    for (index, snapshot) in statistics.snapshots.enumerated() {
      buffer.add(index == 0 ? "\n" : ",\n")
      buffer.snapshot(snapshot)
      buffer.flush(to: &output)
    }
    buffer.add("],\n\"traces\":[")
    for (index, trace) in statistics.history.traces.enumerated() {
      buffer.add(index == 0 ? "\n" : ",\n")
      buffer.trace(trace)
      buffer.flush(to: &output)
    }
    buffer.add("],\n\"objects\":[")
    for position in 0..<statistics.objectCount {
      buffer.add(position == 0 ? "\n" : ",\n")
      let row = statistics.row(at: position)
      buffer.object(
        statistics.trackedObject(row: row), statistics.history.objects[row], statistics.recordedSnapshots(row: row))
      buffer.flush(to: &output)
    }
    buffer.add("],\n\"tags\":{")
    for (index, tag) in statistics.tags.sorted(by: { $0.key < $1.key }).enumerated() {
      if index > 0 { buffer.add(",") }
      buffer.string(tag.key)
      buffer.add(":")
      buffer.string(tag.value)
    }
    buffer.add("}}\n")
    buffer.flush(to: &output, always: true)
  }
}

extension ExportBuffer {
  fileprivate mutating func snapshot(_ snapshot: Snapshot) {
    add("{")
    key("label")
    string(snapshot.label)
    nextKey("time")
    seconds(snapshot.timestamp)
    nextKey("mode")
    string(snapshot.mode.rawValue)
    nextKey("pause")
    seconds(snapshot.pause)
    nextKey("error")
    string(snapshot.error)
    figures([
      ("trackedBytes", snapshot.trackedBytes), ("overheadBytes", snapshot.overheadBytes),
      ("skippedCount", snapshot.skippedCount), ("unresolvedCount", snapshot.unresolvedCount),
      ("estimatedBytes", snapshot.estimatedBytes),
    ])
    nextKey("process")
    process(snapshot.process)
    nextKey("ladder")
    ladder(snapshot.ladder)
    nextKey("classes")
    add("[")
    for (index, entry) in snapshot.classesByName.enumerated() {
      if index > 0 { add(",") }
      classRecord(entry.key, entry.value)
    }
    add("]}")
  }

  private mutating func figures(_ figures: [(StaticString, Int)]) {
    for (name, figure) in figures {
      nextKey(name)
      add(figure)
    }
  }

  private mutating func process(_ process: ProcessMemory) {
    add("{")
    key("virtual")
    add(process.virtual)
    figures([
      ("resident", process.resident), ("data", process.data), ("stack", process.stack), ("code", process.code),
      ("shared", process.shared), ("minorFaults", process.minorFaults), ("majorFaults", process.majorFaults),
    ])
    for (name, figure) in [
      ("peakResident", process.peakResident), ("cgroupCurrent", process.cgroupCurrent),
      ("cgroupLimit", process.cgroupLimit), ("cgroupPeak", process.cgroupPeak),
    ] as [(StaticString, Int?)] {
      nextKey(name)
      if let figure { add(figure) } else { add("null") }
    }
    add("}")
  }

  private mutating func ladder(_ ladder: MemoryLadder?) {
    guard let ladder else { return add("null") }
    add("[")
    for (index, rung) in ladder.rungs.enumerated() {
      if index > 0 { add(",") }
      add("{")
      key("name")
      string(rung.name)
      figures([("bytes", rung.bytes)])
      add("}")
    }
    add("]")
  }

  private mutating func classRecord(_ name: String, _ record: ClassRecord) {
    add("{")
    key("name")
    string(name)
    figures([("active", record.active), ("bytes", record.bytes), ("average", record.average)])
    nextKey("share")
    number(record.share)
    nextKey("slabs")
    slabs(record.slabs)
    add("}")
  }

  private mutating func slabs(_ slabs: SlabUse?) {
    guard let slabs else { return add("null") }
    add("{")
    key("objectCount")
    add(slabs.objectCount)
    figures([
      ("objectBytes", slabs.objectBytes), ("slabCount", slabs.slabCount), ("slabBytes", slabs.slabBytes),
      ("takenBytes", slabs.takenBytes), ("unresolvedCount", slabs.unresolvedCount),
    ])
    nextKey("fill")
    number(slabs.fill)
    add("}")
  }

  fileprivate mutating func trace(_ trace: StackTrace) {
    add("[")
    for (index, frame) in trace.frames.enumerated() {
      add(index == 0 ? "{" : ",{")
      key("function")
      string(frame.function)
      nextKey("file")
      string(frame.file)
      figures([("line", frame.line), ("column", frame.column)])
      nextKey("inlined")
      add(frame.isInlined ? "true" : "false")
      nextKey("image")
      string(frame.image)
      nextKey("imageOffset")
      hexadecimal(frame.imageOffset)
      nextKey("address")
      hexadecimal(frame.address)
      nextKey("buildID")
      string(frame.buildID)
      add("}")
    }
    add("]")
  }

  /// As text: a JSON number beyond 2^53 is rounded by most readers.
  private mutating func hexadecimal(_ address: UInt64) {
    add("\"0x")
    add(String(address, radix: 16))
    add("\"")
  }

  fileprivate mutating func object(_ object: TrackedObject, _ row: History.ObjectRow, _ snapshots: [Int]) {
    add("{")
    key("name")
    string(object.name)
    nextKey("class")
    string(object.className)
    nextKey("representation")
    string(object.representation)
    nextKey("address")
    if object.address == 0 { add("null") } else { hexadecimal(object.address) }
    nextKey("birth")
    seconds(object.birth)
    nextKey("death")
    seconds(object.death)
    nextKey("left")
    seconds(row.isDead || row.end == .max ? nil : .nanoseconds(row.end))
    nextKey("trace")
    if row.trace == History.ObjectRow.none { add("null") } else { add(Int(row.trace)) }
    nextKey("records")
    records(object.records, snapshots)
    add("}")
  }

  private mutating func records(_ records: [TrackedObject.Record], _ snapshots: [Int]) {
    add("[")
    for (index, (snapshot, record)) in zip(snapshots, records).enumerated() {
      add(index == 0 ? "{" : ",{")
      key("snapshot")
      add(snapshot)
      figures([("bytes", record.bytes)])
      nextKey("referents")
      referents(record.referents)
      add("}")
    }
    add("]")
  }

  /// Keeps what is still to be closed in a list, so that a deep tree does not need a deep stack.
  private mutating func referents(_ roots: [SizeNode]) {
    var work = [roots[...]]
    add("[")
    var isFirst = true
    while var siblings = work.popLast() {
      guard let node = siblings.popFirst() else {
        add(work.isEmpty ? "]" : "]}")
        isFirst = false
        continue
      }
      if !isFirst { add(",") }
      add("{")
      key("name")
      string(node.name)
      nextKey("type")
      string(node.typeName)
      figures([("bytes", node.bytes), ("flatBytes", node.flatBytes)])
      nextKey("children")
      add("[")
      work.append(siblings)
      work.append(node.children[...])
      isFirst = true
    }
  }
}
