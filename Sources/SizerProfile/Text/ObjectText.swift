// SPDX-License-Identifier: Apache-2.0

/// Writes an object's block of ``Statistics/printStatistics(className:limit:to:)`` line by line, no line wider than 79
/// columns and none with spaces at its end.
struct ObjectText {
  let object: TrackedObject

  func write<Output: TextOutputStream>(to output: inout Output) {
    output.write(head)
    for frame in object.trace?.frames ?? [] { output.write(FrameText(frame).line) }
    for record in object.records {
      output.write(timed(record.timestamp, sizeText(record.bytes)))
      ReferentText(record).write(to: &output)
    }
    if let death = object.death { output.write(timed(death, "finalize")) }
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
