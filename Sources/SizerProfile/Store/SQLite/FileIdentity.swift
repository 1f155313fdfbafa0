// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Which file it is, whatever its name or the number of its descriptor. A program may close descriptors that it does
/// not know (close_range, closefrom); its own files then get their numbers.
struct FileIdentity: Equatable, Sendable {
  private let device: dev_t
  private let inode: ino_t

  init(_ status: stat) { (device, inode) = (status.st_dev, status.st_ino) }

  /// What a descriptor stands for; nil when it is closed.
  init?(descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }
}
