// SPDX-License-Identifier: Apache-2.0

import Foundation
import SeededRandom
import SizerExports
import SizerGraph
import SizerProfile
import SizerReports

/// Heap images as `.heapsnapshot`, and what the browser must make of them.
enum SnapshotSample {
  /// By the objects' numbers in the file.
  private struct Expected: Encodable {
    var bytes: Int
    /// Name, own bytes, retained bytes.
    var nodes: [String: [Figure]]
    /// Names of the references on a shortest way from the root, as the browser spells them.
    var ways: [String: [String]]
    /// The calls of births, the innermost first: function, file, line.
    var stacks: [String: [[Figure]]] = [:]
    /// Bytes by calls that made objects themselves, and by time, in bars of the timeline.
    var made: [String: Int] = [:]
    var timeline: [[Int]] = []
  }

  private enum Figure: Encodable {
    case text(String), number(Int)

    func encode(to encoder: any Encoder) throws {
      var container = encoder.singleValueContainer()
      switch self {
      case .text(let text): try container.encode(text)
      case .number(let number): try container.encode(number)
      }
    }
  }

  private struct Text: TextOutputStream {
    var text = ""
    mutating func write(_ more: String) { text += more }
  }

  static func writeAll(in folder: String) throws {
    let shop = HeapSample.image(notes: 900, leaked: 30, time: 60)
    // For `sizer export`, by Tests/Exports/run: HeapSample.expected says what is in the second.
    try Statistics(HeapSample.history()).write(to: "\(folder)/heap.sizer")
    try Statistics(BirthSample.history()).write(to: "\(folder)/births.sizer")
    for (name, image) in [("before", HeapSample.image(notes: 400, leaked: 20, time: 1)), ("after", shop)] {
      try Data(image.encoded()).write(to: URL(fileURLWithPath: "\(folder)/\(name).heap"))
    }
    let note = shop.object(at: 0x10_0000 + 8_192 * UInt64(3 + 2 * 7 + 1))!
    let context = shop.object(at: HeapSample.firstLeaked + 64)!
    try write(
      shop, as: "shop", in: folder,
      ways: [
        note: ["{(Globals)}", "{global shop.store}", ".notes", "[7]", ".text"],
        context: ["{(Leaked)}", "{leak 0}", "{member}"],
      ])
    try writeBirths(in: folder)
    for seed in 1...8 { try write(random(seed: seed), as: "random\(seed)", in: folder, ways: [:]) }
  }

  /// The same image as one of a profile in which sessions that leaked were tracked with their stacks: 10 were born in
  /// the first second and 20 a second later. One more is known by the image alone.
  private static func writeBirths(in folder: String) throws {
    var image = HeapSample.image(notes: 900, leaked: 31, time: 60)
    let last = HeapSample.firstLeaked + 30 * 4_096
    image.setBirths([last: "Session.init() at /srv/shop/Session.swift:4\nclosure in main in /lib/x.so+0x7f"])
    var history = HeapSample.history()
    for row in 10..<30 { history.objects[row].birth = 2_000_000_000 }
    let known: [[Figure]] = history.traces[0].frames.map {
      [.text($0.function!), .text($0.file!), .number($0.line)]
    }
    var expected = Expected(bytes: 0, nodes: [:], ways: [:])
    expected.stacks["\(HeapSample.firstLeaked)"] = known
    expected.stacks["\(HeapSample.firstLeaked + 29 * 4_096)"] = known
    expected.stacks["\(last)"] = [
      [.text("Session.init()"), .text("/srv/shop/Session.swift"), .number(4)],
      [.text("closure in main"), .text("/lib/x.so+0x7f"), .number(0)],
    ]
    expected.made = ["Session.__allocating_init(user:)": 30 * 64, "Session.init()": 64]
    let all = Dominators(of: image).totalBytes
    expected.timeline = [[0, all - 30 * 64], [1_000, 10 * 64], [2_000, 20 * 64]]
    let births = SnapshotBirths(of: image, Statistics(history), snapshot: 1)
    try write(image, as: "births", in: folder, ways: [:], births: births, expected)
  }

  private static func write(
    _ image: HeapImage, as name: String, in folder: String, ways: [Int: [String]], births: SnapshotBirths? = nil,
    _ birthsExpected: Expected? = nil
  ) throws {
    let export = HeapSnapshotExport(of: image, births: births)
    var text = Text()
    export.write(to: &text)
    try Data(text.text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name).heapsnapshot"))
    let dominators = Dominators(of: image)
    var expected = Expected(bytes: dominators.totalBytes, nodes: [:], ways: [:])
    for object in 0..<image.objectCount {
      expected.nodes["\(export.number(of: object))"] = [
        .text(image[object].name), .number(min(image[object].bytes, Int(UInt32.max) & ~7)),
        .number(dominators.retainedBytes(by: object)),
      ]
    }
    if let more = birthsExpected {
      (expected.made, expected.timeline) = (more.made, more.timeline)
      for (address, stack) in more.stacks {
        expected.stacks["\(export.number(of: image.object(at: UInt64(address)!)!))"] = stack
      }
    }
    for (object, way) in ways { expected.ways["\(export.number(of: object))"] = way }
    try JSONEncoder().encode(expected).write(to: URL(fileURLWithPath: "\(folder)/\(name).heapsnapshot.json"))
  }

  /// Objects of all sizes that refer to each other in all ways: some held from outside, some leaked, some larger than
  /// 4 GiB.
  private static func random(seed: Int) -> HeapImage {
    var dice = SeededGenerator(seed: UInt64(seed))
    var builder = HeapImageBuilder()
    let kinds: [HeapType.Kind] = [.classInstance, .closureContext, .box, .arrayStorage, .hashStorage, .sideTable]
    let types = (0..<12).map { number in
      builder.add(
        HeapType(
          name: number == 3 ? "(1, \"two\\\")" : "App.T\(number)<Ünï>", kind: kinds[number % kinds.count],
          fields: (0..<4).map { .init(offset: 16 + 8 * $0, label: ".field \($0)") }))
    }
    let count = 300
    var references = [[(source: Int, kind: HeapEdge.Kind)]](repeating: [], count: count)
    for source in 0..<count {
      for _ in 0..<dice.below(4) {
        let kind: HeapEdge.Kind = [.certain, .certain, .certain, .uncertain, .weak, .unowned][dice.below(6)]
        references[dice.below(count)].append((source, kind))
      }
    }
    let held = (0..<count).map { _ in dice.chance(0.05) }
    let objects = (0..<count).map { number in
      builder.addObject(
        at: 0x1000 + UInt64(number) * 0x10_0000_0000, type: types[dice.below(types.count)],
        bytes: number == 17 ? 9 << 30 : 16 * (1 + dice.below(40)),
        strongCount: references[number].count { $0.kind.isStrong } + (held[number] ? 1 : 0))
    }
    for (target, sources) in references.enumerated() {
      for (source, kind) in sources {
        let label: HeapEdge.Label = dice.chance(0.5) ? .slot(2 + dice.below(4)) : .element(dice.below(99))
        builder.addEdge(from: objects[source], to: objects[target], kind: kind, label: label)
      }
    }
    for object in objects where dice.chance(0.1) {
      builder.add(HeapRawBlock(owner: object, bytes: 8 * (1 + dice.below(100))))
    }
    for object in objects where held[object] && dice.chance(0.7) {
      builder.add(HeapRoot([.global, .stack, .task, .cMemory][dice.below(4)], of: object))
    }
    return builder.image()
  }
}
