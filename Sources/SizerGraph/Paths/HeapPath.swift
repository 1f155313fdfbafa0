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

    /// A step of these properties.
    public init(label: String, object: Int, address: UInt64, typeName: String, isCertain: Bool = true) {
      self.label = label
      self.object = object
      self.address = address
      self.typeName = typeName
      self.isCertain = isCertain
    }
  }

  /// What holds the first object: `global app.store`, `thread NIO-0`; nil when the way is a cycle.
  public var root: String?
  /// The object where the way begins: the one that the root holds, or one of the cycle.
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
  /// a `?`.
  public var description: String {
    let names = steps.map { step in
      step.label + (root == nil ? " (\(step.typeName))" : "") + (step.isCertain ? "" : "?")
    }
    return ([root ?? start.typeName] + names).joined(separator: " -> ")
  }
}

extension HeapImage {
  /// The step onto an object, through an edge or out of nowhere.
  func step(to object: Int, through edge: HeapEdge? = nil) -> HeapPath.Step {
    HeapPath.Step(
      label: edge.map { label(of: $0) } ?? "", object: object, address: addresses[object], typeName: name(of: object),
      isCertain: edge.map { $0.kind != .uncertain } ?? true)
  }

  /// What a path calls a root: `global app.store`, `thread NIO-0`.
  func text(of root: HeapRoot) -> String {
    let kind =
      switch root.kind {
      case .global: "global"
      case .stack: "thread"
      case .task: "task"
      case .cMemory: "C memory"
      case .runtime: "runtime"
      case .other: "root"
      }
    return kind + (root.label.map { " " + labels[$0].text } ?? "") + (root.offset > 0 ? "+\(root.offset)" : "")
  }

  /// What a path calls a task as a root.
  func text(of task: HeapTask) -> String {
    "task" + ((task.creator ?? task.function).map { " " + labels[$0].text } ?? "")
  }
}
