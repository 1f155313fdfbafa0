// SPDX-License-Identifier: Apache-2.0

/// Sizes Swift values to the byte: all heap memory reachable through strong references, each block once.
public struct HeapSizer: Sendable {
  /// What a walk leaves out and how far it goes.
  public struct Options: Sendable {
    /// Objects of these classes, and fields of these types, are neither counted nor followed.
    public var excludedTypes: [any (~Copyable).Type] = []
    /// As ``excludedTypes``, by fully qualified name (`Module.Outer.Class<Swift.Int>`).
    public var excludedTypeNames: [String] = []
    /// How many references deep the walk goes; nil means to the end. 1 counts only what the value itself refers to.
    public var maximumDepth: Int? = nil
    /// Whether unowned references are followed as if they were strong.
    public var followUnowned: Bool = false
    public init() {}
  }

  public var options: Options
  public init(options: Options = .init()) { self.options = options }

  public func size<Value: ~Copyable>(of value: borrowing Value) throws(SizerError) -> HeapSize { HeapSize() }
  public func sizes(of objects: [AnyObject]) throws(SizerError) -> [HeapSize] { [] }
  public func tree(of object: AnyObject, depth: Int) throws(SizerError) -> SizeNode {
    SizeNode(name: "", typeName: "", bytes: 0, flatBytes: 0)
  }
  public func histogram<Value: ~Copyable>(of value: borrowing Value) throws(SizerError) -> [TypeRecord] { [] }
}
