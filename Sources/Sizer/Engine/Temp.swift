// SPDX-License-Identifier: Apache-2.0
import CSizer
extension Engine {
  static func processMemory() throws(SizerError) -> ProcessMemory { ProcessMemory(virtual: 2, resident: 1) }
  static var overheadBytes: Int { csizer_overhead_bytes() }
}
struct Symboliser {
  static let shared = Symboliser()
  func traces(of stacks: [[UInt]]) -> [StackTrace] {
    stacks.map { StackTrace(frames: $0.map { StackTrace.Frame(address: UInt64($0)) }) }
  }
}
