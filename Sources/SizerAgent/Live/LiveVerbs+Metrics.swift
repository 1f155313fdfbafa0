// SPDX-License-Identifier: Apache-2.0
import Sizer

extension LiveVerbs {
  /// The text format of Prometheus, version 0.0.4.
  func metrics(limit: Int) throws -> HTTPResponse {
    let graph = try capture(edges: false)
    let records = graph.classes
    let shown = records.prefix(limit)
    var text = MetricsText()
    text.family("sizer_heap_objects", "Swift objects that live.", records.reduce(0) { $0 &+ $1.count })
    text.family(
      "sizer_heap_bytes", "Usable bytes of Swift objects and of the raw blocks that they own.",
      records.reduce(0) { $0 &+ $1.bytes })
    text.family(
      "sizer_class_objects", "Objects that live, by class: those of the \(limit) largest.",
      by: "class", shown.map { ($0.typeName, $0.count) })
    text.family(
      "sizer_class_bytes", "Usable bytes of these and of the raw blocks that they own.",
      by: "class", shown.map { ($0.typeName, $0.bytes) })
    text.family(
      "sizer_resident_bytes", "Memory of the process that is present.", graph.ladder.reduce(0) { $0 &+ $1.bytes })
    text.family(
      "sizer_memory_bytes", "What the present memory consists of; the rest may be below zero.",
      by: "part", graph.ladder.map { ($0.name, $0.bytes) })
    write(pauses.value, "sizer_pause", "for answers at the live socket", to: &text)
    write(tracker.pauses, "sizer_snapshot_pause", "for snapshots", to: &text)
    return HTTPResponse(contentType: "text/plain; version=0.0.4; charset=utf-8", body: .bytes(Array(text.text.utf8)))
  }

  private func write(_ pauses: ClassTracker.Pauses, _ name: String, _ cause: String, to text: inout MetricsText) {
    text.summary("\(name)_seconds", "Time that threads stood still \(cause).", count: pauses.count, sum: pauses.total)
    text.family("\(name)_longest_seconds", "The longest such time.", seconds: pauses.longest)
  }
}

/// Metrics as text, a family after the other.
struct MetricsText {
  private(set) var text = ""

  private mutating func begin(_ name: String, _ help: String, _ kind: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind)\n"
  }

  mutating func family(_ name: String, _ help: String, _ value: Int) {
    begin(name, help, "gauge")
    text += "\(name) \(value)\n"
  }

  mutating func family(_ name: String, _ help: String, seconds: Duration) {
    begin(name, help, "gauge")
    text += "\(name) \(seconds.decimal)\n"
  }

  /// Each label once: what has the same name counts together.
  mutating func family(_ name: String, _ help: String, by label: String, _ values: [(name: String, value: Int)]) {
    begin(name, help, "gauge")
    var sums: [String: Int] = [:]
    for one in values { sums[one.name, default: 0] &+= one.value }
    for one in values {
      guard let sum = sums.removeValue(forKey: one.name) else { continue }
      text += "\(name){\(label)=\"\(Self.escaped(one.name))\"} \(sum)\n"
    }
  }

  mutating func summary(_ name: String, _ help: String, count: Int, sum: Duration) {
    begin(name, help, "summary")
    text += "\(name)_sum \(sum.decimal)\n\(name)_count \(count)\n"
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in VisibleText.of(text, limit: 1_000).unicodeScalars {
      if scalar == "\\" || scalar == "\"" { escaped += "\\" }
      escaped.unicodeScalars.append(scalar)
    }
    return escaped
  }
}

extension Duration {
  /// Seconds with six decimals.
  fileprivate var decimal: String {
    let (seconds, attoseconds) = components
    let digits = String(attoseconds / 1_000_000_000_000)
    return "\(seconds)." + String(repeating: "0", count: 6 - digits.utf8.count) + digits
  }

  var milliseconds: Int { Int(components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000) }
}
