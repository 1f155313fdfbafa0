// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerGraph
import TestSupport
import Testing

/// An image whose answers are known: a store that a global holds, with 30 notes, and a cycle of two that nothing holds.
private func madeImage(notes: Int = 30, time: UInt64 = 1) -> HeapImage {
  var builder = HeapImageBuilder()
  builder.info.isFrozen = true
  builder.info.processID = 7
  builder.info.time = time
  builder.threads = [HeapThread(id: 1, state: .running, processorTime: time * 1_000_000_000)]
  let store = builder.add(
    HeapType(name: "App.Store", kind: .classInstance, fields: [.init(offset: 16, label: ".notes")]))
  let array = builder.add(
    HeapType(
      name: "Swift.Array<App.Note>", kind: .arrayStorage,
      tail: .init(offset: 32, stride: 8, fields: [.init(offset: 0, label: "")])))
  let note = builder.add(HeapType(name: "App.Note", kind: .classInstance))
  let session = builder.add(
    HeapType(name: "App.Session", kind: .classInstance, fields: [.init(offset: 16, label: ".onEnd")]))
  var address: UInt64 = 4096
  func add(_ type: Int, bytes: Int, strong: Int) -> Int {
    address += 4096
    return builder.addObject(at: address, type: type, bytes: bytes, strongCount: strong)
  }
  let root = add(store, bytes: 32, strong: 1)
  let storage = add(array, bytes: 512, strong: 1)
  builder.addEdge(from: root, to: storage, label: .slot(2))
  for number in 0..<notes {
    builder.addEdge(from: storage, to: add(note, bytes: 48, strong: 1), label: .slot(4 + number))
  }
  let first = add(session, bytes: 64, strong: 1)
  let second = add(session, bytes: 64, strong: 1)
  builder.addEdge(from: first, to: second, label: .slot(2))
  builder.addEdge(from: second, to: first, label: .slot(2))
  builder.add(HeapRoot(.global, of: root, label: builder.label(.symbol, "app.store")))
  return builder.image()
}

private func file(_ image: HeapImage, _ name: String, in folder: Folder) throws -> String {
  let path = folder.path + "/" + name
  try Data(image.encoded()).write(to: URL(fileURLWithPath: path))
  return path
}

@Suite("The commands of the heap")
struct HeapCommandTests {
  @Test("heap prints types, the largest first, and their sum")
  func heap() throws {
    let folder = try Folder()
    let ended = try sizer("heap", try file(madeImage(), "a.heap", in: folder), "--limit", "2")
    #expect(ended.status == 0, "\(ended.errors)")
    let lines = ended.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines[0] == ["count", "bytes", "slack", "unused", "type"])
    #expect(lines[1].first == "30" && lines[1].last == "App.Note")
    #expect(lines[2].last == "Swift.Array<App.Note>")
    #expect(ended.output.contains("and 2 more"))
    #expect(ended.output.hasSuffix("34 objects, 2112 bytes\n"))  // 32 + 512 + 30 * 48 + 2 * 64
  }

  @Test("leaks proves nothing by one image, and a cycle by two; --fail tells the shell")
  func leaks() throws {
    let folder = try Folder()
    let first = try file(madeImage(), "a.heap", in: folder)
    let second = try file(madeImage(time: 2), "b.heap", in: folder)
    let wide = ["COLUMNS": "200"]
    let one = try sizer("leaks", first, "--fail", environment: wide)
    #expect(one.status == 0 && one.output.contains("suspected: App.Session -> .onEnd"))
    let two = try sizer("leaks", first, second, "--fail", environment: wide)
    #expect(two.status == 1 && two.output.contains("proved: App.Session -> .onEnd"))
    #expect(try sizer("leaks", first, second).status == 0)
    let json = try python(
      """
      import json, sys
      print([(l['grade'], l['groups'], l['objects'], l['bytes']) for l in json.load(sys.stdin)['leaks']])
      """,
      try folder.file(try sizer("leaks", first, second, "--json").output, "leaks.json"))
    #expect(json == ["[('proved', 1, 2, 128)]"])
  }

  @Test("why names the way to an object, by type and by address")
  func why() throws {
    let folder = try Folder()
    let image = madeImage()
    let path = try file(image, "a.heap", in: folder)
    let byType = try sizer("why", path, "Note")
    #expect(byType.output == "global app.store -> .notes -> [0]\n")
    let address = "0x" + String(image[5].address, radix: 16)
    #expect(try sizer("why", path, address).output == "global app.store -> .notes -> [3]\n")
    let nothing = try sizer("why", path, "Nothing")
    #expect(nothing.status == 1 && nothing.errors == "sizer: the image has no object of type Nothing\n")
  }

  @Test("retained is what goes with a type, and growth what comes with every image")
  func retainedAndGrowth() throws {
    let folder = try Folder()
    let paths = try (0..<3).map { try file(madeImage(notes: 10 + $0 * 5), "\($0).heap", in: folder) }
    let retained = try sizer("retained", paths[0], "Store")
    #expect(retained.output.contains("App.Store") && !retained.output.contains("App.Note\n"))
    #expect(retained.output.split(separator: "\n")[1].contains(" 1024     B"))  // 32 + 512 + 10 * 48
    let growth = try sizer("growth", paths[0], paths[1], paths[2], "--json")
    #expect(growth.status == 0 && growth.output.contains(".notes"), "\(growth.output)")
    #expect(growth.output.contains("[10,15,20]"), "\(growth.output)")
  }

  @Test("what is no image is told so, and what is damaged, where")
  func refusals() throws {
    let folder = try Folder()
    let text = try folder.file("hello", "text")
    #expect(try sizer("heap", text).errors == "sizer: \(text) is no heap image; make one with HeapGraph.write(to:)\n")
    var bytes = madeImage().encoded()
    bytes[bytes.count / 2] ^= 0x40
    let damaged = folder.path + "/damaged"
    try Data(bytes).write(to: URL(fileURLWithPath: damaged))
    let ended = try sizer("heap", damaged)
    #expect(ended.status == 1 && ended.errors.hasPrefix("sizer: \(damaged) is damaged: "))
    #expect(try sizer("heap", folder.path + "/none").errors.hasSuffix("can't be read: No such file or directory\n"))
    #expect(try sizer("growth", text).status == 64)
  }
}
