// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Sizer
import SizerExports
import SizerGraph
import SizerProfile

/// A file with heap images in it, or a process that is asked for one at its live socket. Says so when that takes long.
struct HeapSource {
  let path: String
  let file: HeapFile
  private let names: PlaceNames

  init(_ path: String, _ symbols: SymbolArguments? = nil) throws {
    self.path = path
    names = PlaceNames(files: try symbols?.sources().files ?? { _ in [] })
    file =
      if let client = SocketClient(at: path) {
        HeapFile(image: try withProgress("asking \(path)") { try client.file("/heap") }, from: path, operation: "sizer")
      } else {
        try HeapFile(at: path, operation: "sizer")
      }
  }

  /// Where an image of it comes from.
  func provenance(of image: HeapImage) -> Provenance { Provenance(file.tags, of: image.info) }

  /// The image of a snapshot, by its label or its number; the last one when it is nil.
  func image(named name: String?) throws -> HeapImage { try image(at: position(named: name)) }

  func image(at position: Int) throws -> HeapImage {
    let number = file.entries[position].snapshot.map { ", heap image of snapshot \($0)" } ?? ""
    return try withProgress("reading \(path)\(number)") {
      var image = try file.image(at: position)
      names.name(&image)
      image.shortenTexts()
      return image
    }
  }

  /// What leaks in the image at a position: proved where an earlier one of the file lets it be.
  func leaks(at position: Int) throws -> [LeakGroup] {
    let last = try image(at: position)
    // The nearest before it between which and it each thread has gone on.
    for earlier in (max(0, position - 8)..<position).reversed() {
      let first = try image(at: earlier)
      if last.hasProgress(since: first) { return last.leaks(confirming: first) }
    }
    return last.leaks()
  }

  /// Where in the file the image of a snapshot is.
  func position(named name: String?) throws -> Int {
    guard file.isProfile else {
      if let name {
        throw ValidationError("\(path) is a heap image and has no snapshot \(name); leave --snapshot out.")
      }
      return 0
    }
    guard let last = file.entries.indices.last else { throw Failure(message: "\(path) has no heap image; \(advice)") }
    guard let name else { return last }
    // A label first: whoever labels snapshots with numbers means these.
    let labelled = file.entries.indices.filter { file.entries[$0].label == name }
    if labelled.count == 1 { return labelled[0] }
    let numbers = list(labelled.isEmpty ? Array(file.entries.indices) : labelled)
    if labelled.isEmpty, let place = file.entries.firstIndex(where: { $0.snapshot.map(String.init) == name }) {
      return place
    }
    throw Failure(
      message: labelled.isEmpty
        ? "\(path) has no heap image of a snapshot \(name); it has those of \(numbers)"
        : "\(path) has \(labelled.count) heap images of snapshots labelled \(name); give a number: \(numbers)")
  }

  /// The positions of the images that tell what grows, in order of time.
  func series() -> [Int] { HeapImage.series(at: file.entries.map(\.time), atMost: Self.mostOfSeries) }

  /// Each is read, one after the other.
  private static let mostOfSeries = 16

  /// How a profile gets them.
  var advice: String {
    "record one with sizer run or ClassTracker.recordHeap(), or write a graph with HeapGraph.write(to:)"
  }

  private func list(_ positions: [Int]) -> String {
    let numbers = positions.compactMap { file.entries[$0].snapshot.map(String.init) }
    return numbers.prefix(9).joined(separator: ", ") + (numbers.count > 9 ? " and others" : "")
  }
}
