// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

extension Snapshot {
  /// The classes in the order of their names' bytes. As pairs: looking each name up again would hash all of it.
  var classesByName: [(key: String, value: ClassRecord)] {
    classes.sorted { $0.key.precedes($1.key) }
  }
}
