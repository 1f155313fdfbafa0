// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerExports
import SizerGraph
import SizerProfile
import SizerReports

struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info",
    abstract: "Print what a profile or a heap image says of itself: whose it is, and how much there is in it.",
    discussion: """
      Tags tell the process from others. They have OpenTelemetry's names: the service, its version, the host, the pod. \
      They come from OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, the host and the control group of the process that \
      was recorded, and from what it was given ('sizer run --tag'). A heap image by itself knows its process and its \
      program.
      """)

  @OptionGroup var profile: ProfileArgument

  func run() throws {
    let source = try HeapSource(profile.path)
    let lines = source.file.isProfile ? Self.lines(try profile.load()) : Self.lines(try source.image(at: 0))
    var output = Output()
    for line in lines { output.write(line + "\n") }
    try output.finish()
  }

  private static func lines(_ statistics: Statistics) -> [String] {
    let snapshots = statistics.snapshots
    var lines = [
      Sentences.counted(snapshots.count, "snapshot", "snapshots")
        + (snapshots.last.map { ", the last after \(timeText($0.timestamp))" } ?? ""),
      Sentences.counted(statistics.objectCount, "tracked object", "tracked objects"),
      Sentences.counted(statistics.history.heaps.count, "image of the heap", "images of the heap"),
    ]
    if let unmatched = unmatchedPatterns(statistics) { lines.append(FittedText(unmatched, in: 1 << 16).text) }
    let group = snapshots.last { $0.process.cgroupLimit != nil }?.process.cgroupLimit
    return lines + (group.map { ["a memory limit of \(Sentences.bytes($0)) by its control group"] } ?? [])
      + (statistics.tags.isEmpty ? ["no tags: an earlier Sizer wrote it"] : table(statistics.tags))
  }

  private static func lines(_ image: HeapImage) -> [String] {
    let bytes = Dominators(of: image).totalBytes
    return [
      "an image of the heap: \(Sentences.counted(image.objectCount, "object", "objects")), \(Sentences.bytes(bytes))"
    ] + table(Provenance(of: image.info).tags)
  }

  private static func table(_ tags: [String: String]) -> [String] {
    let tags = tags.sorted { $0.key < $1.key }
    let width = tags.map(\.key.count).max() ?? 0
    return tags.map { key, value in
      // Both may hold anything; a terminal must not obey it.
      let (name, text) = (FittedText(key, in: 1 << 12).text, FittedText(value, in: 1 << 16).text)
      return name + String(repeating: " ", count: max(width - key.count, 0) + 2) + text
    }
  }
}
