// SPDX-License-Identifier: Apache-2.0

import SizerGraph
import SizerProfile
import SizerReports

/// What a live socket answers in JSON, for people: a table for each list of objects, a line for everything else.
/// Whatever a newer process tells is shown, too.
struct AnswerText {
  private let members: [JSONValue.Member]

  /// nil when the answer is no JSON object.
  init?(_ body: [UInt8]) {
    guard case .object(let members)? = JSONValue(body) else { return nil }
    self.members = members
  }

  func write(to output: inout Output) {
    let root = members.first { $0.name == "root" }?.value.text
    for member in members {
      switch (member.name, member.value) {
      case ("steps", .array(let steps)): output.write(Self.wrapped(Self.way(root, steps)) + "\n")
      case ("root", _): break
      case (let name, .array(let rows)) where rows.contains { $0.isObject }: Self.table(name, rows, to: &output)
      case ("leaks", .array), ("tasks", .array), ("classes", .array):
        output.write(Self.wrapped("\(member.name): none") + "\n")
      case (let name, let value): output.write(Self.wrapped("\(Self.shown(name)): \(Self.text(value, name))") + "\n")
      }
    }
  }

  private static func wrapped(_ text: String) -> String {
    let width = Terminal.style.width
    return WrappedText(text, room: width, width: width).text
  }

  // MARK: - Lines

  private static func text(_ value: JSONValue, _ name: String) -> String {
    switch value {
    case .null: "-"
    case .bool(let isTrue): isTrue ? "yes" : "no"
    case .integer(let number): isSize(name) ? shortSize(number) : String(number)
    case .number(let number): "\(number)"
    case .string(let text): text.isEmpty ? "-" : text
    case .array(let values): values.isEmpty ? "none" : values.map { text($0, "") }.joined(separator: ", ")
    case .object(let members):
      members.filter { $0.value.text != "" }.map { "\(shown($0.name)) \(text($0.value, $0.name))" }
        .joined(separator: ", ")
    }
  }

  private static func isSize(_ name: String) -> Bool {
    name.hasSuffix("Bytes") || name == "bytes" || name == "resident"
  }

  /// `pauseMicroseconds` in words.
  private static func shown(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? " \($1.lowercased())" : String($1) }
  }

  // MARK: - Tables

  private static func table(_ name: String, _ rows: [JSONValue], to output: inout Output) {
    let figures = rows.lazy.compactMap(\.figureNames).first { !$0.isEmpty } ?? []
    let heads = figures.map { $0.hasSuffix("Bytes") && $0 != "Bytes" ? shown(String($0.dropLast(5))) : shown($0) }
    var table = HeapTable(heads: heads + [head(of: name)])
    for row in rows {
      let cells = figures.map { name in
        let number = row.figure(named: name)
        return isSize(name) ? HeapTable.Figure.bytes(number) : .count(number)
      }
      table.add(cells, text(of: row, in: name))
    }
    table.write(to: &output, limit: .max, wrapping: true)
  }

  private static func head(of name: String) -> String {
    switch name {
    case "classes": "type"
    case "leaks": "grade and cycle"
    case "tasks": "state, made by and waiting in"
    case "ladder": "part of the resident memory"
    default: shown(name)
    }
  }

  private static func text(of row: JSONValue, in name: String) -> String {
    switch name {
    case "leaks": "\(row["grade"]?.text ?? ""): \(row["cycle"]?.text ?? "")"
    case "tasks":
      (row["state"]?.text ?? "") + ": "
        + taskWay(creator: row["creator"]?.text, frames: row["frames"]?.values?.compactMap(\.text) ?? [])
    case "verbs":
      "\(row["method"]?.text ?? "") \(row["path"]?.text ?? "")"
        + (row["parameters"]?.values ?? []).compactMap(\.text).map { " \($0)=" }.joined()
        + ": \(row["purpose"]?.text ?? "")"
    default: row.texts.joined(separator: " ")
    }
  }

  /// Who holds an object: from the root, by each label to a type.
  private static func way(_ root: String?, _ steps: [JSONValue]) -> String {
    let parts = steps.map { step in
      let mark = step["certain"] == .integer(0) ? "? " : ""
      let label = step["label"]?.text ?? ""
      return mark + (label.isEmpty ? "" : label + " ") + "(\(step["type"]?.text ?? ""))"
    }
    return ([root ?? "nothing outside"] + parts).joined(separator: " -> ")
  }
}

extension JSONValue {
  fileprivate var isObject: Bool { if case .object = self { true } else { false } }

  private var members: [Member] { if case .object(let members) = self { members } else { [] } }

  fileprivate var figureNames: [String]? {
    members.compactMap { if case .integer = $0.value { $0.name } else { nil } }
  }

  fileprivate func figure(named name: String) -> Int {
    for member in members where member.name == name { if case .integer(let value) = member.value { return value } }
    return 0
  }

  fileprivate var texts: [String] { members.compactMap(\.value.text) }
}
