// SPDX-License-Identifier: Apache-2.0

/// Standard output, by way of `print`, so that lines keep their place among the program's own. Gathers some lines
/// first: each `print` locks the stream.
struct StandardOutput: TextOutputStream {
  private var gathered = ""

  mutating func write(_ text: String) {
    gathered += text
    if gathered.utf8.count >= 1 << 14 { flush() }
  }

  /// To be called at the end.
  mutating func flush() {
    print(gathered, terminator: "")
    gathered.removeAll(keepingCapacity: true)
  }
}
