// SPDX-License-Identifier: Apache-2.0

/// Two jobs timed in turns, so that what slows the machine down slows both.
struct SideBySide {
  private var rounds: [(first: Duration, second: Duration)] = []

  /// How long to go on: at least so many rounds, and at least so long.
  struct Effort {
    var rounds: Int
    var time: Duration
  }

  /// Runs both jobs once to warm up, then in turns, and checks every round's results against each other.
  static func measure<Result>(
    _ effort: Effort, _ first: () throws -> Result, against second: () throws -> Result,
    check: (Result, Result) throws -> Void
  ) throws -> SideBySide {
    try check(first(), second())
    var measured = SideBySide()
    let start = ContinuousClock.now
    while measured.rounds.count < effort.rounds || start.duration(to: .now) < effort.time {
      // Every other round the other way about: a neighbour that comes and goes in step would always meet the same job.
      let isTurned = !measured.rounds.count.isMultiple(of: 2)
      let early = isTurned ? try timed(second) : nil
      let (firstResult, firstTime) = try timed(first)
      let (secondResult, secondTime) = try early ?? timed(second)
      try check(firstResult, secondResult)
      measured.rounds.append((firstTime, secondTime))
    }
    return measured
  }

  /// The fastest round of each: what disturbs a job only ever makes it slower.
  var first: Duration { rounds.map(\.first).min() ?? .zero }
  var second: Duration { rounds.map(\.second).min() ?? .zero }

  /// How many times as long the first job takes: the median over the rounds, since the two jobs of a round ran under
  /// the same conditions. Measured with two equal jobs: 2 % off at most on an idle machine, 4 % on average on a busy
  /// one. The ratio of the fastest rounds was off by up to 20 %.
  var ratio: Double {
    let ratios = rounds.map { $0.first / $0.second }.sorted()
    return ratios.isEmpty ? .nan : ratios[ratios.count / 2]
  }
}

/// Runs a job and tells how long it took.
func timed<Result>(_ job: () throws -> Result) rethrows -> (result: Result, time: Duration) {
  let start = ContinuousClock.now
  let result = try job()
  return (result, start.duration(to: .now))
}
