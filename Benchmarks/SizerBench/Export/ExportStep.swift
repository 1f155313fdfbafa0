// SPDX-License-Identifier: Apache-2.0

import Foundation
import SeededRandom
import SizerExports
import SizerGraph
import SizerProfile
import SizerReports

/// What is written: an image and a profile, and forms for other programs of these.
enum ExportStep: String, CaseIterable {
  case makeImage, makeProfile
  case heapsnapshot, retained, massif, births

  func run(path: String, objects: Int) throws -> ExportFigures {
    switch self {
    case .makeImage:
      return try image(path, { Self.image(objects: objects) }) { image, output in
        output.write(bytes: image.encoded())
      }
    case .makeProfile:
      return try measure(path, { Statistics(MadeHistory(objects: objects, changing: false).history) }) { made, _ in
        try made.write(to: path)
        return (made.objectCount, 0)
      }
    case .heapsnapshot:
      return try image(path) { image, output in HeapSnapshotExport(of: image).write(to: &output) }
    case .retained:
      return try image(path) { image, output in output.write(bytes: RetainedStacks(of: image).pprof()) }
    case .massif:
      return try image(path) { image, output in
        var export = MassifExport()
        export.add(image, at: .zero)
        export.write(to: &output)
      }
    case .births:
      return try measure(path + ".out", { try Statistics(contentsOf: path) }) { statistics, output in
        output.write(bytes: BirthStacks(statistics, snapshot: statistics.snapshots.count - 1).pprof())
        return (statistics.objectCount, 0)
      }
    }
  }

  private var title: String {
    switch self {
    case .makeImage: "image"
    case .makeProfile: "profile"
    case .heapsnapshot: ".heapsnapshot"
    case .retained: "pprof-retained"
    case .massif: "massif"
    case .births: "pprof, of a profile"
    }
  }

  private func image(_ path: String, _ write: (HeapImage, inout FileText) throws -> Void) throws -> ExportFigures {
    try image(path + ".out", { try HeapImage(contentsOf: path) }, write)
  }

  private func image(
    _ path: String, _ read: () throws -> HeapImage, _ write: (HeapImage, inout FileText) throws -> Void
  ) throws -> ExportFigures {
    try measure(path, read) { image, output in
      try write(image, &output)
      return (image.objectCount, image.edgeCount)
    }
  }

  private func measure<Source>(
    _ path: String, _ read: () throws -> Source,
    _ write: (Source, inout FileText) throws -> (objects: Int, references: Int)
  ) throws -> ExportFigures {
    let begin = Moment.now
    let source = try read()
    let resident = try KernelFigures.residentBytes()
    var output = try FileText(path)
    let start = Moment.now
    let (objects, references) = try write(source, &output)
    let bytes = try output.finish()
    let end = Moment.now
    let peak = try KernelFigures.peakBytes()
    return ExportFigures(
      title: title, objects: objects, references: references, readSeconds: seconds(start.clock - begin.clock),
      seconds: seconds(end.clock - start.clock), processorSeconds: seconds(end.processor - start.processor),
      peakMB: megabytes(peak), addedMB: megabytes(max(0, peak - resident)), bytes: bytes)
  }

  private func seconds(_ nanoseconds: Int64) -> Double { (milliseconds(nanoseconds) / 1_000).rounded(to: 3) }

  private func megabytes(_ bytes: Int) -> Double { (Double(bytes) / 1_000_000).rounded(to: 1) }

  /// Objects of a hundred types, each of which one made before it refers to, and another one, too: a random tree with
  /// as many references across it.
  private static func image(objects: Int) -> HeapImage {
    var dice = SeededGenerator(seed: 6)
    var builder = HeapImageBuilder()
    let types = (0..<100).map { number in
      builder.add(
        HeapType(
          name: "Bakery.Orders.Item\(number)",
          fields: ["first", "second", "third", "fourth"].enumerated().map {
            .init(offset: 16 + 8 * $0.offset, label: ".\($0.element)\(number)")
          }))
    }
    // Who refers to whom is chosen first, for an object is added with its strong count.
    let owners = (0..<objects).map { number in
      number == 0 ? [] : [dice.below(number), dice.below(objects)]
    }
    for number in 0..<objects {
      _ = builder.addObject(
        at: 0x1_0000 + 128 * UInt64(number), type: types[dice.below(types.count)], bytes: 48 + 16 * dice.below(5),
        strongCount: max(1, owners[number].count))
    }
    for number in 0..<objects {
      for owner in owners[number] { builder.addEdge(from: owner, to: number, label: .slot(2 + dice.below(4))) }
    }
    builder.add(HeapRoot(.global, of: 0))
    return builder.image()
  }
}

/// A file that texts are written to as they come. After a failure nothing more is written.
struct FileText: TextOutputStream {
  private let file: FileHandle
  private var length = 0
  private var failure: (any Error)?

  init(_ path: String) throws {
    guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
    else { throw BenchError("\(path) can't be written") }
    self.file = file
  }

  mutating func write(_ text: String) { write(bytes: Array(text.utf8)) }

  mutating func write(bytes: [UInt8]) {
    guard failure == nil else { return }
    do { try file.write(contentsOf: Data(bytes)) } catch { failure = error }
    length += bytes.count
  }

  /// How many bytes were written.
  func finish() throws -> Int {
    if let failure { throw failure }
    try file.close()
    return length
  }
}
