// SPDX-License-Identifier: Apache-2.0

import Sizer

/// Who holds some objects, in words; what can't be found out is said.
enum Holders {
  /// Ways to different holders that are told.
  private static let most = 3
  private static let longestPath = 4_096

  /// A line for each of some objects, at these addresses, that are held in different ways.
  static func text(of addresses: [UInt64]) -> [String] {
    do throws(SizerError) {
      let image = try HeapGraph.capture().image
      let finder = PathFinder(of: image)
      var lines: [String] = []
      for address in addresses where lines.count < most {
        guard let object = image.object(at: address) else { continue }
        let line = text(of: finder.path(to: object), address, in: image)
        if !lines.contains(line) { lines.append(line) }
      }
      return lines
    } catch {
      return ["who holds it can't be told: \(error)"]
    }
  }

  private static func text(of path: HeapPath, _ address: UInt64, in image: HeapImage) -> String {
    let group = image.leaks().first { $0.addresses.contains(UInt(address)) }
    if let group { return "held by nothing but the cycle \(group.cycle.text(limit: longestPath))" }
    return "held by \(path.text(limit: longestPath))"
  }
}
