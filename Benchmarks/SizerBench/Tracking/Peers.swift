// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Other profilers at the same work, where they are installed.
enum Peers {
  static func all() throws -> [PeerFigures] { try HeaptrackRounds.figures() + pympler() }

  private static func pympler() -> [PeerFigures] {
    script("pympler_tracking").map { PeerFigures(title: "pympler: \($0.title)", nanoseconds: $0.nanoseconds) }
  }

  /// What CPython's garbage collector takes for what it knows of each object.
  static func collector(objects: Int) -> [PeerFigures] { script("cpython_graph", String(objects)) }

  /// A script prints a title and nanoseconds in each line.
  private static func script(_ name: String, _ arguments: String...) -> [PeerFigures] {
    guard let script = Bundle.module.path(forResource: name, ofType: "py", inDirectory: "Peers") else { return [] }
    return output(of: ["python3", script] + arguments).split(separator: "\n").compactMap { line in
      let parts = line.split(separator: "\t")
      guard parts.count == 2, let nanoseconds = Double(parts[1]) else { return nil }
      return PeerFigures(title: String(parts[0]), nanoseconds: nanoseconds)
    }
  }

  /// What a command prints; nothing when it is not installed.
  static func output(of command: [String]) -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.standardOutput = pipe
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return "" }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return String(decoding: output, as: UTF8.self)
  }
}

/// What another profiler costs.
struct PeerFigures: Encodable {
  var title: String
  var nanoseconds: Double
  /// How many times the same takes without it, the median of rounds.
  var ratio: Double?
}

extension [PeerFigures] {
  var table: Table {
    var table = Table(.text("what"), .number("ns"), .number("ratio to floor"))
    for row in self {
      table.append(row.title, row.nanoseconds.decimals(0), row.ratio?.decimals(1) ?? "")
    }
    return table
  }
}
