// SPDX-License-Identifier: Apache-2.0

import Sizer
import SizerGraph

/// Rounds of work, with an image after each, and what grew.
struct GrowthCheck: Sendable {
  private static let least = 3
  private static let mostPlaces = 10

  /// How often the work is to be done.
  let rounds: Int
  private let asked: Int
  private let allowed: [Wildcard]
  private let scope: Result<BirthScope, SizerError>
  private var series = HeapGraph.ScopedSeries()
  private var failure: SizerError?

  init(rounds: Int, allowing allowed: [String], in scope: LeakScope) {
    asked = rounds
    self.rounds = max(rounds, 0)
    self.allowed = allowed.map(Wildcard.init)
    self.scope = Result { () throws(SizerError) in
      try BirthScope(ofProcess: scope == .process, operation: "expectNoGrowth")
    }
  }

  func run(_ body: () throws -> Void) rethrows {
    guard case .success(let scope) = scope else { return try body() }
    try scope.run(body)
  }

  func run(isolation: isolated (any Actor)?, _ body: () async throws -> Void) async rethrows {
    guard case .success(let scope) = scope else { return try await body() }
    try await scope.run(isolation: isolation, body)
  }

  mutating func capture() {
    guard failure == nil else { return }
    do throws(SizerError) { try series.capture(in: try scope.get()) } catch { failure = error }
  }

  var findings: [Finding] {
    if asked < Self.least {
      let text =
        "\(counted(asked, "round shows", "rounds show")) no growth: give \(Self.least) at least, "
        + "of which the first fills caches"
      return [Finding(text: text, isFailure: true)]
    }
    if let failure { return [Finding(text: "growth can't be measured: \(failure)", isFailure: true)] }
    let grown = series.growth.filter { record in !allowed.contains { $0.matches(record.path) } }
    let (own, libraries) = (grown.filter { !Self.isLibrarys($0) }, grown.filter(Self.isLibrarys))
    return [
      own.isEmpty ? nil : Finding(text: text(of: own, "grew in each round"), isFailure: true),
      libraries.isEmpty
        ? nil : Finding(text: text(of: libraries, "grew in each round, in libraries"), isFailure: false),
    ].compactMap(\.self)
  }

  private func text(of records: [GrowthRecord], _ head: String) -> String {
    let lines = records.prefix(Self.mostPlaces).map { record in
      "\(record.path) (\(record.typeName)): references \(Self.steps(record.referenceCounts)), "
        + "bytes \(Self.steps(record.bytes)), retains \(bytesText(record.retainedBytes))"
    }
    let left = records.count - Self.mostPlaces
    return ([head] + lines + (left > 0 ? ["and \(counted(left, "place")) more"] : [])).joined(separator: "\n  ")
  }

  private static func steps(_ figures: [Int]) -> String { figures.map(String.init).joined(separator: ", ") }

  /// Modules whose globals are no business of a program's tests.
  private static let libraries: Set<Substring> = [
    "Swift", "_Concurrency", "_StringProcessing", "_RegexParser", "Synchronization", "Observation", "Distributed",
    "Dispatch", "Foundation", "FoundationEssentials", "FoundationInternationalization", "FoundationNetworking",
    "FoundationXML", "Testing", "XCTest", "Sizer", "SizerProfile", "SizerGraph", "SizerTesting",
  ]

  /// Whether the place hangs under a global of a library.
  private static func isLibrarys(_ record: GrowthRecord) -> Bool {
    guard record.path.hasPrefix("global ") else { return record.path.hasPrefix("runtime") }
    let name = record.path.dropFirst("global ".count)
    return libraries.contains(name.prefix { $0 != "." }) && name.contains(".") || name.hasPrefix("lib")
  }
}
