// SPDX-License-Identifier: Apache-2.0

/// Figures in English, as pages and drawings have them.
package enum Sentences {
  /// Bytes in the largest unit of 1,024 that leaves at least 1, with three digits: `1.42 MB`, `344 B`.
  package static func bytes(_ count: Int) -> String {
    let units = ["B", "KB", "MB", "GB", "TB", "PB", "EB"]
    var value = Double(count)
    var unit = 0
    while abs(value) >= 999.5, unit < units.count - 1 {
      value /= 1_024
      unit += 1
    }
    return "\(unit == 0 ? grouped(count) : threeDigits(value)) \(units[unit])"
  }

  /// A time since the tracker was made: `12.5 s`, `1:02:03`.
  package static func time(_ duration: Duration) -> String {
    let parts = duration.components
    // Longer than any process lives, and less than a number holds.
    let seconds = min(max(Double(parts.seconds) + Double(parts.attoseconds) / 1e18, -1e10), 1e10)
    if seconds == 0 { return "0 s" }
    if seconds < 0.001 { return "\(threeDigits(seconds * 1e6)) µs" }
    if seconds < 1 { return "\(threeDigits(seconds * 1e3)) ms" }
    if seconds < 60 { return "\(threeDigits(seconds)) s" }
    let whole = Int(seconds)
    return [whole / 3_600, whole / 60 % 60, whole % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
  }

  /// A number with commas between thousands.
  package static func grouped(_ number: Int) -> String {
    var digits = Array(String(number.magnitude))
    for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
    return (number < 0 ? "−" : "") + String(digits)
  }

  /// A share in percent, with one decimal below 10.
  package static func percent(_ part: Int, of whole: Int) -> String {
    guard whole > 0 else { return "–" }
    let tenths = Int((Double(part) / Double(whole) * 1_000).rounded())
    return tenths >= 100 ? "\((tenths + 5) / 10) %" : "\(tenths / 10).\(tenths % 10) %"
  }

  /// So many of something, in words.
  package static func counted(_ count: Int, _ one: String, _ many: String) -> String {
    "\(grouped(count)) \(count == 1 ? one : many)"
  }

  /// A number below 1,024 with three digits, as long as the decimals are two at most.
  private static func threeDigits(_ value: Double) -> String {
    let decimals = abs(value) < 9.995 ? 2 : abs(value) < 99.95 ? 1 : 0
    let scale = [1, 10, 100][decimals]
    let scaled = Int((abs(value) * Double(scale)).rounded())
    let fraction = String(scaled % scale + scale).dropFirst()
    let whole = "\(value < 0 ? "−" : "")\(grouped(scaled / scale))"
    return decimals == 0 ? whole : "\(whole).\(fraction)"
  }
}
