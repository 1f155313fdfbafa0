// SPDX-License-Identifier: Apache-2.0

/// A number of bytes as ten columns of text: ` 344 B`, ` 1.42 MB`. Steps of 1024, while the value is greater than that;
/// two decimals, rounded half to even as printf does, from integers and so without error.
package func sizeText(_ bytes: Int) -> String {
  let sign = bytes < 0 ? "-" : ""
  var degree = 0
  while degree < units.count - 1, isGreater(bytes.magnitude, than: degree + 1) { degree += 1 }
  guard degree > 0 else { return padded(left: sign + String(bytes.magnitude), to: 4) + "     B" }
  let shift = 10 * degree
  let scaled = UInt128(bytes.magnitude) * 100
  let half = UInt128(1) << UInt128(shift - 1)
  let rest = scaled & (half * 2 - 1)
  var hundredths = scaled >> UInt128(shift)
  if rest > half || (rest == half && hundredths % 2 == 1) { hundredths += 1 }
  let number = "\(sign)\(hundredths / 100).\(twoDigits(UInt64(hundredths % 100)))"
  return padded(left: number, to: 7) + " " + units[degree]
}

private let units = ["B", "KB", "MB", "GB", "TB", "PB", "EB"]

/// Whether a number is greater than 1024 to the power of `degree`.
private func isGreater(_ number: UInt, than degree: Int) -> Bool {
  number > 1 << UInt(10 * degree)
}

/// A time as `HH:MM:SS.ss`: hours take as many digits as they need; hundredths are cut off, not rounded, and so never
/// reach 60 s.
package func timeText(_ duration: Duration) -> String {
  let (seconds, attoseconds) = duration.components
  let hundredths = attoseconds.magnitude / 10_000_000_000_000_000
  let whole = seconds.magnitude
  let sign = seconds < 0 || attoseconds < 0 ? "-" : ""
  return sign + twoDigits(whole / 3600) + ":" + twoDigits(whole / 60 % 60) + ":" + twoDigits(whole % 60) + "."
    + twoDigits(hundredths)
}

/// A part of a whole in percent, rounded down, from 0 to 100; 0 when there is no whole.
package func percent(_ part: Int, of whole: Int) -> Int {
  guard part > 0, whole > 0 else { return 0 }
  return part >= whole ? 100 : Int(UInt128(part) * 100 / UInt128(whole))
}

/// An address as printf's `0x%08x` has it.
package func addressText(_ address: UInt64) -> String {
  let digits = String(address, radix: 16)
  return "0x" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
}

private func twoDigits(_ number: UInt64) -> String {
  number < 100 ? twoDigitTexts[Int(number)] : String(number)
}

private let twoDigitTexts = (0..<100).map { $0 < 10 ? "0\($0)" : String($0) }
