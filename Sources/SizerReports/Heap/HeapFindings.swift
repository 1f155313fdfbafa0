// SPDX-License-Identifier: Apache-2.0

internal import SizerExports
internal import SizerGraph
internal import SizerProfile

/// What a page says of the last heap image of a profile; found once, however often the page is made.
struct HeapFindings {
  /// The number of the image's snapshot.
  let snapshot: Int
  /// How many images the profile has.
  let imageCount: Int
  /// Why there is nothing below; nil when there is.
  private(set) var failure: String?
  private(set) var objectCount = 0
  private(set) var edgeCount = 0
  private(set) var bytes = 0
  private(set) var classes: [HeapHistogram.Row] = []
  private(set) var leaks: [LeakGroup] = []
  private(set) var tasks: [TaskRecord] = []
  /// Why tasks are not known; empty when they are.
  private(set) var tasksReason = ""
  private(set) var waste: [WasteRecord] = []
  private(set) var growth: [GrowthRecord] = []
  /// For each class's name the instance that is nearest to a root.
  private var nearest: [String: Int] = [:]
  private var finder: PathFinder?
  /// Whether a second image confirms what is called proved.
  private(set) var hasProof = false
  /// The gap between what is tracked and all that lives, in one sentence.
  private(set) var sentence = ""
  private let whole: (image: HeapImage, dominators: Dominators)?

  /// nil when the profile has no image.
  init?(in history: History) {
    guard let last = history.heaps.last else { return nil }
    snapshot = Int(last.snapshot)
    imageCount = history.heaps.count
    do {
      let image = try Self.image(last)
      let dominators = Dominators(of: image)
      whole = (image, dominators)
      look(at: image, dominators, history)
    } catch {
      whole = nil
      failure = error.message(about: "The heap image of snapshot \(snapshot)") + "."
      sentence = failure ?? ""
    }
  }

  /// A way to the instance of a class that is nearest to a root, of which no more than so many steps at each end are
  /// there, and how many between them are not: of a hundred thousand classes each may be a step further.
  func path(toClass name: String, ends: Int) -> (path: HeapPath, leftOut: Int)? {
    nearest[name].flatMap { finder?.path(to: $0, ends: ends) }
  }

  /// The dominator tree from above.
  func tree(limit: Int) -> RetainedTree? { whole.map { RetainedTree(of: $0.image, $0.dominators, limit: limit) } }

  private mutating func look(at image: HeapImage, _ dominators: Dominators, _ history: History) {
    let others = history.heaps.dropLast()
    var found = image.info.hasEdges ? image.leaks() : []
    for row in others.suffix(8).reversed() {
      guard let earlier = try? Self.image(row), image.hasProgress(since: earlier) else { continue }
      found = image.leaks(confirming: earlier)
      hasProof = true
      break
    }
    let digest = HeapDigest(of: image, dominators, leaks: found)
    (objectCount, edgeCount, bytes) = (image.objectCount, image.edgeCount, digest.bytes)
    (classes, leaks, tasks, waste) = (digest.classes, found, digest.tasks, image.waste())
    tasksReason = image.info.tasksReason
    let finder = PathFinder(of: image)
    for (type, object) in finder.nearestByType().enumerated() {
      if let object { nearest[image.types[type].name] = object }
    }
    self.finder = finder
    growth = Self.growth(over: history, and: image)
    sentence = Self.sentence(history.snapshots[snapshot], snapshot, digest)
  }

  /// The image with texts as long as a page shows them, and not the 64 KiB that a stranger's may have: growth looks at
  /// a name for each place.
  private static func image(_ row: History.HeapRow) throws(HeapImageError) -> HeapImage {
    var image = try row.heap.image()
    image.changeTexts { VisibleText.of($0) }
    return image
  }

  /// Of a few images, the first among them: each is whole in memory meanwhile.
  private static func growth(over history: History, and last: HeapImage) -> [GrowthRecord] {
    let times = history.heaps.map { history.snapshots[Int($0.snapshot)].timestamp }
    let chosen = HeapImage.series(at: times, atMost: 5).dropLast().map { history.heaps[$0] }
    return HeapImage.growth(over: chosen.compactMap { try? Self.image($0) } + [last])
  }

  private static func sentence(_ snapshot: Snapshot, _ number: Int, _ digest: HeapDigest) -> String {
    let objects = digest.classes.reduce(0) { $0 &+ $1.count }
    let all = Sentences.counted(objects, "Swift object lives", "Swift objects live")
    let name = "#\(number)" + (snapshot.label.isEmpty ? "" : " \(snapshot.label)")
    let share = Sentences.percent(min(snapshot.trackedBytes, digest.bytes), of: digest.bytes)
    let begin = "At snapshot \(name): \(all) in \(Sentences.bytes(digest.bytes))"
    guard !snapshot.classes.isEmpty else { return begin + "." }
    return begin + ", "
      + "of which tracked objects own \(Sentences.bytes(snapshot.trackedBytes)) (\(share))."
  }
}
