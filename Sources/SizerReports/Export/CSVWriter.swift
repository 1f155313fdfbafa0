// SPDX-License-Identifier: Apache-2.0

internal import SizerExports
internal import SizerProfile

/// Rows of comma-separated values.
package struct CSVWriter {
  private var buffer = ExportBuffer()
  private var isFirst = true
  private let spellsControls: Bool

  package init(spellsControls: Bool) { self.spellsControls = spellsControls }

  /// As ``cell(_:spellsControls:)`` has it.
  package mutating func text(_ text: String) {
    // A row of one empty cell would be an empty line, and that is no row.
    if isFirst, text.isEmpty {
      separate()
      return buffer.add("\"\"")
    }
    separate()
    buffer.add(Self.cell(text, spellsControls: spellsControls))
  }

  /// A cell's bytes: quoted only where it must be, quotes within it doubled.
  package static func cell(_ text: String, spellsControls: Bool) -> [UInt8] {
    let text = spellsControls ? FittedText(text, in: 1 << 20).text : text
    let bytes = Array(text.utf8)
    // Spaces at the ends are quoted too, for some readers take them away.
    let needsQuotes =
      bytes.contains { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\"") || $0 == 0x0A || $0 == 0x0D }
      || bytes.first == 0x20 || bytes.last == 0x20
    guard needsQuotes else { return bytes }
    let doubled = bytes.flatMap { $0 == UInt8(ascii: "\"") ? [$0, $0] : [$0] }
    return [UInt8(ascii: "\"")] + doubled + [UInt8(ascii: "\"")]
  }

  /// Nothing for nil.
  package mutating func integer(_ number: Int?) {
    separate()
    if let number { buffer.add(number) }
  }

  /// The shortest text that is read as the same number; nothing for nil, NaN and infinities.
  package mutating func real(_ number: Double?) {
    separate()
    if let number, number.isFinite { buffer.add("\(number)") }
  }

  mutating func seconds(_ duration: Duration?) {
    separate()
    if let duration { buffer.addSeconds(duration) }
  }

  package mutating func endRow() {
    buffer.add("\n")
    isFirst = true
  }

  package mutating func row(_ texts: [String]) {
    for text in texts { self.text(text) }
    endRow()
  }

  package mutating func flush<Output: TextOutputStream>(to output: inout Output, always: Bool = false) {
    buffer.flush(to: &output, always: always)
  }

  private mutating func separate() {
    if !isFirst { buffer.add(",") }
    isFirst = false
  }
}
