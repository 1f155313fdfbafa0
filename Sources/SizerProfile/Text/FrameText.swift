// SPDX-License-Identifier: Apache-2.0

/// One call of a trace as a line: the function, and the file and line, or what is known instead.
struct FrameText {
  private static let room = 75
  let frame: StackTrace.Frame

  init(_ frame: StackTrace.Frame) { self.frame = frame }

  var line: String {
    let mark = frame.isInlined ? " (inlined)" : ""
    let function = frame.function ?? addressText(frame.address)
    let room = Self.room - mark.utf8.count
    guard let place else { return textLine("    ", FittedText(function, in: room).text, mark) }
    let link = frame.file == nil ? " in " : " at "
    let left = room - link.utf8.count
    // Each may have what the other leaves; when both are long, the place has the larger part, for it can be opened.
    let needed = FittedText(function, in: left).width
    let placeText = FittedText(place, in: max(left - needed, left * 3 / 5), keeping: .end)
    let functionText = FittedText(function, in: left - placeText.width, keeping: .start)
    return textLine("    ", functionText.text, link, placeText.text, mark)
  }

  private var place: String? {
    if let file = frame.file { return frame.line > 0 ? "\(file):\(frame.line)" : file }
    return frame.image.map { "\($0)+0x\(String(frame.imageOffset, radix: 16))" }
  }
}
