// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What lies in a folder.
enum FolderEntries {
  /// The names, in no order; none of a folder that can't be read.
  static func names(of folder: String) -> [String] {
    guard let entries = opendir(folder) else { return [] }
    defer { closedir(entries) }
    var found: [String] = []
    while let entry = readdir(entries) {
      found.append(
        withUnsafePointer(to: &entry.pointee.d_name) { name in
          name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        })
    }
    return found
  }
}
