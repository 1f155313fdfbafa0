// SPDX-License-Identifier: Apache-2.0

/// The sections of an image's file, by the numbers that stand in it. `Documents/heap-image.md` says what is in them.
enum Section: UInt8, CaseIterable {
  case info = 1
  case types, labels, address, type, size, count, edge, raw, root, task, thread, ladder, name, unused, hash, slice
  case sizeClasses, call
  case end = 127
  // Readers that do not know these skip them.
  case birth = 128
  case enumCase

  /// As the document calls it.
  var name: String {
    switch self {
    case .sizeClasses: "CLASSES"
    case .enumCase: "CASE"
    default: "\(self)".uppercased()
    }
  }
}

/// The file's constants and limits.
enum Format {
  static let magic: [UInt8] = [0x89, 0x53, 0x5A, 0x48, 0x0D, 0x0A, 0x1A, 0x0A]
  static let headBytes = 16
  static let majorVersion: UInt16 = 1
  static let minorVersion: UInt16 = 0
  static let frameHeadBytes = 8
  static let checksumBytes = 4
  static let longestPayload = 1 << 20
  static let longestText = 65_536
  /// From here on a reader skips what it does not know.
  static let firstOptionalSection: UInt8 = 128
  /// What a number of bytes must be below, so that sums of some are no trap.
  static let bytesLimit: UInt64 = 1 << 48
}
