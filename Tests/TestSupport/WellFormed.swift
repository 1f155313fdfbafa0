// SPDX-License-Identifier: Apache-2.0
package import SizerProfile

/// Whether an error has the form of all: its call its file in the message, a sentence that says what is wrong and what
/// to do, without a capital letter or a full stop of its own.
package func isWellFormed<Domain>(_ error: OperationError<Domain>) -> Bool {
  let clauses = error.message.split(separator: "; ").map(String.init)
  let isCall = error.operation.contains("(") && error.operation.hasSuffix(")")
  let namesPath = error.path.map { $0.isEmpty || error.message.contains($0) } ?? true
  let isSentence = clauses.count > 1 && !error.message.hasSuffix(".") && !error.message.hasPrefix(" ")
  let startsLow = error.path != nil || error.message.first?.isUppercase == false || error.message.hasPrefix("Sizer ")
  return isCall && namesPath && isSentence && startsLow && error.description.hasSuffix("(\(error.code))")
}
