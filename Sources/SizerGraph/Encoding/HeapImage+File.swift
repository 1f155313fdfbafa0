// SPDX-License-Identifier: Apache-2.0
import Glibc

extension HeapImage {
  /// The image in a file that `HeapGraph.write(to:)` wrote. It may come from a stranger: it is checked throughout, and
  /// no code of it runs. Time and memory in proportion to the file's length.
  public init(contentsOf path: String) throws(HeapImageError) {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .unreadable(path, errno) }
    defer { close(file) }
    var bytes: [UInt8] = []
    // Not mapped: a file that is cut meanwhile would end the process.
    var piece = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = read(file, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(path, errno) }
      if count == 0 { break }
      bytes.append(contentsOf: piece[..<count])
    }
    do throws(HeapImageError) {
      try self.init(decoding: bytes)
    } catch {
      throw error.naming(path)
    }
  }
}
