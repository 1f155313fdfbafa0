// SPDX-License-Identifier: Apache-2.0

public import SizerProfile

/// A profile as one HTML file that needs nothing else: no network, no other file, and no script but its own.
///
///     try HTMLReport(Statistics(contentsOf: "server.sizer")).write(to: "server.html")
///
/// The page shows classes and the process's memory over time, each snapshot, each class with its sizes, referents,
/// traces and instances, and the difference of any two snapshots; of the last heap image that was recorded, what lives,
/// who holds it, what is leaked, tasks and waste. It stays below 5 MB: of a large profile it holds all
/// totals, the largest instances and a sample of the others, and says what it left out. Without JavaScript the tables
/// of totals are there.
public struct HTMLReport: Sendable {
  private let statistics: Statistics
  private let title: String

  /// A report of what was recorded. Nothing is computed before it is written.
  ///
  /// - Parameters:
  ///   - statistics: what was recorded.
  ///   - title: the page's heading; any text.
  public init(_ statistics: Statistics, title: String = "Memory profile") {
    self.statistics = statistics
    self.title = title
  }

  /// Writes the page through a temporary file beside `path`, with mode 0600 as it names types, functions and files; a
  /// file that is there already is replaced when the new one is whole, and of a symbolic link the file that it leads
  /// to. A pipe or a device is written to as it is. The same statistics give the same bytes.
  ///
  /// Takes time in proportion to the objects and their sizes, and memory for some twenty bytes per object. May be
  /// called from any thread; blocks it.
  ///
  /// - Throws: ``ReportError`` if the file can't be made, written or renamed; `path` then holds what it held before.
  public func write(to path: String) throws(ReportError) {
    try ReportFile.write(page(limits: PageLimits()), to: path, operation: "HTMLReport.write(to:)")
  }

  /// The page's bytes. The limits are of rows, whose lengths vary: a page that comes out too large is made again with
  /// half of all.
  package func page(limits: PageLimits) -> [UInt8] {
    let heap = HeapFindings(in: statistics.history)
    var limits = limits
    while true {
      let page = page(within: limits, heap)
      let half = limits.halved
      if page.count < 5_000_000 || half == limits { return page }
      limits = half
    }
  }

  private func page(within limits: PageLimits, _ heap: HeapFindings?) -> [UInt8] {
    let history = statistics.history
    let catalogue = Catalogue(history, limits: limits)
    var markup = Markup()
    markup.writeHead(title: title)
    markup.writeSummary(of: history, catalogue, heap, title: title)
    markup.writeScripts(data: PageData.of(history, catalogue, heap, title: title, limits: limits))
    return markup.bytes
  }
}
