// SPDX-License-Identifier: Apache-2.0

import Sizer

/// Counts the instances of a class that a piece of work leaves behind.
struct InstanceCounter: Sendable {
  private let typeName: String
  private let tracker = ClassTracker()
  private let scope: Result<BirthScope, SizerError>
  /// Those that live when it begins to count.
  private var before: Result<Set<UInt64>, SizerError> = .success([])

  init(of type: AnyClass, in scope: LeakScope) {
    typeName = Sizer.typeName(of: type)
    let tracker = tracker
    self.scope = Result { () throws(SizerError) in
      try tracker.track(class: type)
      return try BirthScope(ofProcess: scope == .process, operation: "expectGrowth")
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

  mutating func start() { before = living.map { Set($0.keys) } }

  /// Where the living ones are that were made in the scope, and the stacks that they were made in.
  private var living: Result<[UInt64: UInt32], SizerError> {
    Result { () throws(SizerError) in
      let births = try scope.get().births()
      return Dictionary(try tracker.livingAddresses().compactMap { address in births[address].map { (address, $0) } }) {
        one, _ in one
      }
    }
  }

  /// What is wrong with how many there are now.
  func finding(atMost count: Int, over rounds: Int) -> Finding? {
    do throws(SizerError) {
      let (before, living) = (try before.get(), try living.get())
      let growth = living.count - before.count
      guard growth > count else { return nil }
      let new = living.filter { !before.contains($0.key) }
      let instances =
        growth == 1 ? "1 more instance of \(typeName) lives" : "\(growth) more instances of \(typeName) live"
      let head = "\(instances) after \(rounds == 1 ? "1 round" : "\(rounds) rounds"), at most \(count) expected"
      let lines = [head] + Holders.text(of: new.keys.sorted()) + birth(new)
      return Finding(text: lines.joined(separator: "\n  "), isFailure: true)
    } catch {
      return Finding(text: "instances of \(typeName) can't be counted: \(error)", isFailure: true)
    }
  }

  /// The stack that most were made in.
  private func birth(_ objects: [UInt64: UInt32]) -> [String] {
    var counts: [UInt32: Int] = [:]
    for trace in objects.values where trace != 0 { counts[trace, default: 0] += 1 }
    guard let (trace, count) = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }) else { return [] }
    let frames = LeakText.ownFrames(of: HeapGraph.frames(ofBirth: trace))
    return ["\(count) of them made in"] + frames.map { "  " + $0 }
  }
}
