// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerProfile
import SizerReports

struct GrowthCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "growth",
    abstract: "List what grows in every heap image of a series, by path from the roots.",
    discussion: """
      There is no notion of a leak in it: caches and queues are found, too. First and last are how many references the \
      place has in the first and the last image, or how many bytes where it is these that grow. Of one profile its \
      heap images are compared, sixteen at most, and of two that were made at once the later one: sizer run \
      --heap-every records a series. Of several files the image, or the last one, of each is.
      """)

  @Argument(
    help: ArgumentHelp(
      "Heap images of one process, oldest first, or a profile that contains some.",
      valueName: "images"),
    completion: .file())
  var paths: [String]

  @OptionGroup var symbols: SymbolArguments

  @OptionGroup var form: HeapOutputArguments

  func run() throws {
    // One image after the other: a recording of a day has more than fit into memory.
    let images = try images()
    var times = [UInt64](repeating: 0, count: images.count)
    var processes: [(path: String, process: UInt64)] = []
    let records = try HeapImage.growth(over: images.count) { number in
      let image = try images[number]()
      if paths.count > 1 {
        processes.append((paths[number], image.info.processID))
        if processes.count > 1 { try refuseOthers([processes[0], processes[number]]) }
      }
      times[number] = image.info.time
      return image
    }
    var output = Output()
    if form.json {
      write(records, to: &output)
    } else if records.isEmpty {
      output.write("nothing grows in each of the \(images.count) images\(Self.distance(of: times))\n")
    } else {
      printTable(records, to: &output)
    }
    try output.finish()
  }

  private func images() throws -> [() throws -> HeapImage] {
    guard paths.count == 1 else {
      return paths.map { path in { try HeapSource(path, symbols).image(named: nil) } }
    }
    let source = try HeapSource(paths[0], symbols)
    guard source.file.isProfile else {
      throw ValidationError("Name two images or more, or a profile that has two.")
    }
    guard source.file.entries.count >= 2 else {
      let count = source.file.entries.isEmpty ? "no heap image" : "one heap image"
      throw Failure(
        message: "\(source.path) has \(count), and growth needs two; \(Self.advice)")
    }
    return source.series().map { position in { try source.image(at: position) } }
  }

  /// Why there may be nothing: the two that sizer run makes at the end are of one moment.
  private static func distance(of times: [UInt64]) -> String {
    guard let first = times.first, let last = times.last, last > first else { return "" }
    let span = ", which were made within \(timeText(.nanoseconds(last - first)))"
    return last - first < 5_000_000_000 ? "\(span); \(advice)" : "\(span); what the first shows is no growth"
  }

  private static let advice = "use sizer run --heap-every 1m, or call ClassTracker.recordHeap() in every round"

  private func printTable(_ records: [GrowthRecord], to output: inout Output) {
    var table = HeapTable(heads: ["first", "last", "retained", "path and type"])
    for record in records {
      let (first, last) = figures(of: record)
      table.add([first, last, .bytes(record.retainedBytes)], "\(record.path) (\(record.typeName))")
    }
    table.write(to: &output, limit: form.limit, wrapping: true)
  }

  /// What grows: references to other objects, such as a dictionary's to its values; or bytes, where these do not.
  private func figures(of record: GrowthRecord) -> (HeapTable.Figure, HeapTable.Figure) {
    let counts = record.referenceCounts
    if zip(counts, counts.dropFirst()).allSatisfy({ $0 < $1 }) {
      return (.count(counts.first ?? 0), .count(counts.last ?? 0))
    }
    return (.bytes(record.bytes.first ?? 0), .bytes(record.bytes.last ?? 0))
  }

  private func write(_ records: [GrowthRecord], to output: inout Output) {
    writeObject(to: &output) { json in
      json.objects("growth", records.prefix(form.limit)) { json, record in
        json.texts(["path": record.path, "type": record.typeName])
        for (key, figures) in [
          ("objects" as StaticString, record.objectCounts), ("references", record.referenceCounts),
          ("bytes", record.bytes),
        ] {
          json.key(key)
          json.integers(figures)
        }
        json.figures(["retained": record.retainedBytes])
      }
    }
  }
}
