// SPDX-License-Identifier: Apache-2.0

/// Shortens the names of one table so that those that differ still do.
///
/// All of them in the same way if possible: in the middle, for a module and a class stand at the start, what a generic
/// class is made of at the end; else by their ends or starts alone. Where none of this tells all apart, those that are
/// still alike get a number.
package func distinctTexts(of names: [String], in room: Int) -> [FittedText] {
  for kept in [FittedText.Kept.both, .end, .start] {
    let texts = names.map { FittedText($0, in: room, keeping: kept) }
    if Set(texts).count == names.count { return texts }
  }
  var seen: [FittedText: Int] = [:]
  return names.map { name in
    let text = FittedText(name, in: room, keeping: .both)
    let times = seen[text, default: 0] + 1
    seen[text] = times
    return times == 1 ? text : FittedText(name, in: room, numbered: times)
  }
}

extension FittedText {
  /// A shortened text with `#2` or the like behind it.
  fileprivate init(_ text: String, in room: Int, numbered number: Int) {
    let mark = "#\(number)"
    let short = FittedText(text, in: room - mark.utf8.count, keeping: .both)
    self.text = short.text + mark
    self.width = short.width + mark.utf8.count
  }
}
