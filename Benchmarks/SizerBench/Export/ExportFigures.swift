// SPDX-License-Identifier: Apache-2.0

/// What a step took.
struct ExportFigures: Codable {
  var title: String
  var objects: Int
  var references = 0
  /// Until the image or profile was there.
  var readSeconds: Double
  /// From then on, until the last byte was written.
  var seconds: Double
  var processorSeconds: Double
  /// Of the process, with what was read.
  var peakMB: Double
  /// Above what was resident when all was read.
  var addedMB: Double
  /// What was written.
  var bytes: Int
}

/// All figures of `export`.
struct ExportReport: Encodable, CustomStringConvertible {
  var objects: Int
  var references: Int
  var rows: [ExportFigures]

  /// For a million objects with two million references; fewer must keep within them all the more.
  private static let most = (seconds: 3.0, addedMB: 200.0)

  /// For people.
  var description: String {
    var table = Table(
      .text("form"), .number("read, s"), .number("write, s"), .text("target"), .number("processor, s"),
      .number("peak, MB"), .number("added, MB"), .text("target"), .number("bytes"), .number("each"))
    for row in rows {
      table.append(
        row.title, row.readSeconds.decimals(2), row.seconds.decimals(2),
        mark("\(Self.most.seconds.decimals(0)) s", row.seconds <= Self.most.seconds),
        row.processorSeconds.decimals(2), row.peakMB.decimals(0), row.addedMB.decimals(0),
        mark("\(Self.most.addedMB.decimals(0)) MB", row.addedMB <= Self.most.addedMB), row.bytes.grouped,
        (Double(row.bytes) / Double(objects)).decimals(1))
    }
    return """
      Forms for other programs, of an image of \(objects.grouped) objects with \(references.grouped) references,
      and of a profile of as many objects

      \(table)

      write      from what is loaded to the last byte in the file, with dominators where the form has retained sizes
      processor  the time that this had a core for itself
      peak       the process's most resident memory (VmHWM), with what was loaded
      added      the part of it above what was resident when all was loaded
      """
  }
}
