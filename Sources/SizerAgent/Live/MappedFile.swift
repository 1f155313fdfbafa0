// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A file's content, outside of the program's heap. What the disk refuses to give is the kernel's to tell: nothing here
/// reads the bytes itself.
package final class MappedFile: Sendable {
  // unsafe: a mapping that nobody writes to, and that lives as long as this object.
  private nonisolated(unsafe) let start: UnsafeMutableRawPointer?
  package let count: Int

  /// nil when the system refuses it.
  package init?(path: String) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    count = Int(status.st_size)
    let mapped = count > 0 ? mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0) : nil
    guard mapped != MAP_FAILED else { return nil }
    start = mapped
  }

  deinit { if let start { munmap(start, count) } }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    withExtendedLifetime(self) { body(UnsafeRawBufferPointer(start: start, count: count)) }
  }
}
