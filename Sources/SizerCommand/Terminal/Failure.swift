// SPDX-License-Identifier: Apache-2.0

import SizerProfile
import SizerReports

/// Work that failed, in one sentence.
struct Failure: Error {
  var message: String
}

/// What standard error says of an error of the work, on one line; nil for errors of usage, which the parser knows how
/// to tell.
func failureLine(of error: any Error) -> String? {
  let message: String
  switch error {
  case let error as ProfileError: message = error.message
  case let error as ReportError: message = error.message
  case let error as DiffError: message = error.description
  case let error as OutputError: message = "\(error.path) \(error.problem); \(error.advice)"
  case let error as Failure: message = error.message
  default: return nil
  }
  // Paths and labels may hold anything; a terminal must not obey it.
  return FittedText(message, in: 1 << 16).text
}
