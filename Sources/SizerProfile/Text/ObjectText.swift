// SPDX-License-Identifier: Apache-2.0

/// Writes an object's block of ``Statistics/printStatistics(className:limit:folded:to:)`` line by line, no line wider
/// than 79 columns and none with spaces at its end.
struct ObjectText {
  let object: TrackedObject
  /// Of many snapshots only the first, the last and the largest are shown, and of referents only the large ones.
  var isFolded = false

  func write<Output: TextOutputStream>(to output: inout Output) {
    output.write(head)
    if let trace = object.trace {
      // From the program's own code on: everybody knows that a class's initialiser makes its objects.
      for index in trace.siteDepth..<trace.frameCount { output.write(FrameText(trace.frame(at: index)).line) }
    }
    for part in recordParts {
      switch part {
      case .shown(let place):
        let record = object.records[place]
        output.write(timed(record.timestamp, sizeText(record.bytes)))
        ReferentText(record, smallestPart: isFolded ? 50 : 1000).write(to: &output)
      case .left(let count): output.write(leftLine(count, "snapshot", indent: 2))
      }
    }
    if let death = object.death { output.write(timed(death, "finalize")) }
  }

  private var recordParts: [Folding.Part] {
    let records = object.records
    guard isFolded else { return records.indices.map(Folding.Part.shown) }
    return Folding(ends: 1, largest: 1).parts(of: records.count) { records[$0].bytes }
  }

  private var head: String {
    // An object that left the tracker alive may be anywhere now, or freed.
    let place = object.death != nil ? "( free )" : object.address == 0 ? "( left )" : addressText(object.address)
    let room = min(35, 79 - 34 - max(10, place.utf8.count))
    let name = FittedText(object.name, in: 32, keeping: .end)
    return textLine(
      name.text, spaces(33 - name.width), padded(right: place, to: 10), " ",
      FittedText(object.representation, in: room).text)
  }

  private func timed(_ time: Duration, _ text: String) -> String {
    let time = timeText(time)
    return textLine("  ", time, spaces(31 - time.utf8.count), text)
  }
}
