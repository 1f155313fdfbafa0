// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerProfile

/// `10`, `0.5` or `all`.
struct LimitArgument: ExpressibleByArgument {
  var limit: Statistics.Limit

  init(_ limit: Statistics.Limit) { self.limit = limit }

  init?(argument: String) {
    if argument == "all" {
      self.init(.all)
    } else if argument.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let count = Int(argument) {
      self.init(.count(count))
    } else if argument.utf8.allSatisfy({ 0x30...0x39 ~= $0 || $0 == 0x2E }), let part = Double(argument), 0...1 ~= part
    {
      self.init(.fraction(part))
    } else {
      return nil
    }
  }

  var defaultValueDescription: String {
    switch limit {
    case .all: "all"
    case .count(let count): String(count)
    case .fraction(let part): String(part)
    }
  }
}
