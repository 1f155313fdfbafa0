// SPDX-License-Identifier: Apache-2.0

/// The forms that other programs read.
package enum ExportFormat: String, CaseIterable, Sendable {
  case heapsnapshot
  case pprof
  case pprofRetained = "pprof-retained"
  case collapsed
  case speedscope
  case massif
  case otlp
  case heaptrack
  case dot

  /// What HTTP calls it.
  package var contentType: String {
    switch self {
    case .heapsnapshot, .speedscope: "application/json"
    case .pprof, .pprofRetained, .otlp: "application/octet-stream"
    case .collapsed, .massif, .heaptrack, .dot: "text/plain; charset=utf-8"
    }
  }

  /// All of them in a sentence.
  package static var list: String {
    allCases.dropLast().map(\.rawValue).joined(separator: ", ") + " or " + allCases.last!.rawValue
  }
}
