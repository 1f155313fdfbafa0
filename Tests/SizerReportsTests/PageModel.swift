// SPDX-License-Identifier: Apache-2.0

import Foundation
import SizerProfile
import SizerReports

/// The data of a page as its script has it, read from the page's bytes.
struct PageModel: Decodable {
  struct Total: Decodable { var snapshots, objects, classes: Int }
  struct Other: Decodable {
    var classes, made: Int
    var active, bytes: [Int]
  }
  struct Living: Decodable {
    struct Row: Decodable { var name: Int, count, bytes: [Int] }
    struct Rest: Decodable { var types: Int, count, bytes: [Int] }
    var at: [Int]
    var types: [Row]
    var other: Rest
  }
  struct Pairs: Decodable { var lives, bytesByFirst, bytesByLast: [[Int]] }
  struct SnapshotEntry: Decodable {
    var number, time, tracked: Int
    var label, sentence: String
  }
  struct ClassEntry: Decodable {
    var name, made, peak, keepsAll: Int
    var active, bytes, events: [Int]
    var pairs: Pairs?
    var distribution: [[Int]]?
    var referents: [[Int]]?
    var slabs: [[Int]]?
    var traces: [[Int]]
    var instances: [[Cell]]
  }
  /// The part of `HeapPageData` that is looked at: steps are [label, type, 1 if it is sure, …].
  struct Heap: Decodable {
    struct Leak: Decodable { var cycle: [Int] }
    struct TypeEntry: Decodable {
      var name: Int
      var root: Int?
      var path: [Int]?
    }
    var leaks: [Leak]
    var types: [TypeEntry]
    var noTasks: String?
  }
  /// A number or, for an address, a text.
  struct Cell: Decodable {
    var number: Int?
    init(from decoder: any Decoder) throws { number = try? decoder.singleValueContainer().decode(Int.self) }
  }

  var title: String
  var total: Total
  var end, moments: Int
  var other: Other
  var snapshots: [SnapshotEntry]
  var classes: [ClassEntry]
  var living: Living?
  var texts: [String]
  var calls, nodes: [Int]
  var heap: Heap?
  /// Of the whole page.
  var byteCount = 0

  private enum CodingKeys: CodingKey {
    case title, total, end, moments, other, snapshots, classes, living, texts, calls, nodes, heap
  }

  static func of(_ history: History, title: String = "t", limits: PageLimits = PageLimits()) throws -> PageModel {
    let page = HTMLReport(Statistics(history), title: title).page(limits: limits)
    let text = String(decoding: page, as: UTF8.self)
    let start = text.range(of: "<script type=\"application/json\" id=\"data\">")!.upperBound
    let end = text.range(of: "</script>", range: start..<text.endIndex)!.lowerBound
    var model = try JSONDecoder().decode(PageModel.self, from: Data(text[start..<end].utf8))
    model.byteCount = page.count
    return model
  }

  /// Steps as one number for each of `count` positions.
  static func expanded(_ steps: some RandomAccessCollection<Int>, count: Int) -> [Int] {
    var numbers = [Int](repeating: 0, count: count)
    let steps = Array(steps)
    for index in stride(from: 0, to: steps.count, by: 2) {
      for position in steps[index]..<count { numbers[position] = steps[index + 1] }
    }
    return numbers
  }
}
