// SPDX-License-Identifier: Apache-2.0

import Foundation

extension Int {
  /// With thousands separators, the same in every locale.
  var grouped: String {
    var digits = String(magnitude)
    for position in stride(from: digits.count - 3, to: 0, by: -3) {
      digits.insert(",", at: digits.index(digits.startIndex, offsetBy: position))
    }
    return self < 0 ? "-" + digits : digits
  }
}

extension Double {
  /// With as many decimals, whole thousands separated where there are none.
  func decimals(_ count: Int) -> String {
    count == 0 ? Int(rounded()).grouped : String(format: "%.\(count)f", self)
  }

  /// Rounded for machines, which have no use for digits that change from run to run.
  func rounded(to decimals: Int) -> Double {
    let scale = (0..<decimals).reduce(1.0) { scale, _ in scale * 10 }
    return (self * scale).rounded() / scale
  }
}
