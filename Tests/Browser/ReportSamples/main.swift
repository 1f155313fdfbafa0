// SPDX-License-Identifier: Apache-2.0

import Foundation
import SizerProfile
import SizerReports

/// What a report must show, for the browser's test.
struct Expected: Encodable {
  var objects: Int
  var snapshots: Int
  var from: Int
  var to: Int
  var tracked: [Int]
  var classes: [String: SampleBuilder.ExpectedClass]
}

func write(_ history: History, as name: String, title: String, in folder: String) throws {
  let clock = ContinuousClock()
  let path = "\(folder)/\(name).html"
  let time = try clock.measure { try HTMLReport(Statistics(history), title: title).write(to: path) }
  let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
  print("\(name): \(history.objects.count) objects, \(history.sizes.count) sizes, \(size) bytes of HTML in \(time)")
}

func write(
  _ builder: SampleBuilder, pair: (from: Int, to: Int), as name: String, title: String, in folder: String
) throws {
  let history = builder.finished()
  try write(history, as: name, title: title, in: folder)
  let expected = Expected(
    objects: history.objects.count, snapshots: history.snapshots.count, from: pair.from, to: pair.to,
    tracked: history.snapshots.map(\.trackedBytes), classes: builder.expected)
  try JSONEncoder().encode(expected).write(to: URL(fileURLWithPath: "\(folder)/\(name).json"))
}

guard CommandLine.arguments.count == 2 else {
  print(
    "Usage: ReportSamples FOLDER\n\nWrites reports of made profiles, and beside each the figures that it must show.")
  exit(64)
}
let folder = CommandLine.arguments[1]
try write(Shop.builder(), pair: Shop.pair, as: "shop", title: "Web shop", in: folder)
try write(Hostile.builder(), pair: Hostile.pair, as: "hostile", title: Hostile.title, in: folder)
try write(Hostile.outOfRange(), as: "wild", title: "Out of range", in: folder)
try write(History(), as: "empty", title: "Nothing recorded", in: folder)
try write(HeapSample.history(), as: "heap", title: "A server's heap", in: folder)
try JSONEncoder().encode(HeapSample.expected).write(to: URL(fileURLWithPath: "\(folder)/heap.json"))
try write(RunSample.history(), as: "run", title: "server.7.sizer", in: folder)
try JSONEncoder().encode(RunSample.expected).write(to: URL(fileURLWithPath: "\(folder)/run.json"))
try write(HeapSample.hostile(Hostile.texts), as: "hostileheap", title: Hostile.title, in: folder)
try FleetSample.write(to: folder)
try write(HeapSample.damaged(), as: "damagedheap", title: "A damaged image", in: folder)
try write(HeapSample.large(), as: "largeheap", title: "A large heap", in: folder)
try SnapshotSample.writeAll(in: folder)
try write(Large.builder(), pair: Large.pair, as: "large", title: "A million objects", in: folder)
