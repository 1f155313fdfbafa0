// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Texts as the bytes that they are. Swift's own `==`, `<` and `hash(into:)` take é for é, one scalar or two, and for
/// that bring both into one form first: a text of a million marks takes a second each time.
extension String {
  /// The bytes of UTF-8, in place.
  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    // Strings of this platform's are in one piece; a copy is made of any that is not.
    utf8.withContiguousStorageIfAvailable(body) ?? Array(utf8).withUnsafeBufferPointer(body)
  }

  /// Whether both have the same bytes.
  package func isSameText(as other: String) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    return utf8.isEmpty
      || withBytes { mine in other.withBytes { memcmp(mine.baseAddress!, $0.baseAddress!, mine.count) == 0 } }
  }

  /// Whether it comes first in the order of their bytes, which is that of their scalars.
  package func precedes(_ other: String) -> Bool {
    withBytes { mine in
      other.withBytes { theirs in
        let shared = min(mine.count, theirs.count)
        let order = shared == 0 ? 0 : memcmp(mine.baseAddress!, theirs.baseAddress!, shared)
        return order == 0 ? mine.count < theirs.count : order < 0
      }
    }
  }

  /// The start of the text, at most so many bytes, with no scalar cut in two.
  package func prefix(bytes: Int) -> Substring {
    guard utf8.count > bytes else { return self[...] }
    return self[..<scalarStart(at: bytes)]
  }

  /// The end of the text, at most so many bytes, with no scalar cut in two.
  package func suffix(bytes: Int) -> Substring {
    guard utf8.count > bytes else { return self[...] }
    let wanted = scalarStart(at: utf8.count - bytes)
    let start =
      utf8.distance(from: utf8.startIndex, to: wanted) + bytes < utf8.count
      ? unicodeScalars.index(after: wanted) : wanted
    return self[start...]
  }

  /// The start of the scalar that has the byte at an offset.
  private func scalarStart(at offset: Int) -> Index {
    let index = utf8.index(utf8.startIndex, offsetBy: max(0, offset))
    return index == endIndex ? index : unicodeScalars.index(before: unicodeScalars.index(after: index))
  }

  /// What stands behind the last slash of a path, trailing ones aside. No system has longer names of files than what is
  /// looked at.
  package var lastPathComponent: Substring {
    let end = suffix(bytes: 1_024).utf8
    let slash = UInt8(ascii: "/")
    guard let last = end.lastIndex(where: { $0 != slash }) else { return "" }
    let name = end[...last]
    let start = name.lastIndex(of: slash).map { name.index(after: $0) } ?? name.startIndex
    return Substring(name[start...])
  }
}
