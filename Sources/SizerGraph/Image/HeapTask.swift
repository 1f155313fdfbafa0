// SPDX-License-Identifier: Apache-2.0

/// A task of the process, as it lies in the image. Texts are numbers of labels.
public struct HeapTask: Sendable, Hashable {
  /// What the task does. The raw values stand in the file.
  public enum State: UInt8, Sendable, Hashable, CaseIterable {
    /// Unknown.
    case unknown
    /// A thread runs it.
    case running
    /// It waits for something.
    case suspended
    /// It waits for a thread.
    case enqueued
    /// It is done.
    case complete
    /// It waits, and was cancelled.
    case cancelled
  }

  /// The number of the task's object; nil when it is none of the heap: an `async let` lies in its parent's frames.
  public var object: Int?
  /// What it does.
  public var state: State
  /// Usable bytes of the slabs that its frames lie in, beside its own block. They are among its object's raw blocks.
  public var slabBytes: Int
  /// The number of the object of the task that it is a child of.
  public var parent: Int?
  /// The label of the function that it is in.
  public var function: Int?
  /// The label of the function that made it, or, where functions have no names, of the one that it was made to run.
  public var creator: Int?
  /// Labels of its frames, the innermost first; nil for one without a name.
  public var frames: [Int?]

  /// A task.
  public init(
    object: Int?, state: State = .unknown, slabBytes: Int = 0, parent: Int? = nil, function: Int? = nil,
    creator: Int? = nil, frames: [Int?] = []
  ) {
    self.object = object
    self.state = state
    self.slabBytes = slabBytes
    self.parent = parent
    self.function = function
    self.creator = creator
    self.frames = frames
  }
}
