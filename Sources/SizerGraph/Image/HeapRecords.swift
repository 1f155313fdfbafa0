// SPDX-License-Identifier: Apache-2.0

/// What is known of a whole image: where it comes from, and when.
public struct HeapImageInfo: Sendable, Hashable {
  /// Nanoseconds since 1970.
  public var time: UInt64 = 0
  /// Nanoseconds since the tracker was made.
  public var timestamp: UInt64 = 0
  /// The process.
  public var processID: UInt64 = 0
  /// Whether the process was frozen, so that all is of one instant.
  public var isFrozen = false
  /// Whether edges were written; without them there are a histogram and waste, and nothing else.
  public var hasEdges = true
  /// Nanoseconds that the process stood still.
  public var pause: UInt64 = 0
  /// Objects that could not be read and are not in the image.
  public var skippedCount: UInt64 = 0
  /// The program's name.
  public var program = ""
  /// The program's build id in hexadecimal digits; empty when it has none.
  public var buildID = ""
  /// Who wrote the image.
  public var writer = ""

  /// Nothing known.
  public init() {}
}

/// A text that edges, roots and tasks refer to by number.
public struct HeapLabel: Sendable, Hashable {
  /// What the text is. The raw values stand in the file.
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// As it is.
    case plain
    /// A stored property.
    case property
    /// A dictionary's key.
    case key
    /// A case of an enum.
    case enumCase
    /// A global or static variable's symbol.
    case symbol
    /// A function.
    case function
    /// A thread's name.
    case thread
  }

  /// What the text is.
  public var kind: Kind
  /// The text.
  public var text: String

  /// A label.
  public init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }

  /// As it stands in a path: `.history`, `["key"]`, or the text.
  public var pathText: String {
    switch kind {
    case .property, .enumCase: "." + text
    case .key: "[\"" + text + "\"]"
    case .plain, .symbol, .function, .thread: text
    }
  }
}

/// A raw block, under the object that owns it.
public struct HeapRawBlock: Sendable, Hashable {
  /// The number of the owner.
  public var owner: Int
  /// Bytes that the allocator set aside.
  public var bytes: Int
  /// Bytes that were asked for; nil when nobody knows.
  public var requestedBytes: Int?
  /// The number of a label that says what it is.
  public var label: Int?

  /// A raw block.
  public init(owner: Int, bytes: Int, requestedBytes: Int? = nil, label: Int? = nil) {
    self.owner = owner
    self.bytes = bytes
    self.requestedBytes = requestedBytes
    self.label = label
  }
}

/// A reference from outside the heap to an object.
public struct HeapRoot: Sendable, Hashable {
  /// Where it lies. The raw values stand in the file.
  public enum Kind: UInt8, Sendable, Hashable, CaseIterable {
    /// Somewhere else.
    case other
    /// A global or static variable.
    case global
    /// A thread's stack or its registers.
    case stack
    /// A task's frame.
    case task
    /// Memory of C libraries.
    case cMemory
    /// The Swift runtime.
    case runtime
  }

  /// Where it lies.
  public var kind: Kind
  /// What it does to the object.
  public var reference: HeapEdge.Kind
  /// The number of the object.
  public var object: Int
  /// The number of the label with the symbol, the thread or the function.
  public var label: Int?
  /// Bytes from the symbol's begin.
  public var offset: Int

  /// A root.
  public init(_ kind: Kind, of object: Int, reference: HeapEdge.Kind = .certain, label: Int? = nil, offset: Int = 0) {
    self.kind = kind
    self.reference = reference
    self.object = object
    self.label = label
    self.offset = offset
  }
}

/// A task of the process, as it lies in the image. Texts are numbers of labels.
public struct HeapTask: Sendable, Hashable {
  /// What the task does. The raw values stand in the file.
  public enum State: UInt8, Sendable, Hashable, CaseIterable {
    /// Nobody knows.
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

  /// The number of the task's object; nil when it is none of the heap.
  public var object: Int?
  /// What it does.
  public var state: State
  /// Usable bytes of its slabs that are no objects of their own.
  public var slabBytes: Int
  /// The number of the object of the task that it is a child of.
  public var parent: Int?
  /// The label of the function that it is in.
  public var function: Int?
  /// The label of the function that made it.
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

/// A thread at the moment of the image. Two proofs need to know that each thread went on between them.
public struct HeapThread: Sendable, Hashable {
  /// What the kernel says of it. The raw values stand in the file.
  public enum State: UInt8, Sendable, Hashable, CaseIterable {
    /// Nobody knows.
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

/// A rung of the account of the process's memory.
public struct HeapRung: Sendable, Hashable {
  /// What it is.
  public var name: String
  /// May be negative.
  public var bytes: Int

  /// A rung.
  public init(name: String, bytes: Int) {
    self.name = name
    self.bytes = bytes
  }
}

/// A view of a part of a buffer, which keeps the whole buffer alive.
public struct HeapSlice: Sendable, Hashable {
  /// The number of the buffer's object.
  public var buffer: Int
  /// The number of the object that has the view in it; nil when a root has.
  public var holder: Int?
  /// Bytes that the view shows.
  public var usedBytes: Int
  /// The label of what the view is.
  public var label: Int?

  /// A view.
  public init(buffer: Int, holder: Int?, usedBytes: Int, label: Int? = nil) {
    self.buffer = buffer
    self.holder = holder
    self.usedBytes = usedBytes
    self.label = label
  }
}

/// A number that some objects have and most have not.
struct ObjectFigure: Sendable, Hashable {
  var object: UInt32
  var figure: UInt64
}
