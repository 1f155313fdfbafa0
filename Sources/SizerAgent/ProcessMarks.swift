// SPDX-License-Identifier: Apache-2.0
import Glibc

/// What tells a process from others, in forms that are fit for file names.
package struct ProcessMarks: Sendable, Hashable {
  /// Its number, as it sees it itself.
  package var number: Int32
  /// When it was started, by the clock of UTC: `20261129T131506.512Z`. Sorts by time.
  package var time: String
  /// What its host calls itself, in a container as a rule the container's or the pod's name.
  package var host: String

  package init(number: Int32, time: String, host: String) {
    self.number = number
    self.time = time
    self.host = host
  }

  /// Those of this process, which is taken to have been started just now.
  package static var ofThisProcess: ProcessMarks {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return ProcessMarks(
      number: getpid(), time: time(seconds: now.tv_sec, milliseconds: now.tv_nsec / 1_000_000), host: ownHost)
  }

  /// A moment since 1970 in the form that ``time`` has.
  package static func time(seconds: Int, milliseconds: Int) -> String {
    var (seconds, parts) = (time_t(seconds), tm())
    gmtime_r(&seconds, &parts)
    func digits(_ number: Int, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
    let date = digits(Int(parts.tm_year) + 1900, 4) + digits(Int(parts.tm_mon) + 1, 2) + digits(Int(parts.tm_mday), 2)
    let clock = digits(Int(parts.tm_hour), 2) + digits(Int(parts.tm_min), 2) + digits(Int(parts.tm_sec), 2)
    return "\(date)T\(clock).\(digits(milliseconds, 3))Z"
  }

  static let timeLength = 20

  /// Whether a text has that form.
  static func isTime(_ text: Substring) -> Bool {
    let form = "00000000T000000.000Z"
    return text.count == form.count
      && zip(text, form).allSatisfy { $1 == "0" ? $0.isASCII && $0.isNumber : $0 == $1 }
  }

  // A host may be called anything that the kernel takes.
  private static var ownHost: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "host" }
    return fileName(String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  /// A host's name as a part of a file's: what is no letter, digit, dot, dash or underscore is an underscore.
  package static func fileName(_ host: String) -> String {
    let text = String(
      host.unicodeScalars.map { scalar in
        let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
        return isPlain || scalar == "." || scalar == "-" || scalar == "_" ? Character(scalar) : "_"
      })
    return text.isEmpty ? "host" : text
  }
}
