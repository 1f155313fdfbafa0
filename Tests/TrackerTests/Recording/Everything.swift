// SPDX-License-Identifier: Apache-2.0
import Sizer
import TestSupport
import Testing

/// All that can be printed of statistics: in every order, filtered and limited.
func everything(_ statistics: Statistics) -> [String] {
  var orders = [statistics, statistics.reversed(), statistics.sorted(by: []), statistics.sorted(by: .name, .size)]
  orders += Statistics.SortKey.allCases.map { statistics.sorted(by: $0) }
  var printed = lines { statistics.printSummary(to: &$0) } + lines { statistics.printStatistics(to: &$0) }
  let choices: [(String?, Statistics.Limit)] = [(nil, 20), ("session", 0.03), ("Session", 5), ("no such name", .all)]
  for order in orders {
    for (name, limit) in choices {
      printed += lines { order.printStatistics(className: name, limit: limit, to: &$0) }
    }
  }
  return printed + statistics.trackedClasses
}

/// The file prints what the tracker prints, byte for byte, and is equal in what is not printed.
func expectEqual(
  _ path: String, _ live: Statistics, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let file = try Statistics(contentsOf: path)
  let (printed, expected) = (everything(file), everything(live))
  #expect(printed.count == expected.count, sourceLocation: sourceLocation)
  // Line by line: two texts of a megabyte would tell nobody anything.
  let difference = zip(printed, expected).first { $0 != $1 }
  #expect(difference == nil, sourceLocation: sourceLocation)
  #expect(file.objects == live.objects, sourceLocation: sourceLocation)
  #expect(file.snapshots == live.snapshots, sourceLocation: sourceLocation)
}

extension ProfileError {
  /// The code of the error that `body` throws, which names the path and the call.
  static func code(
    _ path: String, _ operation: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
  ) -> Code? {
    let error = #expect(throws: ProfileError.self, sourceLocation: sourceLocation) { try body() }
    #expect(
      error?.message.hasPrefix(path.isEmpty ? "an empty path " : "\(path) ") == true, sourceLocation: sourceLocation)
    #expect(error?.operation == operation && error.map(isWellFormed) == true, sourceLocation: sourceLocation)
    return error?.code
  }
}
