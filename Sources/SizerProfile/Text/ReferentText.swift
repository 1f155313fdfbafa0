// SPDX-License-Identifier: Apache-2.0

/// Writes the referents of one record as a tree, largest first. What is below a thousandth of the object, or the part
/// that is asked for, is folded: siblings that are become one line together, and none where even their sum is below it.
struct ReferentText {
  private let referents: [SizeNode]
  private let total: Int
  /// 1000 shows what is at least a thousandth of the object.
  private let smallestPart: UInt128

  init(_ record: TrackedObject.Record, smallestPart: Int) {
    self.smallestPart = UInt128(smallestPart)
    referents = record.referents
    total = record.bytes
  }

  /// Keeps what is still to be written in a list, so that a deep tree does not need a deep stack.
  func write<Output: TextOutputStream>(to output: inout Output) {
    var work: [(line: Line, level: Int)] = []
    push(referents, level: 1, on: &work)
    while let (line, level) = work.popLast() {
      output.write(text(line.name, bytes: line.bytes, level: level))
      push(line.children, level: level + 1, on: &work)
    }
  }

  private struct Line {
    var name: String
    var bytes: Int
    var children: [SizeNode]
  }

  private func push(_ siblings: [SizeNode], level: Int, on work: inout [(line: Line, level: Int)]) {
    guard !siblings.isEmpty else { return }
    var shown: [(position: Int, node: SizeNode)] = []
    var folded = (count: 0, bytes: 0)
    for (position, node) in siblings.enumerated() {
      if isShown(node.bytes) {
        shown.append((position, node))
      } else {
        folded = (folded.count + 1, saturatingSum(folded.bytes, max(0, node.bytes)))
      }
    }
    // What is written first goes on top of the pile.
    if isShown(folded.bytes) {
      work.append((Line(name: "(\(folded.count) smaller)", bytes: folded.bytes, children: []), level))
    }
    shown.sort { ($0.node.bytes, $1.position) < ($1.node.bytes, $0.position) }
    for (_, node) in shown {
      work.append((Line(name: node.name, bytes: node.bytes, children: node.children), level))
    }
  }

  private func isShown(_ bytes: Int) -> Bool {
    bytes > 0 && UInt128(bytes) * smallestPart >= UInt128(max(0, total))
  }

  private func text(_ name: String, bytes: Int, level: Int) -> String {
    // Deep levels are not indented any further: the name must stay readable, and the level stands at the end.
    let indent = min(4 + 2 * (level - 1), 30)
    let name = FittedText(name, in: 50 - indent).leading(in: 50 - indent)
    return textLine(
      spaces(indent), name, " ", padded(right: sizeText(bytes), to: 14), " ",
      padded(left: String(percent(bytes, of: total)), to: 3), "% [", String(level), "]")
  }
}
