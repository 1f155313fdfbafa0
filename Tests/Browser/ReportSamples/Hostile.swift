// SPDX-License-Identifier: Apache-2.0

import SizerProfile

/// A profile whose every text tries to leave its place, and whose figures are out of range.
enum Hostile {
  static let pair = (from: 0, to: 2)

  static let texts = [
    "<img src=x onerror=\"window.pwned=1\">", "</script><script>window.pwned=1</script>", "<!--<script>", "]]>",
    "\"'`><svg onload=window.pwned=1>",
    "&lt;b&gt;&amp;", "javascript:window.pwned=1", "\u{202E}gnp.exe\u{202C}", "\u{2066}a\u{2069}\u{200F}b\u{061C}",
    "line\u{2028}break\u{2029}\r\n\t\u{0}\u{7}\u{1B}[31m",
    "zero\u{200B}width\u{FEFF}\u{AD}\u{3164}", "שלום עולם", "مرحبا",
    "Z" + String(repeating: "\u{0301}\u{0489}", count: 40) + "algo", "👩‍👩‍👧‍👦 emoji", "__proto__",
    "constructor", "toString", "", " ", "a~2", "a@1", "#class-a", "%00%3Cscript%3E", "\\u003cscript\\u003e",
    "{{7*7}}${7*7}", String(repeating: "long<", count: 40_000),
    String(repeating: "&", count: 400), "\u{E0041}\u{E007F}tag", "\u{F8FF}\u{FFFE}",
  ]

  static let title = "</title><script>window.pwned=1</script>\u{202E}profile"

  static func builder() -> SampleBuilder {
    let snapshots = (0..<4).map { position in
      Snapshot(
        label: texts[position * 2], timestamp: .seconds(position + 1), overheadBytes: 1, mode: .inPlace,
        pause: .nanoseconds(5),
        process: ProcessMemory(virtual: 4_000_000, resident: 2_000_000),
        error: position == 1 ? texts[1] + texts[7] : nil)
    }
    var builder = SampleBuilder(snapshots: snapshots, pair: pair)
    for (number, text) in texts.enumerated() {
      let other = texts[(number + 1) % texts.count]
      let trace = builder.trace([
        StackTrace.Frame(address: 1, function: text, file: "/\(other)/\(text)", line: 7, image: text, imageOffset: 3),
        StackTrace.Frame(address: 2, function: nil, image: other, imageOffset: 4), StackTrace.Frame(address: .max),
      ])
      for copy in 0..<2 + number % 3 {
        builder.add(
          text, type: other, birth: Int64(copy) * 900_000_000, end: copy == 1 ? 2_500_000_000 : .max, trace: trace,
          tree: { _ in
            [
              SizeNode(
                name: text, typeName: other, bytes: 32, flatBytes: 16,
                children: [SizeNode(name: other, typeName: text, bytes: 16, flatBytes: 16)])
            ]
          }
        ) { 64 * (number + 1) + 16 * $0 }
      }
    }
    return builder
  }

  /// Figures that no process has.
  static func outOfRange() -> History {
    let wild = [Int.min, -1, 0, Int.max, Int.max]
    var history = History(names: ["Wild", "Wilder"])
    for (position, number) in wild.enumerated() {
      history.snapshots.append(
        Snapshot(
          timestamp: position == 4 ? Duration(secondsComponent: .max, attosecondsComponent: 0) : .seconds(position - 2),
          trackedBytes: number,
          overheadBytes: number, pause: .seconds(-1), skippedCount: number, unresolvedCount: number,
          process: ProcessMemory(virtual: number, resident: number, data: number),
          classes: [
            "Wild": ClassRecord(
              active: number, bytes: number, share: .nan,
              slabs: SlabUse(
                objectCount: number, objectBytes: number, slabCount: number, slabBytes: number, takenBytes: .max,
                unresolvedCount: number)),
            "Wilder": ClassRecord(active: 1, bytes: number, share: .infinity),
          ]))
    }
    let deep = (0..<200).reduce(SizeNode(name: "end", typeName: "T", bytes: .max, flatBytes: .min)) { node, _ in
      SizeNode(name: "next", typeName: "T", bytes: .max, flatBytes: .max, children: [node])
    }
    history.traces = [
      StackTrace(), StackTrace(frames: (0..<5_000).map { StackTrace.Frame(address: UInt64($0), line: .min) }),
    ]
    for number in 0..<40 {
      let object = UInt32(number)
      history.objects.append(
        History.ObjectRow(
          name: object % 2, className: 0, currentClass: 1, trace: object % 2, address: .max,
          birth: number % 3 == 0 ? .min : .max,
          end: number % 5 == 0 ? .min : .max, isDead: true))
      history.sizes.append(History.SizeRow(object: object, snapshot: 1, bytes: .max))
      history.sizes.append(History.SizeRow(object: object, snapshot: 3, bytes: .min))
      history.referents.append(History.ReferentRow(object: object, snapshot: 2, tree: [deep]))
    }
    return history
  }
}
