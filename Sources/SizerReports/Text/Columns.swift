// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// ASCII text at the right end of so many columns.
package func right(_ text: String, in columns: Int) -> String {
  String(repeating: " ", count: max(0, columns - text.utf8.count)) + text
}

/// Bytes as `344 B` or `1.42 MB`.
package func shortSize(_ bytes: Int) -> String {
  sizeText(bytes).split(separator: " ").joined(separator: " ")
}

/// Bytes with their sign, `+1.42 MB`; none for 0.
package func signedSize(_ bytes: Int) -> String {
  bytes > 0 ? "+" + shortSize(bytes) : shortSize(bytes)
}
