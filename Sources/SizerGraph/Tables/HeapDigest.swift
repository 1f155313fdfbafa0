// SPDX-License-Identifier: Apache-2.0

/// What most questions about an image are about, in tables: classes with what they retain, leaks, tasks, roots. Made in
/// one go, so that the account of references and the dominators are.
public struct HeapDigest: Sendable {
  /// All references from one place outside the heap.
  public struct RootRow: Sendable, Hashable {
    /// What the place is: `global`, `stack`, `task`, `cMemory`, `runtime`, `other`.
    public var kind: String
    /// The symbol, the thread or the function; empty if unknown.
    public var name: String
    /// References from there.
    public var referenceCount: Int
    /// Objects that they lead to.
    public var objectCount: Int
  }

  /// The classes, the largest first, with what they retain where the image has references.
  public let classes: [HeapHistogram.Row]
  /// What nothing outside holds, as one image shows it.
  public let leaks: [LeakGroup]
  /// The tasks, those at one place folded into one.
  public let tasks: [TaskRecord]
  /// The places outside that refer to objects, by kind and name; those with most references first.
  public let roots: [RootRow]
  /// Usable bytes of all objects and of the raw blocks that they own.
  public let bytes: Int

  /// The tables of an image. Complexity: O(objects + references), nearly; 300 ns for an object, and 40 bytes.
  public init(of image: HeapImage) {
    self.init(of: image, Dominators(of: image), leaks: image.info.hasEdges ? image.leaks() : [])
  }

  /// The same with dominators of the image and leaks that are there already.
  package init(of image: HeapImage, _ dominators: Dominators, leaks: [LeakGroup]) {
    let histogram = HeapHistogram(of: image)
    var retained: [String: Int] = [:]
    if image.info.hasEdges {
      for row in dominators.classes() { retained[image.types[row.type].name, default: 0] &+= row.retainedBytes }
    }
    classes = histogram.rows.map { row in
      var row = row
      row.retainedBytes = retained[row.typeName]
      return row
    }
    bytes = histogram.totalBytes
    self.leaks = leaks
    tasks = image.taskRecords(dominators)
    roots = Self.roots(of: image)
  }

  private static func roots(of image: HeapImage) -> [RootRow] {
    struct Place: Hashable {
      var kind: HeapRoot.Kind
      var label: Int?
    }
    var places: [Place: (count: Int, objects: Set<Int>)] = [:]
    for root in image.roots {
      places[Place(kind: root.kind, label: root.label), default: (0, [])].count += 1
      places[Place(kind: root.kind, label: root.label), default: (0, [])].objects.insert(root.object)
    }
    return places.map { place, found in
      RootRow(
        kind: place.kind == .stackInUse ? "stack" : "\(place.kind)",
        name: place.label.map { image.labels[$0].text } ?? "", referenceCount: found.count,
        objectCount: found.objects.count)
    }.sorted { ($1.referenceCount, $0.kind, $0.name) < ($0.referenceCount, $1.kind, $1.name) }
  }
}
