// SPDX-License-Identifier: Apache-2.0

import Glibc
import SizerProfile
import SizerReports

/// Files with engines' answers, and where the reports are that their page leads to.
enum FleetAnswers {
  /// An answer is some rows; what is larger is something else.
  private static let most = 16 << 20

  static func load(_ path: String) throws -> FleetAnswer {
    // A pipe is not waited for.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw OutputError.system(errno, path, "can't be read") }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(message: "\(path) is no plain file; name an answer that an engine wrote, as comma-separated values")
    }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(descriptor, &piece, piece.count)
      guard count >= 0 else { throw OutputError.system(errno, path, "can't be read") }
      if count == 0 { break }
      bytes += piece[..<count]
      guard bytes.count <= most else {
        throw Failure(message: "\(path) is larger than \(most >> 20) MB: an answer is some rows; ask with a LIMIT")
      }
    }
    guard let answer = FleetAnswer(String(decoding: bytes, as: UTF8.self)) else {
      throw Failure(
        message: "\(path) is no answer to a question of Fleet/; it begins with the names of the question's columns")
    }
    return answer
  }

  /// The link from a page to the report of a profile, which `sizer html` writes beside it; nil where there is none.
  static func report(of profile: String, forPageAt page: String?) -> String? {
    guard profile.hasSuffix(".sizer") else { return nil }
    guard let report = real(String(profile.dropLast(6)) + ".html") else { return nil }
    let folder = real(page.map { $0.contains("/") ? String($0[..<$0.lastIndex(of: "/")!]) + "/" : "." } ?? ".") ?? "/"
    let (from, to) = (folder.split(separator: "/"), report.split(separator: "/"))
    let shared = zip(from, to).prefix { $0 == $1 }.count
    let up = from.dropFirst(shared).map { _ in ".." }
    return (up + to.dropFirst(shared).map { escaped($0) }).joined(separator: "/")
  }

  private static func real(_ path: String) -> String? {
    guard !path.utf8.contains(0), let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  /// A part of a path as an address has it: nothing of it is read as another part, or as a scheme.
  private static func escaped(_ name: Substring) -> String {
    let digits = Array("0123456789ABCDEF")
    var text = ""
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default: text += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
    return text
  }
}
