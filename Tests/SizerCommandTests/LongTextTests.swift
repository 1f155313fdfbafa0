// SPDX-License-Identifier: Apache-2.0
import Glibc
import SizerProfile
import TestSupport
import Testing

/// Small files whose texts are long and shared by many rows. What is shown of them is little, and so must be the work: a limit of the
/// kernel on processor time ends whoever looks at all of a text each time, which takes minutes or hours here.
@Suite("Long texts that many share")
struct LongTextTests {
  private static let objects = 100_000
  /// Far more than is needed by a build without optimisation on a busy machine.
  private static let seconds = 60
  private static let kinds = ["ASCII", "marks", "joiners", "wide"]

  /// Two texts of about a megabyte that differ at their ends only.
  private static func texts(_ kind: String) -> [String] {
    let (start, unit) =
      switch kind {
      case "ASCII": ("App.", "Box.")
      case "marks": ("a", "\u{301}\u{323}")
      case "joiners": ("👩", "\u{200D}👩")
      default: ("漢", "字\r\n")
      }
    let count = 1_000_000 / unit.utf8.count
    return ["A", "B"].map { start + String(repeating: unit, count: count) + $0 }
  }

  /// Objects of two names, each with a trace of calls with such names in such files, and with referents of such names.
  private func history(_ kind: String, objects: Int = objects) -> History {
    let texts = Self.texts(kind)
    let frames = texts.map {
      StackTrace.Frame(address: 1, function: $0, file: $0, line: 1, image: $0, imageOffset: 2)
    }
    let tree = texts.map { SizeNode(name: $0, typeName: $0, bytes: 16, flatBytes: 16) }
    let records = Dictionary(uniqueKeysWithValues: texts.map { ($0, (active: objects / 2, bytes: 16 * objects)) })
    var history = History(names: texts)
    history.snapshots = [
      Samples.snapshot(texts[0], 1_000_000_000, 32 * objects, [:]),
      Samples.snapshot(texts[1], 2_000_000_000, 32 * objects, records),
    ]
    for object in 0..<UInt32(objects) {
      let name = object % 2
      history.objects.append(
        .init(
          name: name, className: name, currentClass: object / 2 % 2, trace: object % 3, address: 16 * UInt64(object),
          birth: Int64(object)))
      history.sizes.append(.init(object: object, snapshot: 0, bytes: 32))
      history.sizes.append(.init(object: object, snapshot: 1, bytes: 48 + 16 * Int64(name)))
      if object < 2_000 { history.referents.append(.init(object: object, snapshot: 1, tree: tree)) }
    }
    history.traces = [frames, frames.reversed(), frames + frames].map { StackTrace(frames: $0) }
    return history
  }

  private func limited(_ line: String, _ paths: String...) throws -> Ended {
    try run(["bash", "-c", "ulimit -t \(Self.seconds); ulimit -v 4000000; \(line)", sizerPath] + paths)
  }

  @Test("every reader shows them in time", arguments: kinds)
  func shown(_ kind: String) throws {
    let folder = try Folder()
    let path = try folder.profile(history(kind))
    let other = try folder.profile(history(kind, objects: Self.objects - 1), "other")
    var status = stat()
    #expect(stat(path, &status) == 0 && status.st_size < 8_000_000)
    for line in [
      "\"$0\" summary \"$1\"", "\"$0\" stats --limit 3 \"$1\"", "\"$0\" stats --limit 300 \"$1\" | tail -n 3",
      "\"$0\" stats --sort name --sort representation --limit 3 \"$1\"", "\"$0\" stats --class Box.B --limit 2 \"$1\"",
      "\"$0\" diff \"$1\"", "\"$0\" diff --objects \"$1\"", "\"$0\" diff \"$1\" \"$2\"",
      "\"$0\" diff --limit all \"$2\" \"$1\"",
      "\"$0\" html \"$1\" -o \"$1.html\" --force", "COLUMNS=80 \"$0\" sql \"$1\" 'select text, text from texts'",
    ] {
      let ended = try limited("set -o pipefail; \(line)", path, other)
      #expect(ended.status == 0, "\(kind): \(line): \(ended.signal ?? 0) \(ended.errors)")
      // Of each text no more than there is room for; a column may hold a letter with 15 marks.
      #expect(ended.output.utf8.count < 2_000_000)
      for text in ended.output.split(separator: "\n").prefix(200) {
        #expect(text.unicodeScalars.count <= 80 * 16)
      }
    }
    #expect(try contents(of: path + ".html").utf8.count < 5_000_000)
  }
}
