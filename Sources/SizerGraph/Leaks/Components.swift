// SPDX-License-Identifier: Apache-2.0

/// The strongly connected components of a part of an image: objects that all reach one another. Tarjan's algorithm
/// without recursion.
struct Components {
  /// The part's objects, ascending; components and edges speak of places in it.
  let objects: [UInt32]
  /// For each object of the part its component.
  private(set) var component: [UInt32] = []
  /// How many there are. A component's number is larger than those of all that it reaches.
  private(set) var count = 0

  private let edges: PartEdges

  /// - Parameters:
  ///   - isInside: Whether an object belongs to the part.
  ///   - isFollowed: Whether an edge connects.
  init(of image: HeapImage, isInside: (Int) -> Bool, isFollowed: (EdgeCode) -> Bool) {
    objects = (0..<image.objectCount).lazy.filter(isInside).map { UInt32($0) }
    edges = PartEdges(of: image, among: objects, isFollowed: isFollowed)
    find()
  }

  /// The objects that an object of the part refers to, as places in it.
  func successors(of place: Int) -> ArraySlice<UInt32> { edges.successors(of: place) }

  private mutating func find() {
    let none = UInt32.max
    var number = [UInt32](repeating: none, count: objects.count)
    var low = number
    component = number
    var waiting: [UInt32] = []
    var path: [(place: Int, next: Int)] = []
    var counter: UInt32 = 0
    func enter(_ place: Int) {
      number[place] = counter
      low[place] = counter
      counter += 1
      waiting.append(UInt32(place))
      path.append((place, 0))
    }
    for start in objects.indices where number[start] == none {
      enter(start)
      while let (place, next) = path.last {
        let successors = edges.successors(of: place)
        if next < successors.count {
          path[path.count - 1].next = next + 1
          let target = Int(successors[successors.startIndex + next])
          if number[target] == none {
            enter(target)
          } else if component[target] == none {
            low[place] = min(low[place], number[target])
          }
          continue
        }
        path.removeLast()
        if let parent = path.last { low[parent.place] = min(low[parent.place], low[place]) }
        if low[place] == number[place] { close(place, &waiting) }
      }
    }
  }

  private mutating func close(_ head: Int, _ waiting: inout [UInt32]) {
    while let member = waiting.popLast() {
      component[Int(member)] = UInt32(count)
      if Int(member) == head { break }
    }
    count += 1
  }
}

/// The edges among some objects of an image, as places in the list of these.
struct PartEdges {
  private var start: [UInt32] = [0]
  private var target: [UInt32] = []

  init(of image: HeapImage, among objects: [UInt32], isFollowed: (EdgeCode) -> Bool) {
    start.reserveCapacity(objects.count + 1)
    // Most parts are small against the image: places are looked up, not kept for each object of it.
    var places: [UInt32: UInt32] = [:]
    places.reserveCapacity(objects.count)
    for (place, object) in objects.enumerated() { places[object] = UInt32(place) }
    for object in objects {
      for edge in Int(image.edgeStart[Int(object)])..<Int(image.edgeStart[Int(object) + 1]) {
        guard isFollowed(EdgeCode(bits: image.edgeCode[edge])), let place = places[image.edgeTarget[edge]] else {
          continue
        }
        target.append(place)
      }
      start.append(UInt32(target.count))
    }
  }

  func successors(of place: Int) -> ArraySlice<UInt32> { target[Int(start[place])..<Int(start[place + 1])] }
}
