// SPDX-License-Identifier: Apache-2.0

/// What one of a row's ratios is to be.
struct WalkGoal: Encodable {
  /// By what HeapSizer is measured here.
  var against: String
  var limit: Double
  var isReached: Bool

  var description: String { mark("\(against) \(limit.decimals(limit < 2 ? 2 : 0))", isReached) }

  /// What is to be reached of this shape: at most so many times the floor, and at least so many times as fast with two
  /// processors, on a machine where both are idle.
  static func all(
    of shape: any Shape.Type, _ order: Order, objects: Int, toFloor: Double, ofProcessors: Double?
  ) -> [WalkGoal] {
    let floor = mostToFloor(shape, order, objects: objects).map {
      WalkGoal(against: "floor", limit: $0, isReached: toFloor.rounded(to: 2) <= $0)
    }
    let two = ofProcessors.flatMap { ratio in
      leastOfProcessors(shape).map {
        WalkGoal(against: "two processors", limit: $0, isReached: ratio.rounded(to: 2) >= $0)
      }
    }
    return [floor, two].compactMap { $0 }
  }

  private static func mostToFloor(_ shape: any Shape.Type, _ order: Order, objects: Int) -> Double? {
    let isTree = shape == BinaryTree.self
    guard isTree || shape == RandomGraph.self else { return nil }
    return switch order {
    case .shuffled: objects < 1_000_000 ? 2 : 1.25
    case .allocation: isTree && objects < 1_000_000 ? 3 : nil
    }
  }

  private static func leastOfProcessors(_ shape: any Shape.Type) -> Double? {
    if shape == RandomGraph.self { return 1.4 }
    return shape == LinkedList.self ? nil : 1.7
  }
}
