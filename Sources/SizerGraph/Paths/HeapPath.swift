// SPDX-License-Identifier: Apache-2.0

/// A way through the heap by names: from a root to an object, or around a cycle.
public struct HeapPath: Sendable, Hashable, CustomStringConvertible {
  /// One reference on the way.
  public struct Step: Sendable, Hashable {
    /// Where the reference lies: `.history`, `["user37"]`, `[28]`.
    public var label: String
    /// The object that it leads to.
    public var object: Int
    /// Where that lies.
    public var address: UInt64
    /// What it is.
    public var typeName: String
    /// Whether the reference is sure; if not, a word only looks like one.
    public var isCertain: Bool
    /// The function that captured the object and nothing else: the reference is a closure.
    public var function: String?

    /// A step of these properties.
    public init(
      label: String, object: Int, address: UInt64, typeName: String, isCertain: Bool = true, function: String? = nil
    ) {
      self.label = label
      self.object = object
      self.address = address
      self.typeName = typeName
      self.isCertain = isCertain
      self.function = function
    }
  }

  /// The root of a way to an object that nothing outside of the heap holds.
  package static let leakedRoot = "leaked"

  /// What holds the first object: `global app.store`, `thread NIO-0`; nil when the way is a cycle.
  public var root: String?
  /// The object where the way begins: the one that the root holds, or one of the cycle. It is not certain where the
  /// root is a word that may be old: on the stack of a thread that ran, or in C memory.
  public var start: Step
  /// The references from there on. A cycle's last one leads to ``start``.
  public var steps: [Step]

  /// A way of these steps.
  public init(root: String?, start: Step, steps: [Step]) {
    self.root = root
    self.start = start
    self.steps = steps
  }

  /// The object where the way ends.
  public var end: Step { steps.last ?? start }

  /// A path from a root: `global app.store -> .sessions -> ["user37"] -> .history -> [28]`. A cycle names objects, too:
  /// `App.Session -> .handler (closure in App.start()) -> capture 1 (App.Session)`. References that are not sure have
  /// a `?`, as has a root that is a word which may be old: `C memory, 0x7f3a10c81b40 in a block of 96 bytes? -> .next`.
  /// Of a way that takes more than 64 KiB of text the middle is left out: how many references are is told.
  public var description: String { text(limit: 1 << 16) }

  /// The same in at most so many bytes, nearly.
  package func text(limit: Int) -> String {
    (-1..<steps.count).lazy.map { $0 < 0 ? beginning : text(of: steps[$0]) }
      .joined(by: " -> ", limit: limit)
  }

  private var beginning: String { (root ?? start.typeName) + (start.isCertain ? "" : "?") }

  private func text(of step: Step) -> String {
    let closure = root == nil ? step.function.map { " (\($0)) -> capture 1" } ?? "" : ""
    return step.label + closure + (root == nil ? " (\(step.typeName))" : "") + (step.isCertain ? "" : "?")
  }
}

/// A place in something: `App.Session.history`, `App.Session.history[]`, `task frame`.
func placeText(in holder: String, _ label: String) -> String {
  guard let first = label.first else { return holder }
  return holder + (first == "." || first == "[" || first == "+" ? "" : " ") + label
}

extension HeapImage {
  /// The step onto an object, through an edge or out of nowhere.
  func step(to object: Int, through edge: HeapEdge? = nil) -> HeapPath.Step {
    HeapPath.Step(
      label: edge.map { label(of: $0) } ?? "", object: object, address: addresses[object], typeName: name(of: object),
      isCertain: edge.map { $0.kind != .uncertain } ?? true, function: edge?.function.map { labels[$0].text })
  }

  /// What a path calls a root: `global app.store`, `thread NIO-0`.
  package func text(of root: HeapRoot) -> String {
    let kind =
      switch root.kind {
      case .global: "global"
      case .stack, .stackInUse: "thread"
      case .task: "task"
      case .cMemory: "C memory"
      case .runtime: "runtime"
      case .other: "root"
      }
    let joint = root.kind == .cMemory ? ", " : " "
    return kind + (root.label.map { joint + labels[$0].text } ?? "") + (root.offset > 0 ? "+\(root.offset)" : "")
  }

  /// What a path calls a task as a root.
  func text(of task: HeapTask) -> String {
    "task" + ((task.creator ?? task.function).map { " " + labels[$0].text } ?? "")
  }
}
