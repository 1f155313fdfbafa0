// SPDX-License-Identifier: Apache-2.0

import SizerExports

/// A column of an answer as the page shows it.
struct FleetColumn {
  enum Form {
    case name, count, bytes, percent
    /// A drawing of what lies between the figures of two columns, and of two columns' figures.
    case interval(String, String)
    case bars(String, String)
  }

  let head: String
  /// The answer's column; of a drawing nothing.
  let name: String
  let form: Form

  init(_ head: String, _ name: String, _ form: Form) {
    self.head = head
    self.name = name
    self.form = form
  }

  var isNumber: Bool {
    switch form {
    case .count, .bytes, .percent: true
    default: false
    }
  }

  /// How far a drawing reaches.
  func reach(_ answer: FleetAnswer, _ row: Int) -> Double {
    switch form {
    case .interval(let one, let other), .bars(let one, let other):
      max(answer.number(row, one) ?? 0, answer.number(row, other) ?? 0, 0)
    default: 0
    }
  }

  /// A figure in words; a dash for what is none.
  func text(_ answer: FleetAnswer, _ row: Int) -> String {
    guard let number = answer.number(row, name) else { return "–" }
    let sign = number < 0 ? "−" : ""
    let whole = Int(number.magnitude.rounded())
    switch form {
    case .bytes: return sign + Sentences.bytes(whole)
    case .percent: return "\(sign)\(Sentences.grouped(whole)) %"
    default:
      let tenths = Int((number.magnitude * 10).rounded())
      return sign + Sentences.grouped(tenths / 10) + (tenths % 10 == 0 ? "" : ".\(tenths % 10)")
    }
  }

  static func all(of question: FleetAnswer.Question) -> [FleetColumn] {
    let name = FleetColumn("Class", "class", .name)
    switch question {
    case .growth:
      return [
        name, .init("A, an hour", "a_bytes_per_hour", .bytes), .init("B, an hour", "b_bytes_per_hour", .bytes),
        .init("More by at least", "low", .bytes), .init("At most", "high", .bytes),
        .init("", "", .interval("low", "high")), .init("Grows in", "growing_b_percent", .percent),
        .init("A", "pods_a", .count), .init("B", "pods_b", .count),
      ]
    case .level:
      return [
        name, .init("A", "bytes_a", .bytes), .init("B", "bytes_b", .bytes), .init("", "", .bars("bytes_a", "bytes_b")),
        .init("Each in A", "each_a", .bytes), .init("Each in B", "each_b", .bytes),
        .init("More by at least", "low", .bytes), .init("At most", "high", .bytes),
      ]
    case .top:
      return [
        name, .init("Median", "median", .bytes), .init("95 %", "p95", .bytes), .init("", "", .bars("median", "p95")),
        .init("Largest", "largest", .bytes), .init("Fleet", "fleet", .bytes),
        .init("With it", "pods_with_it", .count), .init("Of", "pods", .count),
      ]
    case .differ:
      return [
        .init("Process", "pod", .name), .init("Service", "service", .name), .init("Version", "version", .name), name,
        .init("Expected", "expected", .bytes), .init("Found", "bytes", .bytes),
        .init("", "", .bars("expected", "bytes")), .init("Deviations", "deviations", .count),
      ]
    case .leaks:
      return [
        .init("Objects", "types", .name), .init("Grade", "grade", .name), .init("A", "bytes_a", .bytes),
        .init("B", "bytes_b", .bytes), .init("", "", .bars("bytes_a", "bytes_b")),
        .init("With it in A", "with_it_a", .count), .init("Of", "pods_a", .count),
        .init("With it in B", "with_it_b", .count), .init("Of", "pods_b", .count),
      ]
    case .tasks:
      return [
        .init("Function", "function", .name), .init("A", "mean_a", .count), .init("B", "mean_b", .count),
        .init("", "", .bars("mean_a", "mean_b")), .init("Most in B", "most_b", .count),
        .init("Retained in B", "retained_b", .bytes),
      ]
    }
  }
}

extension FleetAnswer.Question {
  var heading: String {
    switch self {
    case .growth: "What grows faster in B"
    case .level: "What weighs more in B"
    case .top: "What weighs most"
    case .differ: "Processes that differ"
    case .leaks: "Leaks in B"
    case .tasks: "Tasks in B"
    }
  }

  var explanation: String {
    switch self {
    case .growth:
      "Bytes an hour, the mean of the processes' slopes. The difference lies between the two bounds: by chance alone "
        + "one class in 30,000 is here."
    case .level: "Bytes of a process at the same age, and of each living instance; the means of the processes."
    case .top: "Each process at its last snapshot; one without the class counts with 0."
    case .differ:
      "By classes that are larger than the other processes of the version, and how busy the process is, explain. A "
        + "process whose report lies beside its profile leads there."
    case .leaks: "Shapes of objects that hold one another and that nothing else holds, in all processes together."
    case .tasks: "How many tasks a process has in a function, in the mean."
    }
  }
}
