// SPDX-License-Identifier: Apache-2.0

package import SizerGraph
package import SizerProfile

/// Where objects of an image were born: a tree of calls, the outermost first, with a node for each call, and which
/// objects were born in which order.
///
/// A profile tells it of what it tracked with stacks and what still lived at its end; an image by itself of what is
/// leaked.
package struct SnapshotBirths {
  /// A call with its function, file and line.
  struct Call: Hashable {
    var function: String
    var file: String
    var line: Int
    var column: Int
  }

  struct Node {
    /// The number of a call; the root has the one of no function.
    var call: Int
    var children: [Int] = []
    /// Of objects that were born by this call itself.
    var count = 0
    var bytes = 0
  }

  private var table = NumberTable<Call>()
  private(set) var nodes = [Node(call: 0)]
  /// A bar of the timeline: objects up to this place in the order of births, and the microsecond of the last of them.
  private(set) var samples: [(microseconds: Int, place: Int)] = []
  /// By object: the node, and the place in the order of births.
  private var nodeOf: [Int: Int] = [:]
  private var places: [Int: Int] = [:]
  private var below: [Step: Int] = [:]
  /// More bars than there is room for on a screen.
  private static let mostSamples = 500
  /// Calls of a stack, the innermost; its reader and the writer go through the tree by calling themselves.
  private static let deepest = 200

  private struct Step: Hashable {
    var parent: Int
    var call: Int
  }

  /// The first is the root's.
  var calls: [Call] { table.keys }

  /// What the image itself tells.
  package init(of image: HeapImage) {
    _ = table(Call(function: "(root)", file: "", line: 0, column: 0))
    for object in 0..<image.objectCount {
      guard let birth = image.birth(of: object) else { continue }
      let calls = birth.split(separator: "\n").map { Call(text: $0) }
      add(object, calls.reversed(), image.bytes(of: object))
    }
  }

  /// What the profile tells that the image is of, too.
  ///
  /// - Parameter snapshot: The number of the snapshot that the image was taken with.
  package init(of image: HeapImage, _ statistics: Statistics, snapshot: Int) {
    self.init(of: image)
    let history = statistics.history
    let moment = history.snapshots[snapshot].timestamp
    var born: [(object: Int, row: Int)] = []
    for (row, object) in history.objects.enumerated()
    where object.address != 0 && object.trace != History.ObjectRow.none && row < SnapshotIDs.mostPlaces
      && .nanoseconds(object.birth) <= moment
    {
      guard let number = image.object(at: object.address) else { continue }
      born.append((number, row))
      places[number] = row
      guard nodeOf[number] == nil else { continue }
      let frames = history.traces[Int(object.trace)].frames
      add(number, frames.reversed().map { Call(frame: $0) }, image.bytes(of: number))
    }
    addSamples(born.map { (history.objects[$0.row].birth / 1_000, $0.row) })
  }

  var isEmpty: Bool { nodeOf.isEmpty }

  /// The number of the node of the call that an object was born by; 0 when it is not known.
  func node(of object: Int) -> Int { nodeOf[object].map { Self.number(ofNode: $0) } ?? 0 }

  static func number(ofNode place: Int) -> Int { place + 1 }

  func place(of object: Int) -> Int? { places[object] }

  /// - Parameter calls: The outermost first.
  private mutating func add(_ object: Int, _ calls: some BidirectionalCollection<Call>, _ bytes: Int) {
    var node = 0
    for call in calls.suffix(Self.deepest) {
      let step = Step(parent: node, call: table(call))
      if let known = below[step] {
        node = known
        continue
      }
      nodes.append(Node(call: step.call))
      nodes[node].children.append(nodes.count - 1)
      node = nodes.count - 1
      below[step] = node
    }
    nodes[node].count += 1
    nodes[node].bytes &+= bytes
    nodeOf[object] = node
  }

  /// Births of about one time are one bar. The first has all whose birth was not seen.
  private mutating func addSamples(_ births: [(microseconds: Int64, row: Int)]) {
    guard let last = births.map(\.microseconds).max() else { return }
    let least = max(last / Int64(Self.mostSamples), 1)
    samples = [(0, -1)]
    var begin: Int64 = 0
    // Objects are in the order of tracking; of two threads one may be some microseconds behind.
    var latest: Int64 = 0
    for birth in births {
      latest = max(latest, birth.microseconds)
      if samples.count == 1 || latest - begin >= least {
        samples.append((Int(latest), birth.row))
        begin = latest
      } else {
        samples[samples.count - 1] = (Int(latest), birth.row)
      }
    }
  }
}

extension SnapshotBirths.Call {
  init(frame: StackTrace.Frame) {
    function = frame.function ?? "0x" + String(frame.address, radix: 16)
    file = frame.file ?? frame.image ?? ""
    line = frame.line
    column = frame.column
  }

  /// As an image has it: `function at file:line`, `function in library+0x12`, or a function.
  init(text: Substring) {
    function = String(text)
    (file, line, column) = ("", 0, 0)
    if let (head, place) = text.split(atLast: " at ") {
      (function, file) = (String(head), String(place))
      guard let (path, number) = place.split(atLast: ":"), let line = Int(number) else { return }
      (file, self.line) = (String(path), line)
    } else if let (head, place) = text.split(atLast: " in "), place.split(atLast: "+0x") != nil {
      (function, file) = (String(head), String(place))
    }
  }
}
