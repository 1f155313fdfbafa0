// SPDX-License-Identifier: Apache-2.0

extension HeapImage {
  /// The number of a function's label with this text, which is added if there is none. Complexity: O(labels).
  package mutating func functionLabel(_ text: String) -> Int {
    if let number = labels.firstIndex(where: { $0.kind == .function && $0.text == text }) { return number }
    labels.append(HeapLabel(.function, text))
    return labels.count - 1
  }

  /// Changes each task: the process knows better what its functions are than the engine that wrote the image.
  package mutating func changeTasks(_ change: (inout HeapTask) -> Void) {
    for number in tasks.indices { change(&tasks[number]) }
  }
}
