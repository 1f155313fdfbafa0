// SPDX-License-Identifier: Apache-2.0
import SizerProfile
import TestSupport
import Testing

@Suite("sizer json")
struct JSONTests {
  private func json(_ history: History) throws -> (text: String, path: String, folder: Folder) {
    let folder = try Folder()
    let ended = try sizer("json", try folder.profile(history))
    #expect(ended.status == 0)
    #expect(ended.errors == "")
    return (ended.output, try folder.file(ended.output, "out.json"), folder)
  }

  @Test("snapshots, traces and objects stand on a line each, keys in their order")
  func literal() throws {
    var life = Samples.life
    life.tags = ["service.name": "a\"b", "host.name": "h"]
    let lines = try json(life).text.split(separator: "\n").map(String.init)
    #expect(lines.count == 2 + 3 + 1 + 2 + 1 + 7 + 1)
    #expect(lines.last == #""tags":{"host.name":"h","service.name":"a\"b"}}"#)
    #expect(lines[0] == #"{"format":"sizer-profile","version":1,"#)
    #expect(lines[1] == #""snapshots":["#)
    #expect(
      lines[2] == #"{"label":"start","time":1.000000000,"mode":"frozen","pause":0.000250000,"error":null,"#
        + #""trackedBytes":400,"overheadBytes":4096,"skippedCount":0,"unresolvedCount":0,"estimatedBytes":0,"#
        + #""process":{"virtual":1073741824,"resident":16777216,"data":8388608,"stack":131072,"code":1048576,"#
        + #""shared":524288,"minorFaults":1234,"majorFaults":5,"peakResident":33554432,"#
        + #""cgroupCurrent":67108864,"cgroupLimit":268435456,"cgroupPeak":null},"ladder":null,"#
        + #""classes":[{"name":"App.Cache","active":1,"bytes":256,"average":256,"share":0.64,"slabs":null},"#
        + #"{"name":"App.Worker","active":2,"bytes":144,"average":72,"share":0.36,"slabs":null}]},"#)
    #expect(
      lines[4].hasSuffix(
        #"[{"name":"App.Cache","active":1,"bytes":2048,"average":2048,"share":0.927536231884058,"#
          + #""slabs":{"objectCount":0,"objectBytes":0,"slabCount":0,"slabBytes":0,"takenBytes":0,"unresolvedCount":1,"#
          + #""fill":1.0}},{"name":"App.Worker","active":3,"bytes":160,"average":53,"share":0.07246376811594203,"#
          + #""slabs":{"objectCount":2,"objectBytes":96,"slabCount":2,"slabBytes":8192,"takenBytes":2048,"#
          + #""unresolvedCount":1,"fill":0.25}}]}],"#))
    #expect(
      lines[7] == #"[{"function":null,"file":null,"line":0,"column":0,"inlined":false,"image":"/lib/libx.so","#
        + #""imageOffset":"0x10","address":"0x7f0000000010","buildID":"c0ffee"}]],"#)
    #expect(lines[6].hasSuffix(#""address":"0x555500002000","buildID":null}],"#))
    #expect(
      lines[9] == #"{"name":"App.Cache","class":"App.Cache","representation":"App.Cache","address":"0x1000","#
        + #""birth":0.000000010,"death":null,"left":null,"trace":null,"#
        + #""records":[{"snapshot":0,"bytes":256,"referents":[]},"#
        + #"{"snapshot":2,"bytes":2048,"referents":[{"name":"entries","type":"[Swift.String]","bytes":2000,"#
        + #""flatBytes":1000,"children":[{"name":"[0]","type":"Swift.String","bytes":1000,"flatBytes":1000,"#
        + #""children":[]}]}]}]},"#)
    #expect(
      lines[11] == #"{"name":"App.Worker","class":"App.SpecialWorker","representation":"App.SpecialWorker","#
        + #""address":null,"birth":0.000000030,"death":null,"left":1.700000000,"trace":0,"#
        + #""records":[{"snapshot":0,"bytes":96,"referents":[]}]},"#)
  }

  @Test("Python reads every hostile text back as it was, wherever it stands")
  func hostileTexts() throws {
    let made = try json(Samples.hostile)
    // Nothing that a terminal obeys, and nothing that turns the direction of writing.
    #expect(!made.text.unicodeScalars.contains { $0 != "\n" && ($0.value < 0x20 || 0x7F...0x9F ~= $0.value) })
    #expect(!made.text.unicodeScalars.contains { $0 == "\u{202E}" || $0 == "\u{2066}" || $0 == "\u{2028}" })
    let read = try python(
      """
      import json, sys
      p = json.load(sys.stdin)
      for s, t, o in zip(p["snapshots"], p["traces"], p["objects"]):
        f = t[0]
        n = o["records"][0]["referents"][0]
        texts = [s["label"], s["classes"][0]["name"], f["function"], f["file"], f["image"], f["buildID"],
          o["name"], o["class"], o["representation"], n["name"], n["type"]]
        print(*[x.encode().hex() or "-" for x in texts])
      """, made.path)
    let expected = Samples.hostileTexts.map { text in
      Array(repeating: text.isEmpty ? "-" : hexadecimal(text), count: 11).joined(separator: " ")
    }
    #expect(read == expected)
  }

  @Test("times are exact nanoseconds for a reader of decimal numbers")
  func times() throws {
    var history = History(names: ["A"])
    let births: [Int64] = [0, 1, 999_999_999, 1_000_000_000, 9_007_199_254_740_993, 1 << 62]
    history.objects = births.map { .init(name: 0, className: 0, currentClass: 0, birth: $0) }
    let made = try json(history)
    let read = try python(
      """
      import decimal, json, sys
      for o in json.load(sys.stdin, parse_float=decimal.Decimal)["objects"]:
        print(int(o["birth"].scaleb(9)))
      """, made.path)
    #expect(read == births.map(String.init))
  }

  @Test("a deep tree and an empty profile are JSON too")
  func extremes() throws {
    var tree = SizeNode(name: "leaf", typeName: "T", bytes: 1, flatBytes: 1)
    for level in 0..<200 { tree = SizeNode(name: "n\(level)", typeName: "T", bytes: 1, flatBytes: 0, children: [tree]) }
    let history = History(
      snapshots: [Samples.snapshot("s", 1, 1, [:])], names: ["A"],
      objects: [.init(name: 0, className: 0, currentClass: 0, birth: 0)],
      sizes: [.init(object: 0, snapshot: 0, bytes: 1)],
      referents: [
        .init(object: 0, snapshot: 0, tree: [tree, SizeNode(name: "b", typeName: "T", bytes: 0, flatBytes: 0)])
      ])
    let made = try json(history)
    let read = try python(
      """
      import json, sys
      r = json.load(sys.stdin)["objects"][0]["records"][0]["referents"]
      depth, node = 0, r[0]
      while node["children"]: depth, node = depth + 1, node["children"][0]
      print(len(r), r[1]["name"], depth, node["name"])
      """, made.path)
    #expect(read == ["2 b 200 leaf"])
    let none = try json(History())
    let empty = try python("import json, sys; print(json.load(sys.stdin))", none.path)
    #expect(
      empty == ["{'format': 'sizer-profile', 'version': 1, 'snapshots': [], 'traces': [], 'objects': [], 'tags': {}}"])
  }

  @Test("two runs print the same bytes")
  func stable() throws {
    let path = try Folder.profile(Samples.hostile)
    #expect(try sizer("json", path).output == (try sizer("json", path)).output)
  }
}
