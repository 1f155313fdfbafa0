// SPDX-License-Identifier: Apache-2.0

extension HeapImage {
  /// Which of the images that were made at these times are to be compared for growth, as positions; the last always.
  ///
  /// What grows must grow in each of them, so that two between which no work was done hide all growth: of images that
  /// are less than a second and less than a tenth of the longest distance apart, as the two that prove leaks are, the
  /// last counts. Of more than `most` so many are taken, at even distances in their order.
  ///
  /// - Parameter times: Ascending.
  package static func series(at times: [Duration], atMost most: Int) -> [Int] {
    guard let last = times.indices.last, most > 1 else { return Array(times.indices.suffix(max(most, 0))) }
    let longest = zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? .zero
    let least = min(longest / 10, .seconds(1))
    let apart = times.indices.filter { $0 == last || times[$0 + 1] - times[$0] >= least }
    guard apart.count > most else { return apart }
    return (0..<most).map { apart[$0 * (apart.count - 1) / (most - 1)] }
  }
}
