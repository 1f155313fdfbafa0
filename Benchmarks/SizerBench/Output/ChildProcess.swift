// SPDX-License-Identifier: Apache-2.0

import Foundation

/// SizerBench once more, as a process of its own, for what must not inherit the heap, the peak or the allocator's
/// settings of another.
enum ChildProcess {
  /// Runs a subcommand that prints JSON. What it says on standard error is seen as it comes.
  static func run<Answer: Decodable>(
    _ arguments: [String], environment: [String: String] = [:], as answer: Answer.Type
  ) throws(BenchError) -> Answer {
    let command = arguments.joined(separator: " ")
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardOutput = pipe
    do { try process.run() } catch { throw BenchError("SizerBench \(command) did not start: \(error)") }
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw BenchError("SizerBench \(command) ended with status \(process.terminationStatus)")
    }
    do { return try JSONDecoder().decode(answer, from: output) } catch {
      throw BenchError("SizerBench \(command) answered: \(String(decoding: output, as: UTF8.self))")
    }
  }
}

extension Encodable {
  /// For machines: sorted, so that two runs can be compared.
  func prettyJSON() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}
