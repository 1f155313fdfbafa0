// SPDX-License-Identifier: Apache-2.0

/// A thread at the moment of the image. Two proofs need to know that each thread went on between them.
public struct HeapThread: Sendable, Hashable {
  /// What the kernel says of it. The raw values stand in the file.
  public enum State: UInt8, Sendable, Hashable, CaseIterable {
    /// Unknown.
    case unknown
    /// It runs, or could.
    case running
    /// It sleeps in the kernel.
    case asleep
  }

  /// The kernel's number.
  public var id: UInt64
  /// What the kernel says of it.
  public var state: State
  /// Nanoseconds of processor time.
  public var processorTime: UInt64
  /// How often it went to sleep by itself.
  public var sleepCount: UInt64
  /// Its name.
  public var name: String

  /// A thread.
  public init(id: UInt64, state: State, processorTime: UInt64, sleepCount: UInt64 = 0, name: String = "") {
    self.id = id
    self.state = state
    self.processorTime = processorTime
    self.sleepCount = sleepCount
    self.name = name
  }
}
