// SPDX-License-Identifier: Apache-2.0

/// The functions that lead to where a task waits: who made it, then from the outermost to the innermost; of a deep
/// recursion both ends. What the compiler put between two that somebody wrote is left out.
///
/// - Parameters:
///   - creator: nil when nothing says which function it was.
///   - frames: Innermost first.
func taskWay(creator: String?, frames: [String]) -> String {
  let maker = creator ?? "an unknown function"
  let functions = [maker] + frames.reversed().drop { $0 == maker }.filter { !isThunk($0) }
  let shown = 16
  guard functions.count > 2 * shown else { return functions.joined(separator: " > ") }
  let between = "(\(functions.count - 2 * shown) more)"
  return (functions.prefix(shown) + [between] + functions.suffix(shown)).joined(separator: " > ")
}

/// Whether a function is the compiler's own, between two that somebody wrote.
private func isThunk(_ function: String) -> Bool { function.contains("reabstraction thunk") }
