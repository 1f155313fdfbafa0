// SPDX-License-Identifier: Apache-2.0

internal import SizerGraph
internal import SizerProfile

/// What objects are called, as numbers: the same for the same name. Each text is looked at once, however many objects
/// bear it: a stranger's image may give a million objects a name of 64 KiB.
struct NameNumbers {
  private let image: HeapImage
  private let texts = TextNumbers()
  private let ofType: [Int]
  private let ofLabel: [Int]

  init(of image: HeapImage) {
    self.image = image
    let texts = texts
    ofType = image.types.map { texts.number(of: $0.name) }
    ofLabel = image.labels.map { texts.number(of: $0.text) }
  }

  /// The number of an object's name. Complexity: O(log n).
  func number(of object: Int) -> Int {
    image.nameLabel(of: object).map { ofLabel[$0] } ?? ofType[image.typeNumber(of: object)]
  }

  func text(_ number: Int) -> String { texts.texts[number] }
}
