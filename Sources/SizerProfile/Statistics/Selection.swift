// SPDX-License-Identifier: Apache-2.0

extension Statistics {
  /// How many objects to show, from the first one on.
  public enum Limit: Sendable, Hashable, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
    /// All.
    case all
    /// At most so many; none when it is negative.
    case count(Int)
    /// A part, from 0 to 1, of what the filter left: rounded down, but at least one object unless it is 0. What is
    /// below 0 or not a number counts as 0, what is above 1 as 1.
    case fraction(Double)

    /// `limit: 3` is at most three objects.
    public init(integerLiteral value: Int) { self = .count(value) }

    /// `limit: 0.5` is half of the objects.
    public init(floatLiteral value: Double) { self = .fraction(value) }

    /// How many of so many objects to show.
    package func applied(to total: Int) -> Int {
      switch self {
      case .all: return total
      case .count(let count): return min(max(count, 0), total)
      case .fraction(let part):
        guard part > 0, total > 0 else { return 0 }
        return part >= 1 ? total : max(1, Int(Double(total) * part))
      }
    }
  }

  /// The objects that ``printStatistics(className:limit:folded:)`` prints for the same arguments, in the current order.
  ///
  /// - Parameters:
  ///   - className: Only objects whose name or class name contains this text, byte for byte; nil for all.
  ///   - limit: How many of those.
  public func objects(className: String?, limit: Limit = .all) -> [TrackedObject] {
    selection(className: className, limit: limit).map { trackedObject(row: $0) }
  }

  /// Rows of `history.objects`, in the current order, whose name or class name contains a text. Every name is looked
  /// at once, however many objects bear it.
  package func selection(className text: String?, limit: Limit) -> [Int] {
    guard let text else { return (0..<limit.applied(to: objectCount)).map { row(at: $0) } }
    let matches = history.names.map { contains($0, text) }
    let rows = (0..<objectCount).lazy.map { row(at: $0) }.filter { row in
      let object = history.objects[row]
      return matches[Int(object.name)] || matches[Int(object.className)]
    }
    let found = Array(rows)
    return Array(found.prefix(limit.applied(to: found.count)))
  }
}

/// Whether the UTF-8 of one text contains that of the other. Linear in both, whatever they are (Knuth, Morris and
/// Pratt).
private func contains(_ text: String, _ part: String) -> Bool {
  let part = Array(part.utf8)
  if part.isEmpty { return true }
  // For each start of the part, how long the longest shorter start is that it ends with.
  var borders = [0]
  for byte in part.dropFirst() {
    var matched = borders[borders.count - 1]
    while matched > 0, part[matched] != byte { matched = borders[matched - 1] }
    borders.append(part[matched] == byte ? matched + 1 : 0)
  }
  return text.withBytes { text in
    var matched = 0
    for byte in text {
      while matched > 0, part[matched] != byte { matched = borders[matched - 1] }
      if part[matched] == byte { matched += 1 }
      if matched == part.count { return true }
    }
    return false
  }
}
