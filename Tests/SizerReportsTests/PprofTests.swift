// SPDX-License-Identifier: Apache-2.0
import SeededRandom
import SizerExports
import SizerProfile
import Testing

/// A message in the wire format of Protocol Buffers, read by its description alone.
private struct Message {
  private var values: [(field: Int, value: [UInt8])] = []

  init(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let key = try Self.number(&rest)
      var value = [UInt8]()
      switch key & 7 {
      case 0:
        let start = rest
        _ = try Self.number(&rest)
        value = Array(start.prefix(start.count - rest.count))
      case 2:
        let count = try Self.number(&rest)
        try #require(rest.count >= count)
        value = Array(rest.prefix(Int(count)))
        rest = rest.dropFirst(Int(count))
      default: Issue.record("a field has kind \(key & 7)")
      }
      values.append((Int(key >> 3), value))
    }
  }

  static func number(_ rest: inout ArraySlice<UInt8>) throws -> UInt64 {
    var (value, shift) = (UInt64(0), UInt64(0))
    while true {
      let next = rest.popFirst()
      let byte = try #require(next)
      value |= UInt64(byte & 127) << shift
      if byte < 128 { return value }
      shift += 7
    }
  }

  func all(_ field: Int) -> [[UInt8]] { values.filter { $0.field == field }.map(\.value) }
  func messages(_ field: Int) throws -> [Message] { try all(field).map { try Message($0) } }
  func number(_ field: Int) throws -> UInt64 { try packed(field).first ?? 0 }
  func packed(_ field: Int) throws -> [UInt64] {
    var rest = all(field).flatMap(\.self)[...]
    var numbers: [UInt64] = []
    while !rest.isEmpty { numbers.append(try Self.number(&rest)) }
    return numbers
  }
}

@Suite("Profiles for pprof")
struct PprofTests {
  /// What was put in, as far as a profile has it.
  private struct Call: Hashable {
    var address: UInt64
    var image: String
    var lines: [[String]]
  }
  private struct Row: Hashable {
    var calls: [Call]
    var values: [UInt64]
    var label: String
    var module: String?
  }

  private static func frames(_ random: inout SeededGenerator) -> [[StackTrace.Frame]] {
    (0..<(1 + random.below(5))).map { _ in
      let place = random.below(20)
      let image = place < 2 ? nil : ["/bin/server", "/lib/a.so", "/lib/b.so"][place % 3]
      // The same address has the same calls inlined.
      return (0...(place % 3)).map { depth in
        StackTrace.Frame(
          address: UInt64(0x7F00_0000_0000 + place * 100), function: place == 7 ? nil : "f\(place)<\(depth)> ä",
          file: place % 2 == 0 ? "/src/\(depth).swift" : nil, line: place * 300 + depth, column: depth,
          isInlined: depth < place % 3, image: image, imageOffset: UInt64(place * 100),
          buildID: image.map { "id of \($0)" })
      }
    }
  }

  @Test(
    "what goes in is what comes out: stacks with what was inlined, figures and classes",
    arguments: 1...5 as ClosedRange<UInt64>)
  func models(_ seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var encoder = PprofEncoder(program: "/bin/server", Provenance(["b": "2", "a": "1\n"]))
    var rows: [Row] = []
    for _ in 0..<60 {
      let calls = Self.frames(&random)
      let kind = random.below(4) == 0 ? "closure #1 in f." : "App."
      let (name, count, bytes) = ("\(kind)C\(random.below(5))", 1 + random.below(1_000), random.below(1 << 40))
      encoder.add(StackTrace(frames: calls.flatMap(\.self)), typeName: name, count: count, bytes: bytes)
      rows.append(
        Row(
          calls: calls.map { frames in
            Call(
              address: frames[0].address - 1, image: frames[0].image ?? "",
              lines: frames.compactMap { frame in
                frame.function.map { [$0, frame.file ?? "", "\(frame.line)", "\(frame.column)"] }
              })
          }, values: [UInt64(count), UInt64(bytes)], label: name,
          module: name.hasPrefix("App") ? "App" : nil))
    }
    let profile = try Message(encoder.finished(time: 1_234_567_890_123))
    #expect(try read(profile) == rows)
    #expect(try profile.number(9) == 1_234_567_890_123)
    let texts = profile.all(6).map { String(decoding: $0, as: UTF8.self) }
    #expect(try profile.packed(13).map { texts[Int($0)] } == ["a=1\\u{A}", "b=2"])
  }

  /// By profile.proto.
  private func read(_ profile: Message) throws -> [Row] {
    let texts = profile.all(6).map { String(decoding: $0, as: UTF8.self) }
    #expect(texts.first == "" && Set(texts).count == texts.count)
    func text(_ message: Message, _ field: Int) throws -> String { texts[Int(try message.number(field))] }
    let kinds = try profile.messages(1).map { [try text($0, 1), try text($0, 2)] }
    #expect(kinds == [["inuse_objects", "count"], ["inuse_space", "bytes"]])
    #expect(try text(profile, 14) == "inuse_space")
    var functions: [UInt64: [String]] = [:]
    for function in try profile.messages(5) {
      let known = functions.updateValue(
        [try text(function, 2), try text(function, 4)], forKey: try function.number(1))
      #expect(known == nil)
    }
    var images: [UInt64: (path: String, range: ClosedRange<UInt64>)] = [0: ("", 0...UInt64.max)]
    for mapping in try profile.messages(3) {
      let range = try mapping.number(2)...mapping.number(3)
      #expect(images.updateValue((try text(mapping, 5), range), forKey: try mapping.number(1)) == nil)
      #expect(try text(mapping, 6) == "id of \(try text(mapping, 5))")
    }
    #expect(try text(try #require(try profile.messages(3).first), 5) == "/bin/server")
    var calls: [UInt64: Call] = [:]
    for location in try profile.messages(4) {
      let image = try #require(images[try location.number(2)])
      #expect(image.range.contains(try location.number(3)))
      let lines = try location.messages(4).map { line in
        try #require(functions[try line.number(1)]) + ["\(try line.number(2))", "\(try line.number(3))"]
      }
      let call = Call(address: try location.number(3), image: image.path, lines: lines)
      #expect(calls.updateValue(call, forKey: try location.number(1)) == nil)
    }
    #expect(Set(calls.values).count == calls.count)
    return try profile.messages(2).map { sample in
      let labels = try sample.messages(3).map { [try text($0, 1), try text($0, 2)] }
      #expect(labels.map(\.[0]) == Array(["class", "module"].prefix(labels.count)))
      return Row(
        calls: try sample.packed(1).map { try #require(calls[$0]) }, values: try sample.packed(2),
        label: try #require(labels.first)[1], module: labels.dropFirst().first?[1])
    }
  }
}
