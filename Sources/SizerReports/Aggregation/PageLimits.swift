// SPDX-License-Identifier: Apache-2.0

/// How much of a profile a page holds. Chosen so that a page stays below 5 MB whatever is in the profile; what these
/// cut off is summed, and the page says so.
package struct PageLimits: Sendable, Hashable {
  /// Snapshots. A chart of a wide screen shows no more.
  package var snapshots = 240
  /// Classes with a row of their own.
  package var classes = 2_000
  /// Classes times snapshots.
  package var cells = 60_000
  /// Instances with a row of their own, of all classes together.
  package var objects = 6_000
  /// Sizes kept for an instance.
  package var sizesPerObject = 24
  /// Calls kept of a trace, innermost first.
  package var framesPerTrace = 128
  /// Traces kept of a class.
  package var tracesPerClass = 400
  /// Distinct calls, each with its callers, of all traces together.
  package var calls = 40_000
  /// Moments between which births and deaths are counted.
  package var moments = 160
  /// Levels of referents; what is below counts in the level above, as it does anyway.
  package var referentLevels = 6
  /// Referents of one owner that have a row of their own.
  package var referentsPerOwner = 20
  /// Distinct referents that are told apart in a class.
  package var referentsPerClass = 20_000
  /// Bytes of text.
  package var texts = 1_300_000
  /// Numbers, about seven bytes each, in what is told of pairs of snapshots, of distributions, of referents, and of
  /// slabs.
  package var pairNumbers = 90_000
  package var distributionNumbers = 70_000
  package var referentNumbers = 60_000
  package var slabNumbers = 60_000
  /// Types of a heap image with a row of their own, and steps of the way to an instance of each.
  package var heapTypes = 1_000
  package var heapSteps = 24
  /// Types times snapshots, in what is told of the whole heap over time.
  package var heapCells = 24_000
  /// Nodes of the picture of what retains what.
  package var heapNodes = 2_000
  /// Rows of each: leaks, tasks, waste, growth.
  package var heapRows = 400

  /// What a report is written with.
  package init() {}

  /// Half of all, for a profile whose numbers and texts are longer than most; not below what a page can be made of.
  package var halved: PageLimits {
    var half = self
    let all: [WritableKeyPath<PageLimits, Int>] = [
      \.snapshots, \.classes, \.cells, \.objects, \.sizesPerObject, \.framesPerTrace, \.tracesPerClass, \.calls,
      \.moments,
      \.referentLevels, \.referentsPerOwner, \.referentsPerClass, \.texts, \.pairNumbers, \.distributionNumbers,
      \.referentNumbers, \.slabNumbers, \.heapTypes, \.heapSteps, \.heapCells, \.heapNodes, \.heapRows,
    ]
    for limit in all { half[keyPath: limit] = min(self[keyPath: limit], max(self[keyPath: limit] / 2, 8)) }
    return half
  }
}
