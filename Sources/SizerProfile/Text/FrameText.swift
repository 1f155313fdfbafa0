// SPDX-License-Identifier: Apache-2.0

/// One call of a trace as a line: the function, and the file and line, or what is known instead.
package struct FrameText {
  private let frame: StackTrace.Frame
  private let width: Int

  /// A line of at most so many columns.
  package init(_ frame: StackTrace.Frame, width: Int = 79) {
    self.frame = frame
    self.width = width
  }

  /// With its end.
  package var line: String {
    let mark = frame.isInlined ? " (inlined)" : ""
    let function = frame.function ?? addressText(frame.address)
    let room = width - 4 - mark.utf8.count
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
    if let file = frame.file {
      let end = FittedText.end(of: file, in: width)
      return frame.line > 0 ? "\(end):\(frame.line)" : end
    }
    return frame.image.map { "\(FittedText.end(of: $0, in: width))+0x\(String(frame.imageOffset, radix: 16))" }
  }
}
