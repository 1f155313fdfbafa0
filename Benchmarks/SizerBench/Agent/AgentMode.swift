// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a program is started with.
enum AgentMode: String, Codable, CaseIterable {
  case plain
  case unasked = "preloaded, asked for nothing"
  case idle = "idle: a live socket, which nobody asks"
  case last = "a file with a table at the end"
  case leaks = "the same and two images of the heap"
  case everySecond = "a table of the heap every second"
  case tracked = "its own classes tracked"
  case allTracked = "all classes tracked"
  case traced = "all classes tracked with stacks"

  /// The variables; files go into `folder`.
  func variables(agent: String, in folder: String) -> [String: String] {
    let asked: [String: String] =
      switch self {
      case .plain, .unasked: [:]
      case .idle: ["SIZER_SOCKET": "\(folder)/%p.socket"]
      case .last: ["SIZER_OUTPUT": "\(folder)/%p.sizer", "SIZER_EVERY": "0"]
      case .leaks: ["SIZER_OUTPUT": "\(folder)/%p.sizer", "SIZER_EVERY": "0", "SIZER_LEAKS": "1"]
      case .everySecond: ["SIZER_OUTPUT": "\(folder)/%p.sizer", "SIZER_EVERY": "1s"]
      case .tracked: Self.tracking("VisitorServer.*", in: folder)
      case .allTracked: Self.tracking("*", in: folder)
      case .traced: Self.tracking("*", in: folder).merging(["SIZER_TRACE": "1"]) { $1 }
      }
    return self == .plain ? [:] : asked.merging(["LD_PRELOAD": agent]) { $1 }
  }

  private static func tracking(_ classes: String, in folder: String) -> [String: String] {
    ["SIZER_OUTPUT": "\(folder)/%p.sizer", "SIZER_EVERY": "0", "SIZER_TRACK": classes]
  }
}
