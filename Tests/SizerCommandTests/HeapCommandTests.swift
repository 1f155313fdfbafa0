// SPDX-License-Identifier: Apache-2.0
import Foundation
import SizerGraph
import SizerProfile
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

/// A profile whose snapshots have these images.
private func profile(_ images: [HeapImage?], _ name: String, in folder: Folder) throws -> String {
  var history = History()
  for (number, image) in images.enumerated() {
    history.snapshots.append(Snapshot(label: "s\(number)", timestamp: .seconds(number)))
    if let image { history.heaps.append(.init(snapshot: UInt32(number), heap: RecordedHeap(image))) }
  }
  try Statistics(history).write(to: folder.path + "/" + name)
  return folder.path + "/" + name
}

@Suite("The commands of the heap")
struct HeapCommandTests {
  @Test("a profile's images are what their files are: the last, or that of a snapshot by label or number")
  func profiles() throws {
    let folder = try Folder()
    let (small, large) = (madeImage(notes: 5), madeImage(notes: 9, time: 2))
    let path = try profile([nil, small, large], "p", in: folder)
    for (arguments, image) in [([], large), (["--snapshot", "1"], small), (["--snapshot", "s2"], large)] {
      let alone = try file(image, "alone.heap", in: folder)
      for command in [["heap"], ["retained", "--json"], ["waste"], ["dot"]] {
        let ended = try run([sizerPath] + command + [path] + arguments)
        let expected = try run([sizerPath] + command + [alone])
        #expect(ended.status == 0 && ended.output == expected.output, "\(ended.errors)")
      }
      #expect(
        try run([sizerPath, "why", path, "Note"] + arguments).output == "global app.store -> .notes -> [0] (App.Note)\n"
      )
    }
    let none = try sizer("heap", path, "--snapshot", "s0")
    #expect(none.status == 1)
    #expect(none.errors == "sizer: \(path) has no heap image of a snapshot s0; it has those of 1, 2\n")
  }

  @Test("two images of a profile prove a leak, and show what grows; one does not")
  func profilesOverTime() throws {
    let folder = try Folder()
    let still = try profile([madeImage(), nil, madeImage(time: 2)], "still", in: folder)
    let leaks = try sizer("leaks", still, "--fail", environment: ["COLUMNS": "200"])
    #expect(leaks.status == 1 && leaks.output.contains("proved: App.Session -> .onEnd"))
    #expect(try sizer("leaks", still, "--snapshot", "0", "--fail").status == 0)
    let path = try profile([madeImage(notes: 5), nil, madeImage(notes: 9, time: 2)], "p", in: folder)
    let growth = try sizer("growth", path, "--json")
    #expect(growth.output.contains(".notes") && growth.output.contains("[5,9]"), "\(growth.errors)")
    let one = try profile([madeImage()], "one", in: folder)
    #expect(try sizer("growth", one).errors.contains("has one heap image, and growth needs two"))
  }

  @Test("a profile without images says how it gets one")
  func withoutImages() throws {
    let folder = try Folder()
    let path = try profile([nil], "p", in: folder)
    for command in [
      ["heap"], ["leaks"], ["retained"], ["waste"], ["dot"], ["growth"], ["export", "--format", "heapsnapshot"],
    ] {
      let ended = try run([sizerPath] + command + [path])
      #expect(ended.status == 1 && ended.errors.contains("no heap image"), "\(command)")
      #expect(ended.errors.contains("ClassTracker.recordHeap()"), "\(command)")
    }
    #expect(try sizer("why", path, "Note").status == 1)
  }

  @Test("an export is written where it is to be; stacks that nobody recorded are missed")
  func exports() throws {
    let folder = try Folder()
    let image = try file(madeImage(), "a.heap", in: folder)
    for format in ["heapsnapshot", "pprof-retained", "collapsed", "speedscope", "massif", "otlp", "dot"] {
      let path = folder.path + "/a.\(format)"
      let ended = try sizer("export", image, "--format", format, "-o", path)
      #expect(ended.status == 0 && ended.output == "" && ended.errors == "")
      #expect(try sizer("export", image, "--format", format, "-o", path).errors.contains("already exists"))
      #expect(size(of: path) > 100)
    }
    #expect(try sizer("export", image, "--format", "xml").status == 64)
    let none = try sizer("export", image, "--format", "pprof")
    #expect(none.status == 1 && none.errors.contains("a.heap"))
    let untraced = try sizer("export", try profile([madeImage()], "p", in: folder), "--format", "pprof")
    #expect(untraced.status == 1 && untraced.errors.contains("track(class:trace: true)"))
  }

  private func size(of path: String) -> Int {
    var facts = stat()
    return stat(path, &facts) == 0 ? Int(facts.st_size) : 0
  }

  @Test("dot draws what is around a type or an address, within the limit")
  func dot() throws {
    let folder = try Folder()
    let path = try file(madeImage(), "a.heap", in: folder)
    let whole = try sizer("dot", path)
    #expect(whole.status == 0 && whole.output.hasPrefix("digraph heap {\n") && whole.output.hasSuffix("}\n"))
    #expect(whole.output.contains("30 objects") && whole.output.contains("held by global app.store"))
    #expect(whole.output.contains("leaked") && !whole.output.contains("rest ["))
    let around = try sizer("dot", path, "--around", "Session")
    #expect(around.output.contains("App.Session") && around.output.contains("and 32 objects more"))
    #expect(try sizer("dot", path, "--limit", "2").output.contains("rest ["))
    #expect(try sizer("dot", path, "--around", "Nothing").errors == "sizer: the image has no object of type Nothing\n")
    #expect(try sizer("dot", path, "--limit", "1").status == 64)
  }

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
    #expect(byType.output == "global app.store -> .notes -> [0] (App.Note)\n")
    let address = "0x" + String(image[5].address, radix: 16)
    #expect(try sizer("why", path, address).output == "global app.store -> .notes -> [3] (App.Note)\n")
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
    let lines = try sizer("growth", paths[0], paths[1], paths[2]).output.split(separator: "\n")
    #expect(lines[1].split(separator: " ").prefix(2) == ["10", "20"], "\(lines)")
    #expect(try sizer("growth", paths[0], paths[0]).output == "nothing grows in each of the 2 images\n")
  }

  @Test("names of types are cut where a line is known to end, and whole in a pipe")
  func names() throws {
    let folder = try Folder()
    var builder = HeapImageBuilder()
    let name = "App.Cache<" + (0..<40).map { "Swift.String\($0)" }.joined(separator: ", ") + ">"
    let type = builder.add(HeapType(name: name))
    let object = builder.addObject(at: 4096, type: type, bytes: 64)
    builder.add(HeapRoot(.global, of: object, label: builder.label(.symbol, "app.cache")))
    let path = try file(builder.image(), "a.heap", in: folder)
    for command in ["heap", "retained"] {
      let whole = try sizer(command, path).output
      #expect(whole.split(separator: "\n").contains { $0.hasSuffix("  " + name) }, "\(whole)")
      for width in [79, 120] {
        let output = try run([sizerPath, command, path], environment: ["COLUMNS": "\(width)"]).output
        let longest = output.split(separator: "\n").map(\.utf8.count).max()
        #expect(longest == width && !output.contains(name), "\(output)")
      }
    }
  }

  @Test("paths go on over further lines, and nothing of them is lost")
  func wrapped() throws {
    let folder = try Folder()
    let first = try file(madeImage(notes: 10), "a.heap", in: folder)
    let second = try file(madeImage(notes: 20, time: 2), "b.heap", in: folder)
    for width in ["46", "60", "79"] {
      for arguments in [["growth", first, second], ["leaks", first, second], ["why", first, "Note"]] {
        let wide = try run([sizerPath] + arguments, environment: ["COLUMNS": "1000"]).output
        let narrow = try run([sizerPath] + arguments, environment: ["COLUMNS": width]).output
        #expect(narrow.split(separator: "\n").allSatisfy { $0.utf8.count <= Int(width)! }, "\(narrow)")
        #expect(narrow.filter { !$0.isWhitespace } == wide.filter { !$0.isWhitespace }, "\(narrow)")
      }
    }
  }

  @Test("what is no image is told so, and what is damaged, where")
  func refusals() throws {
    let folder = try Folder()
    let text = try folder.file("hello", "text")
    #expect(
      try sizer("heap", text).errors
        == "sizer: \(text) is no heap image and no profile; make an image with HeapGraph.write(to:), or a profile with "
        + "ClassTracker.record(to:tags:)\n")
    var bytes = madeImage().encoded()
    bytes[bytes.count / 2] ^= 0x40
    let damaged = folder.path + "/damaged"
    try Data(bytes).write(to: URL(fileURLWithPath: damaged))
    let ended = try sizer("heap", damaged)
    #expect(ended.status == 1 && ended.errors.hasPrefix("sizer: \(damaged) is damaged at "))
    #expect(try sizer("heap", folder.path + "/none").errors.contains("there is no such file"))
    #expect(try sizer("heap", text, "--snapshot", "1").status == 64)
    #expect(try sizer("growth", text).status == 64)
  }

  @Test("tasks prints who made them, where they wait, and what they keep alive")
  func tasks() throws {
    let folder = try Folder()
    var builder = HeapImageBuilder()
    let type = builder.add(HeapType(name: "task", kind: .task, fields: [.init(offset: 0, label: "frame")]))
    let window = builder.add(HeapType(name: "App.Window"))
    let (maker, wait) = (builder.label(.function, "App.handle(_:)"), builder.label(.function, "Gate.wait()"))
    let thunk = builder.label(.function, "reabstraction thunk helper from @escaping ()")
    for number in 0..<3 {
      let task = builder.addObject(
        at: UInt64(number * 8192 + 4096), type: type, bytes: 896, strongCount: 1, flags: .livingTask)
      let held = builder.addObject(
        at: UInt64(number * 8192 + 8192), type: window, bytes: 2048, strongCount: 1)
      builder.addEdge(from: task, to: held, kind: .uncertain, label: .rawSlot(0))
      builder.add(HeapRawBlock(owner: task, bytes: 1024))
      builder.add(
        HeapTask(
          object: task, state: .suspended, slabBytes: 1024, function: wait, creator: maker,
          frames: [wait, thunk, maker]))
    }
    let path = try file(builder.image(), "a.heap", in: folder)
    let ended = try sizer("tasks", path)
    let lines = ended.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines[0].prefix(5) == ["count", "bytes", "slabs", "retained", "state"])
    #expect(lines[1].first == "3" && lines[1].contains("suspended"), "\(ended.output)")
    let words = ended.output.split { $0.isWhitespace }.joined(separator: " ")  // paths go on over lines
    #expect(words.contains("App.handle(_:) > Gate.wait()"), "\(ended.output)")
    let output = Data(try sizer("tasks", path, "--json").output.utf8)
    let json = try #require(try JSONSerialization.jsonObject(with: output) as? [String: Any])
    let task = try #require((json["tasks"] as? [[String: Any]])?.first)
    #expect(task["creator"] as? String == "App.handle(_:)" && task["function"] as? String == "Gate.wait()")
    #expect(task["count"] as? Int == 3 && task["bytes"] as? Int == 3 * (896 + 1024))
    #expect(task["slabs"] as? Int == 3 * 1024 && task["retained"] as? Int == 3 * (896 + 1024 + 2048))
    #expect(
      task["frames"] as? [String]
        == ["Gate.wait()", "reabstraction thunk helper from @escaping ()", "App.handle(_:)"])
    #expect(try sizer("why", path, "Window").output.contains("task App.handle(_:) -> frame?"))
  }

  @Test("of a deep recursion tasks prints both ends, and JSON has all")
  func deepTasks() throws {
    let folder = try Folder()
    var builder = HeapImageBuilder()
    let task = builder.addObject(at: 4096, type: builder.add(HeapType(name: "task", kind: .task)), bytes: 896)
    let frames = (0..<1_000).map { builder.label(.function, "f\($0)") }
    builder.add(HeapTask(object: task, state: .suspended, function: frames[0], creator: frames[999], frames: frames))
    let path = try file(builder.image(), "a.heap", in: folder)
    let words = try sizer("tasks", path).output.split { $0.isWhitespace }.joined(separator: " ")
    #expect(words.contains("f999 > f998 > ") && words.contains("f985 > f984 > (968 more) > f15 > f14"), "\(words)")
    #expect(words.hasSuffix(" > f1 > f0"))
    #expect(try sizer("tasks", path, "--json").output.contains("\"f500\""))
  }

  @Test("names that the image has not are read from the files that are named, and from no other build")
  func symbols() throws {
    let folder = try Folder()
    // Data of the command itself, and what it is called, by binutils.
    let rows = try run(["nm", sizerPath]).output.split(separator: "\n").map { $0.split(separator: " ") }
    let datum = try #require(
      rows.first {
        $0.count == 3 && "dDbB".contains($0[1]) && $0[2].hasSuffix("_WZ") == false
          && $0[2].hasPrefix("$s12SizerCommand") && $0[2].hasSuffix("pZ")
      })
    let plain = try run(["swift", "demangle", "--compact", String(datum[2])]).output
    let note = try run(["readelf", "-n", sizerPath]).output
    let build = try #require(note.split(separator: "\n").first { $0.contains("Build ID") }?.split(separator: " ").last)
    func why(_ build: String, _ symbols: String...) throws -> String {
      var builder = HeapImageBuilder()
      let type = builder.add(HeapType(name: "App.Store"))
      let object = builder.addObject(at: 4096, type: type, bytes: 32)
      let place = "sizer@\(build)+0x\(datum[0].drop { $0 == "0" })"
      builder.add(HeapRoot(.global, of: object, label: builder.label(.symbol, place)))
      let image = try file(builder.image(), "a.heap", in: folder)
      return try run(
        [sizerPath, "why", image, "Store"] + symbols.flatMap { ["--symbols", $0] }, environment: ["COLUMNS": "300"]
      ).output
    }
    let named = try why(String(build), sizerPath)
    let name = named.dropFirst("global ".count).prefix { $0 != " " }
    #expect(named.hasPrefix("global SizerCommand.") && plain.contains(name), "\(named) \(plain)")
    #expect(try why(String(build)).hasPrefix("global sizer@\(build)+0x"))
    let other = String(build.dropLast(2)) + (build.hasSuffix("00") ? "01" : "00")
    #expect(try why(other, sizerPath).hasPrefix("global sizer@\(other)+0x"))
  }
}
