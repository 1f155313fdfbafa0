// SPDX-License-Identifier: Apache-2.0
import SizerGraph

/// Which of a long row of things a reader is shown: the first ones, the last ones and the largest, and how many lie
/// between.
struct Folding {
  /// How many are shown at each end.
  var ends: Int
  /// How many of the others are shown for their size.
  var largest: Int

  enum Part: Equatable {
    case shown(Int)
    case left(count: Int)
  }

  /// What is shown of so many things, in their order. All, where little would be left out.
  func parts(of count: Int, size: (Int) -> Int) -> [Part] {
    guard count > 2 * ends + 2 * largest else { return (0..<count).map(Part.shown) }
    var others = Largest(count: largest)
    for place in ends..<count - ends { others.offer(UInt32(clamping: place), key: size(place)) }
    let shown = Array(0..<ends) + others.objects.map { Int($0) }.sorted() + Array(count - ends..<count)
    var parts: [Part] = []
    var next = 0
    for place in shown {
      if place > next { parts.append(.left(count: place - next)) }
      parts.append(.shown(place))
      next = place + 1
    }
    return parts
  }
}

/// The line that stands for what is left out; `thing` is what one of it is called.
func leftLine(_ count: Int, _ thing: String, indent: Int) -> String {
  textLine(spaces(indent), "... \(counted(count, "more " + thing))")
}
