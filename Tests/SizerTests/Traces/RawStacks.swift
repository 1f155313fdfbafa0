// SPDX-License-Identifier: Apache-2.0
import Glibc
import Synchronization

private typealias Backtrace = @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>, CInt) -> CInt

// glibc's, by its documented type (execinfo.h, which Swift's Glibc module leaves out).
private let glibcBacktrace = unsafeBitCast(dlsym(nil, "backtrace")!, to: Backtrace.self)

/// The return addresses from here outwards; its own is the first.
@inline(never)
func rawStack() -> [UInt] {
  var addresses = [UnsafeMutableRawPointer?](repeating: nil, count: 128)
  let count = glibcBacktrace(&addresses, 128)
  return addresses.prefix(Int(count)).map { UInt(bitPattern: $0) }
}

/// A stack that was taken, and what the compiler says of the places it went through, innermost first.
struct TakenStack {
  var addresses: [UInt] = []
  var lines: [Int] = []
}

/// Keeps the call before it from being a tail call, which leaves no frame.
@inline(never)
func returning(_ stack: TakenStack, through line: Int) -> TakenStack {
  var stack = stack
  stack.lines.append(line)
  return stack
}

/// Where callbacks that carry no context leave their stack. One test at a time uses it.
let callbackStack = Mutex<[UInt]>([])
