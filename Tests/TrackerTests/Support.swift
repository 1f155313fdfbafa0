// SPDX-License-Identifier: Apache-2.0
import Sizer
import TestSupport
import Testing

/// Zero, which only the running program knows: what is computed from it can't be laid out by the optimiser.
private let zero = CommandLine.arguments.count / 1_000_000

/// `value`, made at run time.
@inline(never)
func number(_ value: Int) -> Int { value + zero }

/// A string in a heap block of its own: longer than the 15 bytes that fit in the value, and no literal.
@inline(never)
func text(_ length: Int = 40) -> String { String(repeating: "z", count: length + zero) }

/// An object that is surely on the heap: what a function returns, the optimiser can't put on a stack.
@inline(never)
func made<Object>(_ make: () throws -> Object) rethrows -> Object { try make() }

/// The optimiser must not end a value's life before this call. It deletes calls that do nothing: this one might do something.
@inline(never)
func keepAlive<Value: ~Copyable>(_ value: borrowing Value) {
  if zero != 0 { withUnsafePointer(to: value) { print($0) } }
}

/// The object at the end of most references: one block of 32 bytes, no references.
final class Leaf {
  let value: Int
  @inline(never)
  init(_ value: Int = 1) { self.value = number(value) }
}

extension ClassTracker {
  /// What is recorded under a name, in order of announcement.
  func objects(_ name: String) -> [TrackedObject] { statistics.objects.filter { $0.name == name } }

  /// How many objects of that name a new snapshot finds alive.
  func active(_ name: String) throws -> Int { try createSnapshot().classes[name]?.active ?? 0 }
}

/// `body` throws an error of this code that names a place and says something.
func expectError(
  _ code: SizerError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
  #expect(sourceLocation: sourceLocation) {
    try body()
  } throws: { error in
    guard let error = error as? SizerError else { return false }
    return error.code == code && error.operation.hasPrefix("ClassTracker") && isWellFormed(error)
  }
}

/// The text that is printed, as lines.
func lines(_ print: (inout String) -> Void) -> [String] {
  var output = ""
  print(&output)
  return output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
}
