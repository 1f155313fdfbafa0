// SPDX-License-Identifier: Apache-2.0

import Foundation
import TrackingLoop

/// The loop in a process without Sizer, which waits for a line and answers with a time: its rounds are taken in turns
/// with ours.
final class FloorProcess {
  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()
  private var unread = Data()
  /// Its allocator, which must be ours.
  private(set) var allocator = ""

  /// Starts it.
  init() throws(BenchError) {
    process.executableURL = try FloorProcess.executable()
    process.standardInput = requests
    process.standardOutput = answers
    do { try process.run() } catch { throw BenchError("TrackingFloor did not start: \(error)") }
    allocator = try line()
  }

  deinit {
    try? requests.fileHandleForWriting.close()  // the end of its input ends it
    process.waitUntilExit()
  }

  /// Runs the loop there.
  func nanosecondsPerPair(_ churn: Churn) throws(BenchError) -> Double {
    let request = FloorProcess.arguments(churn).joined(separator: " ") + "\n"
    do {
      try requests.fileHandleForWriting.write(contentsOf: Data(request.utf8))
    } catch {
      throw BenchError("TrackingFloor takes no requests: \(error)")
    }
    let answer = try line()
    guard let nanoseconds = Double(answer) else { throw BenchError("TrackingFloor answered: \(answer)") }
    return nanoseconds
  }

  private func line() throws(BenchError) -> String {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        defer { unread.removeSubrange(...end) }
        return String(decoding: unread[..<end], as: UTF8.self)
      }
      let more = answers.fileHandleForReading.availableData
      guard !more.isEmpty else { throw BenchError("TrackingFloor ended before it answered") }
      unread.append(more)
    }
  }

  /// What its command line says for one run.
  static func arguments(_ churn: Churn) -> [String] {
    [churn.pairs, churn.threads, churn.extraCalls, churn.living, churn.stacks].map { String($0) }
  }

  /// Beside our own executable, where SwiftPM puts it.
  static func executable() throws(BenchError) -> URL {
    let url = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: "TrackingFloor")
    guard FileManager.default.isExecutableFile(atPath: url.path) else {
      throw BenchError(
        "\(url.path) is missing; build it as SizerBench was built: swift build -c release --product TrackingFloor")
    }
    return url
  }
}
