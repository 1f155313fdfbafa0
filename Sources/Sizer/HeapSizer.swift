// SPDX-License-Identifier: Apache-2.0

/// Sizes Swift values to the byte: all heap memory reachable through strong references, each block once.
///
///     let size = try HeapSizer().size(of: cache)
///     print(size.bytes, size.isExact)
///
/// Instances are only read: no code of theirs runs, no reference count changes, nothing is allocated in the heap that
/// is measured. The graph must not be changed by other threads meanwhile. Walks of several threads take turns.
///
/// Cost: some 5 to 30 ns per object, 150 where each waits for the one before (a shuffled list), and memory of up to
/// 1.6 % of the heap that is walked.
public struct HeapSizer: Sendable {
  /// What a walk leaves out and how far it goes.
  public struct Options: Sendable {
    #if compiler(>=6.3)
      /// Objects of these classes, and fields of these types, are neither counted nor followed. The type must match
      /// exactly: subclasses and other generic arguments are types of their own.
      public var excludedTypes: [any (~Copyable).Type] = []
    #else
      /// Objects of these classes, and fields of these types, are neither counted nor followed. The type must match
      /// exactly: subclasses and other generic arguments are types of their own. For types that can't be copied there
      /// is ``excludedTypeNames``: a program that Swift 6.2 built crashes when an array of their metatypes is freed.
      public var excludedTypes: [any Any.Type] = []
    #endif
    /// As ``excludedTypes``, by fully qualified name (`Module.Outer.Class<Swift.Int>`). Types that are private to a
    /// file or local to a function are meant by their name without a number (`Module.Leaf` of `Module.Leaf#2`), all
    /// that have it.
    public var excludedTypeNames: [String] = []
    /// How many references deep the walk goes; nil means to the end. 1 counts only what the value itself refers to.
    public var maximumDepth: Int? = nil
    /// Whether unowned references are followed as if they were strong.
    public var followUnowned: Bool = false

    /// Nothing left out, no depth limit.
    public init() {}

    var hasExclusions: Bool { !excludedTypes.isEmpty || !excludedTypeNames.isEmpty }
    /// The excluded types' metadata: a metatype is its address.
    var excludedMetadata: [UnsafeRawPointer?] { excludedTypes.map { unsafeBitCast($0, to: UnsafeRawPointer?.self) } }
  }

  /// What every call leaves out and how far it goes.
  public var options: Options

  /// A sizer with these options. Costs nothing; sizers share what they know of types.
  public init(options: Options = .init()) {
    self.options = options
  }

  /// The deep size of any value: all heap memory reachable through strong references, each block once.
  ///
  ///     let size = try HeapSizer().size(of: ["ada": session])
  ///     print(size.bytes)  // dictionary, strings, session, and all that it owns
  ///
  /// Time: linear in the objects reached. A value with nothing on the heap gives zeros; the value's own inline bytes
  /// are where its variable is and are not counted.
  /// - Throws: `invalidArgument` for a depth below 1, `outOfMemory`, `unsupportedRuntime`.
  public func size<Value: ~Copyable>(of value: borrowing Value) throws(SizerError) -> HeapSize {
    try checkOptions("HeapSizer.size(of:)")
    return try withBytes(of: value) { (pointer, metadata) throws(SizerError) in
      try Engine.withWalk(options, operation: "HeapSizer.size(of:)") { (walk) throws(SizerError) in
        try walk.add(valueAt: pointer, metadata: metadata)
        return walk.totals
      }
    }
  }

  /// One size each, in order; what several reach is counted once, for the first. Time: linear in the objects reached.
  ///
  ///     for (user, size) in zip(users, try HeapSizer().sizes(of: users)) { print(user.name, size.bytes) }
  ///
  /// - Throws: as ``size(of:)``.
  public func sizes(of objects: [AnyObject]) throws(SizerError) -> [HeapSize] {
    try checkOptions("HeapSizer.sizes(of:)")
    return try Engine.withWalk(options, operation: "HeapSizer.sizes(of:)") { (walk) throws(SizerError) in
      var sizes: [HeapSize] = []
      var before = HeapSize()
      for object in objects {
        try walk.add(object)
        let after = walk.totals
        sizes.append(after - before)
        before = after
      }
      return sizes
    }
  }

  /// The named referents of an object down to `depth` levels: stored properties at level 1, their properties, elements
  /// or values at level 2, and so on. Properties that can't refer to anything are left out.
  ///
  ///     let tree = try HeapSizer().tree(of: session, depth: 1)
  ///     for child in tree.children { print(child.name, child.bytes) }  // .cart 4096
  ///
  /// The bytes of a node are what it reaches and no node before it has: so they add up to the root's, which is the same
  /// at every depth. An object's members are named once, where it is met first. Time: linear in the objects reached and
  /// the nodes made. ``Options/maximumDepth`` does not apply.
  /// - Throws: `invalidArgument` for a depth below 0 or above 1000, otherwise as ``size(of:)``.
  public func tree(of object: AnyObject, depth: Int) throws(SizerError) -> SizeNode {
    let operation = "HeapSizer.tree(of:depth:)"
    try checkOptions(operation)
    guard (0...Engine.deepestTree).contains(depth) else {
      throw SizerError(
        .invalidArgument, operation, "depth is \(depth)", advice: "use 0 to \(Engine.deepestTree)")
    }
    var options = options
    options.maximumDepth = nil  // the tree's own depth limits what is named, never what is counted
    return try withBytes(of: object) { (pointer, metadata) throws(SizerError) in
      try Engine.withWalk(options, operation: operation) { (walk) throws(SizerError) in
        let referents = try Referents(operation: operation)
        var tree = try referents.tree(ofValueAt: pointer, type: metadata, depth: depth, in: walk)
        tree.name = typeName(of: Swift.type(of: object))
        return tree
      }
    }
  }

  /// Count and bytes per type of everything reachable, the largest first. Time: linear in the objects reached.
  ///
  ///     for type in try HeapSizer().histogram(of: cache).prefix(5) { print(type.count, type.bytes, type.typeName) }
  ///
  /// - Throws: as ``size(of:)``.
  public func histogram<Value: ~Copyable>(of value: borrowing Value) throws(SizerError) -> [TypeRecord] {
    try checkOptions("HeapSizer.histogram(of:)")
    let records = try withBytes(of: value) { (pointer, metadata) throws(SizerError) in
      try Engine.withWalk(options, operation: "HeapSizer.histogram(of:)") { (walk) throws(SizerError) in
        try walk.add(valueAt: pointer, metadata: metadata)
        return walk.records
      }
    }
    return TypeRecord.merged(records)
  }

  /// Where the value is and what it is; both hold for the length of the call only.
  private func withBytes<Value: ~Copyable, Result>(
    of value: borrowing Value, _ body: (UnsafeRawPointer, UnsafeRawPointer) throws(SizerError) -> Result
  ) throws(SizerError) -> Result {
    try withUnsafePointer(to: value) { (pointer) throws(SizerError) in
      // A metatype is the address of the type's metadata (docs/ABI/TypeMetadata.rst).
      try body(UnsafeRawPointer(pointer), unsafeBitCast(Value.self, to: UnsafeRawPointer.self))
    }
  }

  private func checkOptions(_ operation: String) throws(SizerError) {
    if let depth = options.maximumDepth, depth < 1 {
      throw SizerError(
        .invalidArgument, operation, "maximumDepth is \(depth)", advice: "use 1 or more, or nil for no limit")
    }
  }
}

extension HeapSize {
  /// What came in addition.
  static func - (after: HeapSize, before: HeapSize) -> HeapSize {
    HeapSize(
      bytes: after.bytes - before.bytes, requestedBytes: after.requestedBytes - before.requestedBytes,
      objectCount: after.objectCount - before.objectCount, rawBlockCount: after.rawBlockCount - before.rawBlockCount,
      unresolvedCount: after.unresolvedCount - before.unresolvedCount,
      depthLimitReached: after.depthLimitReached, estimatedBytes: after.estimatedBytes - before.estimatedBytes)
  }
}

extension TypeRecord {
  /// One record per name, the largest first: generic contexts of one name come as several kinds.
  static func merged(_ records: [TypeRecord]) -> [TypeRecord] {
    var byName: [String: TypeRecord] = [:]
    for record in records {
      byName[record.typeName, default: TypeRecord(typeName: record.typeName)] += record
    }
    return byName.values.sorted { ($1.bytes, $0.typeName) < ($0.bytes, $1.typeName) }
  }

  fileprivate init(typeName: String) {
    self.init(typeName: typeName, count: 0, bytes: 0, requestedBytes: 0, unusedCapacityBytes: 0)
  }

  fileprivate static func += (sum: inout TypeRecord, part: TypeRecord) {
    sum.count += part.count
    sum.bytes += part.bytes
    sum.requestedBytes += part.requestedBytes
    sum.unusedCapacityBytes += part.unusedCapacityBytes
    sum.estimatedBytes += part.estimatedBytes
    sum.untrackedCount += part.untrackedCount
    sum.untrackedBytes += part.untrackedBytes
  }
}
