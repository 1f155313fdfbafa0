// SPDX-License-Identifier: Apache-2.0
import Foundation
import SeededRandom
import SizerExports
import SizerGraph
import SizerReports
import Testing

/// The file's own rules; what a browser makes of it is checked by Tests/Browser/run.
@Suite("Heap snapshots for DevTools")
struct HeapSnapshotTests {
  private struct Text: TextOutputStream {
    var text = ""
    mutating func write(_ more: String) { text += more }
  }

  private struct File: Decodable {
    struct Head: Decodable {
      var node_count: Int
      var edge_count: Int
    }
    var snapshot: Head
    var nodes: [Int]
    var edges: [Int]
    var strings: [String]
  }

  private func read(_ image: HeapImage) throws -> File {
    var text = Text()
    HeapSnapshotExport(of: image).write(to: &text)
    return try JSONDecoder().decode(File.self, from: Data(text.text.utf8))
  }

  private func image(of count: Int, without left: Set<Int> = []) -> HeapImage {
    var dice = SeededGenerator(seed: 5)
    var builder = HeapImageBuilder()
    let type = builder.add(HeapType(name: "App.\"Node\"\n", fields: [.init(offset: 16, label: ".next")]))
    let array = builder.add(
      HeapType(
        name: "<Array>", kind: .arrayStorage,
        tail: .init(offset: 32, stride: 16, fields: [.init(offset: 0, label: ".key"), .init(offset: 8, label: "")])))
    var numbers: [Int: Int] = [:]
    for number in 0..<count where !left.contains(number) {
      numbers[number] = builder.addObject(
        at: 0x10000 + 48 * UInt64(number), type: number % 9 == 0 ? array : type, bytes: 48, strongCount: 1)
    }
    for number in 0..<count {
      let target = dice.below(count)
      let slot = dice.below(9)
      guard let source = numbers[number], let other = numbers[target] else { continue }
      builder.addEdge(from: source, to: other, kind: slot == 0 ? .weak : .certain, label: .slot(2 + slot))
      if slot == 1 { builder.add(HeapRawBlock(owner: source, bytes: 640)) }
    }
    return builder.image()
  }

  @Test("counts, numbers and references are within their bounds, and all bytes are there")
  func rules() throws {
    let image = image(of: 2_000)
    let file = try read(image)
    let count = file.snapshot.node_count
    #expect(file.nodes.count == 5 * count)
    #expect(file.edges.count == 3 * file.snapshot.edge_count)
    let rows = (0..<count).map { Array(file.nodes[5 * $0..<5 * $0 + 5]) }
    let ids = rows.map { $0[2] }
    #expect(Set(ids).count == count)
    #expect(ids.allSatisfy { $0 % 2 == 1 && $0 < 1 << 32 })
    #expect(rows.reduce(0) { $0 + $1[3] } == Dominators(of: image).totalBytes)
    #expect(rows.reduce(0) { $0 + $1[4] } == file.snapshot.edge_count)
    #expect(rows.allSatisfy { file.strings.indices.contains($0[1]) })
    #expect(Set(file.strings).count == file.strings.count)
    #expect(!file.strings.contains { $0.hasPrefix("<") })
    for edge in 0..<file.snapshot.edge_count {
      let (type, name, target) = (file.edges[3 * edge], file.edges[3 * edge + 1], file.edges[3 * edge + 2])
      #expect(target % 5 == 0 && target < 5 * count)
      #expect(type == 1 || file.strings.indices.contains(name))
    }
    #expect(
      file.strings.contains("App.\"Node\"\n") && file.strings.contains("next") && file.strings.contains("[0].key"))
  }

  @Test("an object keeps its number while others come and go")
  func numbers() {
    let (whole, part) = (image(of: 3_000), image(of: 3_000, without: Set(stride(from: 0, to: 3_000, by: 7))))
    let (all, some) = (HeapSnapshotExport(of: whole), HeapSnapshotExport(of: part))
    for object in 0..<part.objectCount {
      let same = whole.object(at: part[object].address)!
      #expect(some.number(of: object) == all.number(of: same))
    }
  }

  @Test("an image of nothing")
  func nothing() throws {
    let file = try read(HeapImageBuilder().image())
    #expect(file.snapshot.node_count == 1 && file.edges.isEmpty)
  }
}
