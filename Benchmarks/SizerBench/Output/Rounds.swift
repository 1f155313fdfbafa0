// SPDX-License-Identifier: Apache-2.0

/// Measures all ways in turns in each round, after a round that does not count. Every other round goes the other way
/// about: a neighbour that comes and goes in step would always meet the same one.
///
/// - Returns: of each way what each round told.
func inTurns<Way>(_ ways: [Way], rounds: Int, _ measure: (Way) throws -> Double) rethrows -> [[Double]] {
  var results = [[Double]](repeating: [], count: ways.count)
  for round in -1..<rounds {
    for index in round.isMultiple(of: 2) ? Array(ways.indices) : ways.indices.reversed() {
      let result = try measure(ways[index])
      if round >= 0 { results[index].append(result) }
    }
  }
  return results
}
