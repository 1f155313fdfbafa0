// SPDX-License-Identifier: Apache-2.0

/// What went wrong, in the one line that the command prints before it exits with status 1.
struct BenchError: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}
