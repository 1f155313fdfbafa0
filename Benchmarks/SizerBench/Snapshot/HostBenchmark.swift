// SPDX-License-Identifier: Apache-2.0

import Sizer

/// All that `snapshot` measures: each heap in a process of its own, for jemalloc's pages are chosen when a process
/// starts.
struct HostBenchmark {
  struct Effort {
    var mebibytes: [Int]
    var rounds: Int
    /// For how long the worker is watched before and after.
    var milliseconds: Int
    var samples: Int
    /// For how long samples are taken in the background.
    var monitoring: Duration

    /// Three minutes where a core is free, and 7 GB of memory.
    static let full = Effort(
      mebibytes: [100, 1_024, 4_096], rounds: 11, milliseconds: 1_500, samples: 2_000, monitoring: .seconds(10))
    static let quick = Effort(
      mebibytes: [100], rounds: 7, milliseconds: 400, samples: 500, monitoring: .seconds(2))
  }

  var effort: Effort
  private let progress = Progress()

  init(effort: Effort) { self.effort = effort }

  func run() throws -> HostFigures {
    defer { progress.clear() }
    progress.show("monitoring with nothing tracked")
    var figures = HostFigures(monitoring: try MonitoringBenchmark(effort: effort).run())
    for mebibytes in effort.mebibytes {
      let available = try KernelFigures.availableBytes()
      guard HostBenchmark.neededBytes(mebibytes) <= available else {
        figures.leftOut.append(
          "\(mebibytes.grouped) MiB: needs \(HostBenchmark.neededBytes(mebibytes) >> 20) MiB, "
            + "\(available >> 20) MiB are free"
        )
        continue
      }
      for pages in Pages.allCases {
        figures.heaps.append(try heap(mebibytes, pages))
      }
      figures.heaps.append(try heap(mebibytes, .small, .oneProcessor))
    }
    if let smallest = effort.mebibytes.first, figures.heaps.contains(where: { $0.mebibytes == smallest }) {
      figures.heaps.append(try heap(smallest, .small, .inPlace))
    }
    return figures
  }

  /// The heap, half of it once more for pages that are copied, and room for all else.
  private static func neededBytes(_ mebibytes: Int) -> Int { (mebibytes * 3 / 2 + 512) << 20 }

  private func heap(_ mebibytes: Int, _ pages: Pages, _ way: Way = .frozen) throws -> HeapFigures {
    progress.show("snapshots \(way.rawValue) of \(mebibytes.grouped) MiB in \(pages.title) pages")
    // One of the largest heap takes seconds.
    let rounds = mebibytes > 1_024 ? effort.rounds / 2 : effort.rounds
    var arguments = ["snapshot-heap", String(mebibytes), String(rounds), String(effort.milliseconds)]
    if let option = way.option { arguments.append(option) }
    var heap = try ChildProcess.run(
      arguments, environment: ["MALLOC_CONF": pages.configuration], as: HeapFigures.self)
    heap.pages = pages.title
    if way == .oneProcessor { heap.threads = 1 }
    return heap
  }
}

/// How snapshots are taken.
private enum Way: String {
  case frozen = "by fork"
  case oneProcessor = "by fork and one thread"
  case inPlace = "in place"

  var option: String? {
    switch self {
    case .frozen: nil
    case .oneProcessor: "--one-processor"
    case .inPlace: "--in-place"
    }
  }
}

/// What jemalloc is told about its memory's pages.
private enum Pages: CaseIterable {
  case small, huge

  var title: String { self == .small ? "4 KiB" : "huge" }
  var configuration: String { self == .small ? "thp:never" : "thp:always" }
}
