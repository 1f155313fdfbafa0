// SPDX-License-Identifier: Apache-2.0
package import SizerProfile
import Synchronization

/// Makes readable traces of return addresses.
///
/// Names, lines and inlined calls come from libdw. The toolchain's `Runtime` module would give them too, but in 6.3 it
/// orders inlined calls by address instead of by nesting, so that functions come with each other's lines, its reader
/// runs a unit's line program once for each address, and its library makes the stacks of the whole process executable
/// (``readableName(_:)``).
///
/// Any thread may call; calls wait for each other. Not for hot paths: the first address of an image reads its debug
/// information.
package final class Symboliser: Sendable {
  fileprivate struct Memory: Sendable {
    /// What each address was found to be; none twice.
    var calls: [UInt: [TracedCall]] = [:]
    var table = ImageTable(images: [], generation: 0)
  }

  private let memory = Mutex(Memory())

  /// One that knows nothing yet.
  package init() {}

  /// Whether lines and inlined calls can be had, not only names: libdw is here and the engine was built with its
  /// headers.
  package static var isAvailable: Bool { SymbolSession(images: []) != nil }

  /// One trace for each stack of return addresses, innermost first, in order; an address that nothing is known of stays
  /// a frame without names. Frames of the runtime that come first, and of what started the thread, that come last, are
  /// left out.
  ///
  /// Time: one look-up per address that no earlier call had, some microseconds each, and once per image the reading of
  /// its debug information.
  package func traces(of stacks: [[UInt]]) -> [StackTrace] {
    // Nothing is asked of the loader while the lock is held: a thread in the loader may be waiting for it.
    SymbolSession.prepare()
    let now = ImageTable.current()
    return memory.withLock { memory in
      let found = memory.update(for: stacks, now)
      let known = memory.calls
      var table = CallTable<UInt> { known[$0] ?? found[$0] ?? [] }
      var builder = TraceBuilder()
      for stack in stacks { table.add(stack, to: &builder) }
      return builder.traces()
    }
  }
}

extension Symboliser.Memory {
  /// Looks up what is not known yet. Where another image lies now, addresses mean something
  /// else; what was known of an image that is gone stays known. Answers what should be looked up again:
  /// the system had no descriptor or memory for all that the answer is in.
  fileprivate mutating func update(for stacks: [[UInt]], _ now: ImageTable) -> [UInt: [TracedCall]] {
    if now.generation != table.generation {
      let before = table
      calls = calls.filter { address, _ in
        address == 0 || now.image(at: address - 1).map { $0 == before.image(at: address - 1) } ?? true
      }
    }
    table = now
    var wanted: Set<UInt> = []
    for stack in stacks {
      for address in stack where calls[address] == nil { wanted.insert(address) }
    }
    guard !wanted.isEmpty else { return [:] }
    let refusals = Engine.refusalCount
    let images = Set(wanted.compactMap { $0 == 0 ? nil : now.image(at: $0 - 1) })
    // Memory that debug information takes is the host's: the session goes when the addresses are known.
    let session = SymbolSession(images: images.sorted { $0.bias < $1.bias })
    var answers: [UInt: [TracedCall]] = [:]
    for address in wanted {
      let found = session?.calls(returningTo: address) ?? []
      let raw = now.rawFrame(at: address).frame
      answers[address] = (found.isEmpty ? [SymbolisedCall()] : found).map { TracedCall($0, in: raw) }
    }
    guard Engine.refusalCount == refusals else { return answers }
    calls.merge(answers) { $1 }
    return [:]
  }
}
