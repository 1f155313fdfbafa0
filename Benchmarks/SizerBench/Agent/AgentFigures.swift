// SPDX-License-Identifier: Apache-2.0

/// All figures of `agent`.
struct AgentFigures: Encodable, CustomStringConvertible {
  /// Milliseconds of processor time from the start of a program to its end: without the agent, and what it adds.
  struct Start: Encodable {
    var mode: AgentMode
    var plain: Double
    var added: Double
  }

  /// Nanoseconds for an object made and freed.
  struct Pair: Encodable {
    var plain: Double
    var added: Double
  }

  /// Microseconds of a server's processor time for a request, and the median of each round's ratio to what the plain
  /// server takes in the same round.
  struct Requests: Encodable {
    var mode: AgentMode
    var microseconds: Double
    var ratioToPlain: Double
    var rounds: Int
  }

  var starts: [Start]
  var pair: Pair
  var requests: [Requests]

  /// For people.
  var description: String {
    """
    The agent, preloaded into programs that know nothing of Sizer; medians of paired rounds

    \(startTable)

    \(pairTable)

    \(requestTable)

    start       processor time of a program that makes some objects and ends, children's with it; to reach: 10 ms
                more when idle
    object      of two words, made and freed in a loop, with the agent idle; to reach: 3 ns more
    request     processor time of an HTTP server (SwiftNIO) for a request, that of the children which make tables with
                it; all in turns in each of \(requests.first?.rounds ?? 0) rounds; times: the median of
                each round's ratio to plain; to reach: 1.02 times
    """
  }

  private var startTable: Table {
    var table = Table(.text("start and end"), .number("plain, ms"), .number("added, ms"))
    for row in starts { table.append(row.mode.rawValue, row.plain.decimals(2), row.added.decimals(2)) }
    return table
  }

  private var pairTable: Table {
    var table = Table(.text("object"), .number("plain, ns"), .number("added, ns"))
    table.append("made and freed", pair.plain.decimals(1), pair.added.decimals(1))
    return table
  }

  private var requestTable: Table {
    var table = Table(.text("request"), .number("µs"), .number("requests / CPU s"), .number("times"))
    for row in requests {
      table.append(
        row.mode.rawValue, row.microseconds.decimals(2), (1e6 / row.microseconds).decimals(0),
        row.ratioToPlain.decimals(3))
    }
    return table
  }
}
