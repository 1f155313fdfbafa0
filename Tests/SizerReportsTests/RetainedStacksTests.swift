// SPDX-License-Identifier: Apache-2.0
import Foundation
import SeededRandom
import SizerExports
import SizerGraph
import SizerReports
import Testing

@Suite("Flame graphs of what keeps what alive")
struct RetainedStacksTests {
  private struct Speedscope: Decodable {
    struct Frame: Decodable { var name: String }
    struct Shared: Decodable { var frames: [Frame] }
    struct Profile: Decodable {
      var type: String
      var unit: String
      var startValue: Int
      var endValue: Int
      var samples: [[Int]]
      var weights: [Int]
    }
    var shared: Shared
    var profiles: [Profile]
  }

  /// A store with a list of three notes and a link of two; a cycle that is leaked.
  private func shop() -> HeapImage {
    var builder = HeapImageBuilder()
    func type(_ name: String) -> Int {
      builder.add(HeapType(name: name, fields: (0..<4).map { .init(offset: 16 + 8 * $0, label: ".f\($0)") }))
    }
    let (store, note, link) = (type("App.Store"), type("App.Note;a\nb"), type("App.Link"))
    var place: UInt64 = 0x1000
    func add(_ type: Int, _ bytes: Int, from source: Int? = nil, _ slot: Int = 2) -> Int {
      place += 4_096
      let object = builder.addObject(at: place, type: type, bytes: bytes)
      if let source { builder.addEdge(from: source, to: object, label: .slot(slot)) }
      return object
    }
    let root = add(store, 32)
    builder.add(HeapRoot(.global, of: root))
    for slot in 2..<5 { _ = add(note, 48, from: root, slot) }
    _ = add(link, 64, from: add(link, 64, from: root, 5))
    let (one, other) = (add(link, 80), add(link, 80))
    builder.addEdge(from: one, to: other, label: .slot(2))
    builder.addEdge(from: other, to: one, label: .slot(2))
    builder.add(HeapRawBlock(owner: one, bytes: 160))
    return builder.image()
  }

  @Test("collapsed stacks have a line for each way, in bytes")
  func collapsed() {
    var text = ""
    RetainedStacks(of: shop()).writeCollapsed(to: &text)
    let lines = Set(text.split(separator: "\n"))
    #expect(lines.contains("App.Store 32"))
    #expect(lines.contains("App.Store;App.Link 128"))
    #expect(lines.contains("(leaked);App.Link 320"))
    // Neither a separator nor a line's end is left in a name.
    #expect(lines.count == 4 && lines.contains { $0.hasPrefix("App.Store;App.Note,a") && $0.hasSuffix(" 144") })
  }

  @Test("all forms have all bytes and all objects", arguments: 0..<6)
  func sums(seed: Int) throws {
    var dice = SeededGenerator(seed: UInt64(seed))
    var builder = HeapImageBuilder()
    let types = (0..<9).map { builder.add(HeapType(name: "App.T\($0)", fields: [.init(offset: 16, label: ".x")])) }
    let objects = (0..<2_000).map { number in
      builder.addObject(
        at: 64 * UInt64(number + 1), type: types[dice.below(9)], bytes: 16 * (1 + dice.below(4)), strongCount: 1)
    }
    for object in objects {
      builder.addEdge(from: object, to: objects[dice.below(objects.count)], label: .slot(2))
      if dice.chance(0.1) { builder.add(HeapRawBlock(owner: object, bytes: 24)) }
    }
    let image = builder.image()
    let stacks = RetainedStacks(of: image)
    var collapsed = ""
    stacks.writeCollapsed(to: &collapsed)
    let bytes = collapsed.split(separator: "\n").reduce(0) { $0 + Int($1.split(separator: " ").last!)! }
    let total = Dominators(of: image).totalBytes
    #expect(bytes == total)
    var text = ""
    stacks.writeSpeedscope(to: &text)
    let file = try JSONDecoder().decode(Speedscope.self, from: Data(text.utf8))
    #expect(file.profiles.map(\.unit) == ["bytes", "none"])
    #expect(file.profiles.map(\.endValue) == [total, image.objectCount])
    for profile in file.profiles {
      #expect(profile.type == "sampled" && profile.startValue == 0)
      #expect(profile.samples.count == profile.weights.count && profile.endValue == profile.weights.reduce(0, +))
      #expect(profile.samples.allSatisfy { $0.allSatisfy(file.shared.frames.indices.contains) && !$0.isEmpty })
    }
    #expect(try pprofSums(stacks.pprof()) == [image.objectCount, total])
  }

  /// The sums of the samples' values, read by the wire format alone: field 2 of the profile, field 2 of a sample.
  private func pprofSums(_ bytes: [UInt8]) throws -> [Int] {
    func number(_ rest: inout ArraySlice<UInt8>) throws -> Int {
      var (value, shift) = (0, 0)
      while true {
        let next = rest.popFirst()
        let byte = try #require(next)
        value |= Int(byte & 127) << shift
        if byte < 128 { return value }
        shift += 7
      }
    }
    func fields(_ bytes: ArraySlice<UInt8>, _ wanted: Int) throws -> [ArraySlice<UInt8>] {
      var (rest, found) = (bytes, [ArraySlice<UInt8>]())
      while !rest.isEmpty {
        let key = try number(&rest)
        guard key & 7 == 2 else {
          _ = try number(&rest)
          continue
        }
        let count = try number(&rest)
        if key >> 3 == wanted { found.append(rest.prefix(count)) }
        rest = rest.dropFirst(count)
      }
      return found
    }
    var sums = [0, 0]
    for sample in try fields(bytes[...], 2) {
      var values = try #require(try fields(sample, 2).first)
      sums[0] += try number(&values)
      sums[1] += try number(&values)
    }
    return sums
  }
}
