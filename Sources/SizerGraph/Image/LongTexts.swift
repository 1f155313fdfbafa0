// SPDX-License-Identifier: Apache-2.0

extension HeapImage {
  /// Shortens texts that are very long for how many objects and references may name them: of a stranger's image a
  /// hundred thousand may have one of 64 KiB in common, and what is made of them, paths and shapes, would have it as
  /// often. What is kept differs where the texts do. Combining marks that are too many in a row go, too.
  package mutating func shortenTexts() {
    let named = objectCount + edgeCount + roots.count + tasks.reduce(0) { $0 + $1.frames.count }
    let longest = max(1_024, (64 << 20) / max(named, 1))
    changeTexts { CombiningMarks.thinned($0.utf8.count <= longest ? $0 : $0.shortened(to: longest)) }
  }
}

extension String {
  /// Begin and end of the text, and between them a number that stands for all of it, in so many bytes.
  func shortened(to bytes: Int) -> String {
    let mark = "…#\(HeapImage.signature(of: self))…"
    let room = max(0, bytes - mark.utf8.count)
    var end = utf8.index(utf8.startIndex, offsetBy: room / 2)
    while end > startIndex, isInScalar(end) { end = utf8.index(before: end) }
    var start = utf8.index(utf8.endIndex, offsetBy: -(room / 2))
    while start < endIndex, isInScalar(start) { start = utf8.index(after: start) }
    return String(self[..<end]) + mark + String(self[start...])
  }

  private func isInScalar(_ index: Index) -> Bool { utf8[index] & 0xC0 == 0x80 }
}

extension RandomAccessCollection<String> {
  /// The texts with `joint` between them. Where all together have more bytes than `limit`, the first and the last ones,
  /// and how many are left out; none has more than a quarter of it. What is left out is not looked at.
  package func joined(by joint: String, limit: Int) -> String {
    var (first, last) = ([String](), [String]())
    var (low, high) = (startIndex, endIndex)
    var room = limit
    while low < high {
      let isFirst = first.count <= last.count
      var text = self[isFirst ? low : index(before: high)]
      if text.utf8.count > limit / 4 { text = text.shortened(to: limit / 4) }
      room -= text.utf8.count + joint.utf8.count
      if room < 0 { break }
      if isFirst {
        first.append(text)
        formIndex(after: &low)
      } else {
        last.append(text)
        formIndex(before: &high)
      }
    }
    let between = low < high ? ["(\(distance(from: low, to: high)) more)"] : []
    return (first + between + last.reversed()).joined(separator: joint)
  }
}
