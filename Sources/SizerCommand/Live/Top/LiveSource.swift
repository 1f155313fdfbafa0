// SPDX-License-Identifier: Apache-2.0

import SizerProfile

/// What a process tells at its live socket, as values. Each call waits for the answer; may be used by any thread.
struct LiveSource: Sendable {
  let client: SocketClient

  /// More rows than this the process does not give.
  private static let mostRows = 10_000
  /// So many rows with names of a thousand bytes each, and more.
  private static let mostBytes = 1 << 26

  /// All types: those that grow are not always the largest, and a filter must find the small ones.
  func table() throws -> LiveTable { try answer(to: "/classes?limit=\(Self.mostRows)") { LiveTable($0) } }

  /// The process makes a graph of its heap for it.
  func tasks() throws -> [LiveTask] { try answer(to: "/tasks?limit=\(Self.mostRows)") { LiveTask.list($0) } }

  /// The process makes a graph of its heap for it.
  func retained() throws -> RetainedSizes { try answer(to: "/retained?limit=\(Self.mostRows)") { RetainedSizes($0) } }

  /// Writes a consistent copy of the profile that the process records into the current folder.
  ///
  /// - Parameter table: Whose file it is.
  /// - Returns: The file's name, which nothing had before.
  func writeProfile(of table: LiveTable) throws -> (name: String, bytes: Int) {
    let body = try body(of: "/profile.sizer")
    for number in 1..<1_000 {
      let name = Self.fileName(table, number)
      let target = try OutputTarget(path: name)
      guard target.kind == .absent else { continue }
      let file = try OutputFile(target, replaces: false, keepsOwner: false)
      try file.write(body)
      try file.finish()
      return (name, body.count)
    }
    throw Failure(message: "\(Self.fileName(table, 999)) and all before it are there already; remove some")
  }

  /// The program's name comes from the process: only what stays in this folder and needs no quotes is taken of it.
  static func fileName(_ table: LiveTable, _ number: Int) -> String {
    let name = String(table.program.lastPathComponent).prefix(bytes: 64).unicodeScalars.map { scalar in
      scalar.isASCII && (Character(scalar).isLetter || Character(scalar).isNumber || scalar == "-" || scalar == "_")
        ? Character(scalar) : "_"
    }
    return "\(name.isEmpty ? "program" : String(name)).\(table.process).top\(number).sizer"
  }

  private func answer<Value>(to target: String, _ read: (JSONValue) -> Value?) throws -> Value {
    let body = try body(of: target)
    guard body.count <= Self.mostBytes, let json = JSONValue(body), let value = read(json) else {
      throw Failure(message: "\(client.path) gives answers that sizer can't read; update the older of the two")
    }
    return value
  }

  private func body(of target: String) throws -> [UInt8] {
    let answer = try client.send("GET", target)
    guard answer.isDone else {
      let reason = answer.body.count <= 1 << 16 ? JSONValue(answer.body)?["error"]?.text : nil
      throw Failure(message: "the process refused: \(reason ?? "status \(answer.status)")")
    }
    return answer.body
  }
}
