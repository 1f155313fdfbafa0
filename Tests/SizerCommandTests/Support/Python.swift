// SPDX-License-Identifier: Apache-2.0
import Testing

/// Runs a Python program on a file and returns the lines that it prints: Python's own readers of JSON and CSV say what
/// others will read in what `sizer` wrote.
func python(_ program: String, _ input: String) throws -> [String] {
  let ended = try run(["python3", "-c", program], environment: ["PYTHONUTF8": "1"], input: input)
  guard ended.status == 0 else {
    throw ChildError(description: "python3 failed (./bootstrap --dev installs it): \(ended.errors)")
  }
  return ended.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
}

/// UTF-8 in hexadecimal: what Python's `text.encode().hex()` gives.
func hexadecimal(_ text: String) -> String {
  text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
