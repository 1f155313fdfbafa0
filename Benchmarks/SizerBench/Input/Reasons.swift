// SPDX-License-Identifier: Apache-2.0

import Foundation
import Yams

extension Error {
  /// The reason in one line. Parsers write theirs for a debugger: over several lines, or in a dictionary.
  var oneLine: String {
    switch self as any Error {
    case let error as YamlError: error.reason
    case DecodingError.dataCorrupted(let context): context.reason
    case DecodingError.keyNotFound(_, let context): context.reason
    case DecodingError.typeMismatch(_, let context): context.reason
    case DecodingError.valueNotFound(_, let context): context.reason
    case let error as BenchError: error.description
    default: (self as NSError).reason
    }
  }
}

extension YamlError {
  fileprivate var reason: String {
    switch self {
    case .reader(let problem, _, _, _): problem
    case .scanner(_, let problem, let mark, _): "\(problem), \(mark.place)"
    case .parser(_, let problem, let mark, _): "\(problem), \(mark.place)"
    case .composer(_, let problem, let mark, _): "\(problem), \(mark.place)"
    case .duplicatedKeysInMapping(let keys, let context):
      "a mapping has the same key twice (\(keys.joined(separator: ", "))), \(context.mark.place)"
    default: description
    }
  }
}

extension Mark {
  fileprivate var place: String { "line \(line), column \(column)" }
}

extension DecodingError.Context {
  fileprivate var reason: String {
    if let underlyingError { return underlyingError.oneLine }
    let path = codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
    return path.isEmpty ? debugDescription : "\(debugDescription) At \(path)."
  }
}

extension NSError {
  fileprivate var reason: String {
    if domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(code))) }
    if let cause = userInfo[NSUnderlyingErrorKey] as? any Error { return cause.oneLine }
    return userInfo[NSDebugDescriptionErrorKey] as? String ?? localizedDescription
  }
}
