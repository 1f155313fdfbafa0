// SPDX-License-Identifier: Apache-2.0

import SeededRandom
import SizerExports
import SizerGraph
import SizerReports
import Testing

/// Pictures of heap images, read by the grammar of Graphviz's language.
@Suite struct HeapDrawingTests {
  private func drawing(_ drawing: HeapDrawing) throws -> DotGraph {
    var text = ""
    drawing.write(to: &text)
    return try DotGraph(text)
  }

  /// A heap of random references in which every object is held by somebody, with names that mean something to Graphviz.
  private func heap(seed: UInt64, objects: Int) -> HeapImage {
    var dice = SeededGenerator(seed: seed)
    var builder = HeapImageBuilder()
    let names = ["A\"B", "a\\n\\", "x -> y; }", "<b>&amp;</b>", "App.Node<Int>", "\u{202e}turn", "line\nline"]
    let types = names.map { builder.add(HeapType(name: $0, fields: [.init(offset: 16, label: ".\"next\\")])) }
    let all = (0..<objects).map { number in
      builder.addObject(at: UInt64(64 * (number + 1)), type: types[dice.below(types.count)], bytes: 48, strongCount: 1)
    }
    for number in 1..<objects {
      let source = all[dice.below(number)]
      let kinds: [HeapEdge.Kind] = [.certain, .certain, .weak]
      builder.addEdge(from: source, to: all[number], label: .slot(2))
      builder.addEdge(
        from: all[number], to: all[dice.below(objects)], kind: kinds[1 + dice.below(2)], label: .slot(3))
    }
    builder.add(HeapRoot(.global, of: all[0], label: builder.label(.symbol, "app.\"root\"")))
    return builder.image()
  }

  /// How many objects the nodes stand for, and the rest.
  private func objects(_ graph: DotGraph) -> Int {
    graph.nodes.values.reduce(0) { sum, node in
      let lines = node["label"]!.split(separator: "\n", omittingEmptySubsequences: false)
      let counted = lines.compactMap { line -> Int? in
        let words = line.replacing(",", with: "").split(separator: " ")
        if let place = words.firstIndex(where: { $0.hasPrefix("object") }), place > 0 { return Int(words[place - 1]) }
        return nil
      }
      return sum + (counted.first ?? 1)
    }
  }

  @Test(
    "whatever the names, the text is Graphviz's, has no more nodes than asked for, and counts every object",
    arguments: 0..<12 as Range<UInt64>, [2, 7, 60, 300])
  func grammar(seed: UInt64, limit: Int) throws {
    let image = heap(seed: seed, objects: 20 + Int(seed) * 60)
    for drawn in [HeapDrawing(of: image, limit: limit), HeapDrawing(of: image, around: Int(seed) * 3, limit: limit)] {
      let graph = try drawing(drawn)
      #expect(graph.nodes.count <= limit)
      #expect(objects(graph) == image.objectCount)
      for arrow in graph.arrows { #expect(graph.nodes[arrow.source] != nil && graph.nodes[arrow.target] != nil) }
      let texts = graph.nodes.values.map { $0["label"]! }
      #expect(!texts.joined().unicodeScalars.contains("\u{202e}"))
    }
  }

  @Test("a list is one node, and so are all that one object holds of a type")
  func folding() throws {
    var builder = HeapImageBuilder()
    let (store, link) = (builder.add(HeapType(name: "Store")), builder.add(HeapType(name: "Link")))
    let item = builder.add(HeapType(name: "Item"))
    let root = builder.addObject(at: 64, type: store, bytes: 32)
    var last = root
    for number in 0..<50 {
      let next = builder.addObject(at: UInt64(1_024 * (number + 1)), type: link, bytes: 16)
      builder.addEdge(from: last, to: next, label: .slot(2))
      builder.addEdge(
        from: next, to: builder.addObject(at: UInt64(1_024 * (number + 1) + 512), type: item, bytes: 64),
        label: .slot(3))
      last = next
    }
    builder.add(HeapRoot(.global, of: root))
    let graph = try drawing(HeapDrawing(of: builder.image(), limit: 300))
    #expect(
      graph.nodes.values.map { $0["label"]! }.sorted() == [
        "Item\n50 objects, 3.13 KB\nretains 3.13 KB", "Link\n50 objects, 800 B\nretains 3.91 KB",
        "Store\n32 B\nretains 3.94 KB\nheld by global",
      ])
    let arrows = graph.arrows.map { "\(graph.name($0.source)) \(graph.name($0.target)) \($0.attributes["label"]!)" }
    #expect(arrows.sorted() == ["Link Item +24 and 49 more", "Link Link +16 and 48 more", "Store Link +16"])
  }

  @Test("around an object is the way to it, and it stands out")
  func around() throws {
    let image = heap(seed: 5, objects: 400)
    for object in [3, 77, 399] {
      let path = PathFinder(of: image).path(to: object)
      let graph = try drawing(HeapDrawing(of: image, around: object, limit: 60))
      #expect(graph.nodes.values.count { $0["penwidth"] != nil } == 1)
      // Each step of the way is a node for itself, in order.
      for number in 0...path.steps.count { #expect(graph.nodes["n\(number)"]?["label"]?.contains("objects") == false) }
      for number in 0..<path.steps.count {
        #expect(graph.arrows.contains { $0.source == "n\(number)" && $0.target == "n\(number + 1)" })
      }
    }
  }
}

/// A graph in Graphviz's language, as far as it is used here; anything else is an error.
struct DotGraph {
  struct Failure: Error { let message: String }
  struct Arrow {
    var source: String
    var target: String
    var attributes: [String: String]
  }

  private(set) var nodes: [String: [String: String]] = [:]
  private(set) var arrows: [Arrow] = []

  /// The first line of a node's label.
  func name(_ node: String) -> Substring { nodes[node]?["label"]?.split(separator: "\n").first ?? "" }

  init(_ text: String) throws {
    var tokens = try Self.tokens(text)[...]
    func expect(_ token: String) throws {
      guard tokens.first == token else { throw Failure(message: "\(tokens.first ?? "the end") is not \(token)") }
      tokens.removeFirst()
    }
    func identifier() throws -> String {
      guard let token = tokens.popFirst(), token.first.map({ $0.isLetter || $0 == "\"" || $0.isNumber }) == true else {
        throw Failure(message: "no identifier before \(tokens.first ?? "the end")")
      }
      return token
    }
    func attributes() throws -> [String: String] {
      var found: [String: String] = [:]
      guard tokens.first == "[" else { return found }
      try expect("[")
      while tokens.first != "]" {
        let key = try identifier()
        try expect("=")
        let value = try identifier()
        found[key] = value.first == "\"" ? String(value.dropFirst()) : value
        if tokens.first == "," { try expect(",") }
      }
      try expect("]")
      return found
    }
    try expect("digraph")
    _ = try identifier()
    try expect("{")
    while tokens.first != "}" {
      let first = try identifier()
      if tokens.first == "=" {
        try expect("=")
        _ = try identifier()
      } else if tokens.first == "->" {
        try expect("->")
        arrows.append(Arrow(source: first, target: try identifier(), attributes: try attributes()))
      } else if ["node", "edge", "graph"].contains(first) {
        _ = try attributes()
      } else {
        guard nodes.updateValue(try attributes(), forKey: first) == nil else {
          throw Failure(message: "\(first) is there twice")
        }
      }
      try expect(";")
    }
    try expect("}")
    guard tokens.isEmpty else { throw Failure(message: "something follows") }
  }

  /// Words, marks, and strings: these with a quote before them, and with what their escapes mean.
  private static func tokens(_ text: String) throws -> [String] {
    var tokens: [String] = []
    var rest = text[...]
    while let first = rest.first {
      if first.isWhitespace {
        rest.removeFirst()
      } else if rest.hasPrefix("->") {
        tokens.append("->")
        rest.removeFirst(2)
      } else if "{}[];=,".contains(first) {
        tokens.append(String(rest.removeFirst()))
      } else if first == "\"" {
        tokens.append(try string(&rest))
      } else {
        let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        guard !word.isEmpty else { throw Failure(message: "\(first) stands outside of a string") }
        tokens.append(String(word))
        rest.removeFirst(word.count)
      }
    }
    return tokens
  }

  private static func string(_ rest: inout Substring) throws -> String {
    var value = "\""
    rest.removeFirst()
    while let next = rest.popFirst() {
      switch next {
      case "\"": return value
      case "\n": throw Failure(message: "a line ends in a string")
      case "\\":
        switch rest.popFirst() {
        case "\"": value += "\""
        case "\\": value += "\\"
        case "n": value += "\n"
        case let other: throw Failure(message: "\\\(other.map(String.init) ?? "") means something else in Graphviz")
        }
      default: value.append(next)
      }
    }
    throw Failure(message: "a string does not end")
  }
}
