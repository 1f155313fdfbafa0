// SPDX-License-Identifier: Apache-2.0

/// So many of something, in words: `1 object`, `2 objects`, `0 classes`.
///
/// - Parameter many: What more than one are called; with an s behind it unless told otherwise.
package func counted(_ count: some BinaryInteger, _ one: String, _ many: String? = nil) -> String {
  "\(count) \(count == 1 ? one : many ?? one + "s")"
}
