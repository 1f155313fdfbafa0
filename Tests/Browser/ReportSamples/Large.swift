// SPDX-License-Identifier: Apache-2.0

import SeededRandom
import SizerProfile

/// A million objects of thirty classes over twenty snapshots; a third of them change size at each.
enum Large {
  static let pair = (from: 3, to: 17)
  static let count = 1_000_000

  static func builder() -> SampleBuilder {
    let second: Int64 = 1_000_000_000
    let snapshots = (0..<20).map { position in
      Snapshot(
        label: position % 5 == 0 ? "hour \(position / 5)" : "", timestamp: .seconds(position * 180 + 60),
        overheadBytes: 60_000_000 + position * 900_000, mode: .frozen, pause: .milliseconds(4),
        process: ProcessMemory(virtual: 8_000_000_000, resident: 900_000_000 + position * 50_000_000))
    }
    var builder = SampleBuilder(snapshots: snapshots, pair: pair)
    var random = SeededGenerator(seed: 11)
    let traces = (0..<2_000).map { number in
      builder.trace(
        (0..<24).map { depth in
          let choice = depth == 23 ? 0 : number >> (depth / 3) % 8
          return StackTrace.Frame(
            address: UInt64(depth * 1_000 + choice), function: "Module\(choice % 7).Type\(depth).method\(choice)(_:)",
            file: "/build/Sources/Module\(choice % 7)/Type\(depth).swift", line: 10 + choice, image: "/usr/bin/service")
        })
    }
    let names = (0..<30).map { "Service.Layer\($0 % 6).Component\($0)" }
    for number in 0..<count {
      let rank = Int.random(in: 0..<30, using: &random)
      let rest = Int.random(in: 0..<1_000, using: &random)
      let birth = Int64(number) * second * 3_500 / Int64(count)
      let lives = rest % 4 == 0
      let size = 48 * (1 + rank % 9) + 16 * (rest % 50)
      builder.add(
        names[rank * rest / 1_000], birth: birth, end: lives ? .max : birth + Int64(1 + rest) * second,
        trace: rest % 2 == 0 ? traces[rest * 2] : History.ObjectRow.none
      ) { snapshot in rest % 3 == 0 ? size + 32 * snapshot : size }
    }
    return builder
  }
}
