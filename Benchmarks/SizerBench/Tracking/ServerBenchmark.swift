// SPDX-License-Identifier: Apache-2.0

/// What linking and tracking cost a program of short-lived objects: the requests that a server answers in a second of
/// its processor time. All servers are alive at once, and asked in turns.
struct ServerBenchmark {
  enum Way: String, CaseIterable, Encodable {
    case plain = "without Sizer"
    case linked = "linked, nothing tracked"
    case tracked = "the classes of a request tracked"
    case traced = "the same with traces"
  }

  var rounds: Int
  /// How long a server is asked in a round.
  var seconds: Double

  func run() throws -> [ServerFigures] {
    let times = try MeasuredServer.timesPerRequest(try Way.allCases.map(start), rounds: rounds, seconds: seconds)
    return zip(Way.allCases, times).map { way, own in
      ServerFigures(
        way: way, requestsPerSecond: (1e6 / own.median).rounded(to: 0),
        // Of requests: the plain one's time is above.
        ratioToPlain: zip(times[0], own).map { $0 / $1 }.median.rounded(to: 3), rounds: rounds)
    }
  }

  private func start(_ way: Way) throws(BenchError) -> MeasuredServer {
    let jemalloc = try Jemalloc.file()
    let server: MeasuredServer =
      switch way {
      // It links no allocator. With another one than the others have, the ratio would tell of that.
      case .plain: try MeasuredServer("AgentServer", [], jemalloc.map { ["LD_PRELOAD": $0] } ?? [:])
      case .linked: try MeasuredServer("LinkedServer", ["nothing"])
      case .tracked: try MeasuredServer("LinkedServer", ["classes"])
      case .traced: try MeasuredServer("LinkedServer", ["traces"])
      }
    let its = try server.jemalloc()
    guard its == jemalloc else {
      throw BenchError("the server \(way.rawValue) has malloc from \(its ?? "libc"), not from \(jemalloc ?? "libc")")
    }
    return server
  }
}

/// How many requests a server answers.
struct ServerFigures: Encodable {
  var way: ServerBenchmark.Way
  /// Of its processor time; the median round.
  var requestsPerSecond: Double
  /// The median of each round's ratio to the plain server's requests in the same round.
  var ratioToPlain: Double
  var rounds: Int
}

extension [ServerFigures] {
  /// For people.
  var text: String {
    var table = Table(.text("server"), .number("requests / CPU s"), .number("ratio to plain"))
    for row in self {
      table.append(row.way.rawValue, row.requestsPerSecond.decimals(0), row.ratioToPlain.decimals(3))
    }
    return """
      An HTTP server (SwiftNIO) that makes short-lived objects, requests for each second of its processor time

      \(table)

      ratio       the median of \(first?.rounds ?? 0) rounds' ratios, in each of which all servers are asked in turns
      tracked     five objects for each request, four of which end with it
      """
  }
}
