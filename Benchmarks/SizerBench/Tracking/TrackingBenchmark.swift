// SPDX-License-Identifier: Apache-2.0

/// All that `tracking` measures.
struct TrackingBenchmark {
  struct Effort {
    /// How many rounds of the loop each way of tracking gets, and how many objects each round makes.
    var rounds: Int
    var pairs: Int
    /// How many objects live in the benchmarks of memory and snapshots.
    var counts: [Int]
    /// How many snapshots are taken before "after so many snapshots".
    var snapshots: Int
    var measuresPeers: Bool
    /// Of how many living objects one is replaced at random.
    var living: [Int]
    /// How long a server is asked in each round.
    var serverSeconds: Double

    /// Three minutes.
    static let full = Effort(
      rounds: 31, pairs: 200_000, counts: [1_000, 100_000, 1_000_000], snapshots: 100, measuresPeers: true,
      living: [100_000, 1_000_000], serverSeconds: 0.5)
    static let quick = Effort(
      rounds: 11, pairs: 100_000, counts: [1_000, 100_000], snapshots: 100, measuresPeers: false,
      living: [100_000], serverSeconds: 0.2)
  }

  var effort: Effort
  /// What is to be measured only; all when there is none.
  var only: String?
  private let progress = Progress()

  init(effort: Effort, only: String? = nil) {
    self.effort = effort
    self.only = only
  }

  /// The parts beside the loops.
  private enum Part: String, CaseIterable { case memory, snapshots, server, peers }

  /// Refuses to measure only what is not there, and says what is.
  func validate() throws(BenchError) {
    let ways = EventWay.all(living: effort.living)
    guard let only, Part(rawValue: only) == nil, only.isEmpty || !ways.contains(where: { $0.isNamed(by: only) })
    else { return }
    let parts = Part.allCases.map(\.rawValue).joined(separator: ", ")
    var titles: [String] = []
    for way in ways where !way.isFloor && !titles.contains(way.title) { titles.append(way.title) }
    throw BenchError(
      "There is nothing with “\(only)” in its title. Say one of \(parts); or a part of:\n  "
        + titles.joined(separator: "\n  "))
  }

  private func includes(_ part: Part) -> Bool { only == nil || only == part.rawValue }

  func run() throws -> TrackingFigures {
    defer { progress.clear() }
    let floor = try FloorProcess()
    var figures = TrackingFigures(allocator: floor.allocator)
    if includes(.snapshots) { figures.snapshots.append(try SnapshotBenchmark.fixedPart()) }
    if only.flatMap(Part.init) == nil {
      progress.show("making and freeing objects")
      figures.events = try EventBenchmark(effort: effort, floor: floor, only: only).run()
    }
    for count in effort.counts.dropFirst() where includes(.memory) {
      progress.show("what \(count.grouped) tracked objects weigh")
      figures.memory += try MemoryBenchmark(objects: count).run()
    }
    for count in effort.counts where includes(.snapshots) {
      progress.show("snapshots of \(count.grouped) objects")
      figures.snapshots += try SnapshotBenchmark(objects: count, snapshots: effort.snapshots).run()
    }
    if includes(.server) {
      progress.show("requests of a server")
      figures.servers = try ServerBenchmark(rounds: effort.rounds, seconds: effort.serverSeconds).run()
    }
    if effort.measuresPeers || only == Part.peers.rawValue, includes(.peers) {
      progress.show("peers")
      figures.peers = try Peers.all()
    }
    return figures
  }
}
