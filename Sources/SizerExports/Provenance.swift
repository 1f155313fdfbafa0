// SPDX-License-Identifier: Apache-2.0

package import SizerGraph
import SizerProfile

/// Where an export comes from: what tells its process from others, by OpenTelemetry's names. Each form has a place for
/// it but collapsed stacks, in which every line is a stack.
package struct Provenance: Sendable, Hashable {
  /// As a profile has them; of an image by itself what it knows of its process.
  package private(set) var tags: [String: String]

  /// What a profile was recorded with, and what one of its images knows besides.
  package init(_ tags: [String: String], of info: HeapImageInfo? = nil) {
    self.tags = tags
    guard let info else { return }
    let known = [
      "process.pid": info.processID == 0 ? "" : String(info.processID), "process.executable.path": info.program,
      "process.executable.build_id.gnu": info.buildID,
    ]
    for (key, value) in known where !value.isEmpty && tags[key] == nil { self.tags[key] = value }
  }

  package init(of info: HeapImageInfo) { self.init([:], of: info) }

  var isEmpty: Bool { tags.isEmpty }

  /// In the order of their names.
  var sorted: [(key: String, value: String)] { tags.sorted { $0.key.precedes($1.key) } }

  /// `service.name=shop`, each, without what would end a line.
  package var lines: [String] { sorted.map { VisibleText.of("\($0.key)=\($0.value)", limit: 4_096) } }

  /// What people call the process: its service or program, and its number.
  var title: String {
    let program = tags["service.name"] ?? tags["process.executable.path"] ?? ""
    let number = tags["process.pid"].map { "process \($0)" } ?? ""
    return [program, number].filter { !$0.isEmpty }.joined(separator: ", ")
  }
}
