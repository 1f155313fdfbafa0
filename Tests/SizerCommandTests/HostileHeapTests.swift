// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerGraph
import SizerProfile
import TestSupport
import Testing

/// What a stranger's image may have in common: names of 64 KiB, and marks that Swift sorts by moving each past all that
/// came before.
private let long = String(repeating: "n", count: 65_536)
private func marks(_ number: Int) -> String { "\(number)" + String(repeating: "\u{301}\u{323}", count: 16_000) }

/// A chain that a global holds and a ring that nothing does, of so many objects each. Each object is of a type of its
/// own, all references have one label, and those to the first object of the chain come from everywhere.
private func chainAndRing(_ count: Int) -> HeapImage {
  var builder = HeapImageBuilder()
  builder.info.isFrozen = true
  builder.info.processID = 7
  let key = builder.label(.key, long)
  let symbol = builder.label(.symbol, long)
  let function = builder.label(.function, long)
  var address: UInt64 = 1 << 20
  func chain(_ name: String, _ kind: HeapType.Kind) -> [Int] {
    let objects = (0..<count).map { number in
      address += 64
      return builder.addObject(
        at: address, type: builder.add(HeapType(name: "\(name)\(number)", kind: kind)), bytes: 48,
        requestedBytes: 40, strongCount: 1, weakCount: name == "Ring" ? 1 : 0)
    }
    for (source, target) in zip(objects, objects.dropFirst()) {
      builder.addEdge(from: source, to: target, label: .text(key), function: function)
    }
    return objects
  }
  let (way, ring) = (chain("Way", .arrayStorage), chain("Ring", .classInstance))
  builder.addEdge(from: ring[count - 1], to: ring[0], label: .text(key))
  for number in 0..<count {
    builder.addEdge(from: way[number], to: ring[number], kind: .weak, label: .text(key))
    builder.add(HeapRoot(.global, of: way[0], label: symbol, offset: number))
    builder.setUnusedCapacity(of: way[number], bytes: 8)
  }
  builder.add(
    HeapTask(object: nil, function: function, creator: function, frames: [Int?](repeating: function, count: count)))
  return builder.image()
}

/// A few objects whose names, labels and roots are nothing but marks.
private func marked() -> HeapImage {
  var builder = HeapImageBuilder()
  let objects = (0..<60).map { number in
    builder.addObject(
      at: UInt64(4096 + number * 64), type: builder.add(HeapType(name: marks(number))), bytes: 64, requestedBytes: 40)
  }
  let label = builder.label(.key, marks(0))
  for number in objects.indices {
    builder.addEdge(from: objects[number], to: objects[(number + 1) % objects.count], label: .text(label))
    builder.add(HeapRoot(.global, of: objects[0], label: label, offset: number))
  }
  return builder.image()
}

@Suite("Heap images of strangers")
struct HostileHeapTests {
  private func files(_ image: HeapImage) throws -> (folder: Folder, heap: String, profile: String) {
    let folder = try Folder()
    let (heap, profile) = (folder.path + "/a.heap", folder.path + "/a.sizer")
    try Data(image.encoded()).write(to: URL(fileURLWithPath: heap))
    var history = History()
    for number in 0..<2 {
      history.snapshots.append(Snapshot(label: "s\(number)", timestamp: .seconds(number)))
      history.heaps.append(.init(snapshot: UInt32(number), heap: RecordedHeap(image)))
    }
    try Statistics(history).write(to: profile)
    return (folder, heap, profile)
  }

  private func expectAnswers(_ image: HeapImage, last: Int) throws {
    let (folder, heap, profile) = try files(image)
    defer { keepAlive(folder) }
    let address = "0x" + String(image[last].address, radix: 16)
    for command in [
      ["heap"], ["retained"], ["leaks"], ["waste"], ["tasks"], ["why", address], ["dot"], ["dot", "--around", address],
      ["export", "--format", "heapsnapshot"], ["export", "--format", "pprof-retained"],
      ["export", "--format", "collapsed"], ["export", "--format", "speedscope"],
      ["export", "--format", "massif"], ["export", "--format", "otlp"],
    ] {
      for form in ["dot", "export"].contains(command[0]) ? [[]] : [[], ["--json"]] {
        let what = Array(command.dropFirst())
        let arguments =
          command[0] == "why" ? [command[0], heap] + what + form : [command[0], heap] + form + what
        let ended = try run(within: arguments)
        #expect(ended.status == 0, "\(arguments): \(ended.errors.prefix(300))")
        #expect(ended.output.utf8.count > 10 && ended.output.utf8.count < 64 << 20, "\(arguments)")
      }
    }
    let report = folder.path + "/p.html"
    for arguments in [["growth", profile], ["growth", profile, "--json"], ["html", profile, "-o", report]] {
      let ended = try run(within: arguments)
      #expect(ended.status == 0, "\(arguments): \(ended.errors.prefix(300))")
    }
    let page = try Data(contentsOf: URL(fileURLWithPath: report))
    #expect(page.count < 5 << 20)
  }

  /// Runs it with no more of a processor's time and of memory than a multiple of what such a file explains.
  private func run(within arguments: [String]) throws -> Ended {
    let words = ([sizerPath] + arguments).map { "'\($0)'" }.joined(separator: " ")
    return try SizerCommandTests.run(["/bin/sh", "-c", "ulimit -t 60; ulimit -v 2000000; exec \(words)"])
  }

  @Test("names that everything has in common cost no more than what is shown of them")
  func common() throws { try expectAnswers(chainAndRing(12_000), last: 11_999) }

  @Test("names of nothing but marks are read without those that are too many")
  func onlyMarks() throws { try expectAnswers(marked(), last: 59) }

  @Test("of a way of thousands of references the ends are told, and how many lie between")
  func longWay() throws {
    let (folder, heap, _) = try files(chainAndRing(5_000))
    defer { keepAlive(folder) }
    let told = try sizer("why", heap, "Way4999")
    let last = "\n2999 references in its middle were not even named\n"
    #expect(told.output.hasSuffix(last), "\(told.output.suffix(300))")
    let steps = try sizer("why", heap, "Way4999", "--json").output
    #expect(steps.contains("\"left\":2999") && steps.contains("\"type\":\"Way999\""))
    #expect(!steps.contains("\"type\":\"Way1500\"") && steps.contains("\"type\":\"Way4999\""))
  }
}
