// SPDX-License-Identifier: Apache-2.0

/// The life of one object: what it is, when it was born and died, and what it owned at each snapshot.
public struct TrackedObject: Sendable, Hashable {
  /// What one snapshot found.
  public struct Record: Sendable, Hashable {
    /// The snapshot's.
    public var timestamp: Duration
    /// Usable bytes of what the object owned.
    public var bytes: Int
    /// Its named referents down to the resolution level; empty at level 0. Their bytes and the object's own block add
    /// up to ``bytes``.
    public var referents: [SizeNode]

    /// A record of these parts.
    public init(timestamp: Duration, bytes: Int, referents: [SizeNode] = []) {
      self.timestamp = timestamp
      self.bytes = bytes
      self.referents = referents
    }
  }

  /// The name that it is tracked under: its class's, unless the caller gave another.
  public var name: String
  /// The class it had when it was tracked first, fully qualified.
  public var className: String
  /// Says what it is without running its code: the class that it had when it was last sized.
  public var representation: String
  /// Where it is while it lives and is tracked; 0 when it is not.
  public var address: UInt64
  /// When it was made (objects of tracked classes) or tracked; since the tracker was made.
  public var birth: Duration
  /// When its `deinit` began; nil when it lived at the end, or tracking ended before it did.
  public var death: Duration?
  /// One for each snapshot that found it alive, in order.
  public var records: [Record]
  /// Where it was made; nil without a trace.
  public var trace: StackTrace?

  /// An object of these parts.
  public init(
    name: String, className: String, representation: String, address: UInt64 = 0, birth: Duration,
    death: Duration? = nil, records: [Record] = [], trace: StackTrace? = nil
  ) {
    self.name = name
    self.className = className
    self.representation = representation
    self.address = address
    self.birth = birth
    self.death = death
    self.records = records
    self.trace = trace
  }

  /// Its size at each snapshot that found it alive.
  public var sizes: [(timestamp: Duration, bytes: Int)] { records.map { ($0.timestamp, $0.bytes) } }
}
