// SPDX-License-Identifier: Apache-2.0

internal import SizerProfile

/// What a page tells of the instances of one class, from one pass over them. Positions are those of kept snapshots.
struct ClassSummary {
  /// Sizes are counted by quarters of a power of two, which is how allocators space them too.
  static let bucketCount = 224

  /// Objects whose first snapshot is the row and whose last is the column: who is alive at both of two snapshots is the
  /// sum of the rows up to one and of the columns from the other.
  var lives: Triangle
  /// Bytes, at the column, of the objects whose first snapshot is the row.
  var bytesByFirst: Triangle
  /// Bytes, at the column, of the objects whose last snapshot is the row.
  var bytesByLast: Triangle
  /// Living objects by snapshot and bucket of size.
  var distribution: [[Int]]
  /// Births, and ends of life or of tracking, since the moment before. Moments are at even distances from 0 to the end.
  var births: [Int]
  var ends: [Int]
  /// By trace; `History.ObjectRow.none` for objects without.
  var traces: [UInt32: TraceWeight] = [:]
  /// The instances that get a row, in the order of tracking.
  var kept: [UInt32] = []
  /// Whether these are all.
  var keepsAll = true

  /// What was made at one place.
  struct TraceWeight {
    var made = 0
    /// Those that were alive and tracked at the end.
    var living = 0
    /// Their bytes at the snapshot at which the class was largest.
    var bytes = 0
  }

  init(
    of objects: ArraySlice<UInt32>, in index: HistoryIndex, keeping quota: Int, peak: Int?, limits: PageLimits
  ) {
    let count = index.kept.count
    lives = Triangle(side: count)
    bytesByFirst = Triangle(side: count)
    bytesByLast = Triangle(side: count)
    distribution = Array(repeating: Array(repeating: 0, count: Self.bucketCount), count: count)
    births = Array(repeating: 0, count: limits.moments)
    ends = births
    var choice = Choice(count: quota, of: objects.count)
    for object in objects {
      let row = index.history.objects[Int(object)]
      births[moment(row.birth, index.end)] += 1
      if row.end != .max { ends[moment(row.end, index.end)] += 1 }
      var weight = traces[row.trace] ?? TraceWeight()
      weight.made += 1
      if row.end == .max { weight.living += 1 }
      addSizes(of: object, in: index, peak: peak, weight: &weight)
      traces[row.trace] = weight
      choice.offer(object, sizes: index.sizes(of: object))
    }
    kept = choice.objects
    keepsAll = choice.isAll
  }

  /// The bucket of a size: 0 for 0 bytes, single sizes below 8, then four for each power of two.
  static func bucket(_ bytes: Int) -> Int {
    guard bytes >= 8 else { return max(bytes, 0) }
    let power = Int.bitWidth - 1 - bytes.leadingZeroBitCount
    return 4 * power - 4 + (bytes >> (power - 2) & 3)
  }

  private func moment(_ time: Int64, _ end: Int64) -> Int {
    Int((min(max(Double(time) / Double(end), 0), 1) * Double(births.count - 1)).rounded(.up))
  }

  private mutating func addSizes(of object: UInt32, in index: HistoryIndex, peak: Int?, weight: inout TraceWeight) {
    let life = index.life(of: object)
    guard let first = life.first, let last = life.last else { return }
    lives[first, last] += 1
    let sizes = index.sizes(of: object)
    var row = sizes.startIndex
    var bytes = 0
    for position in life {
      while row < sizes.endIndex, sizes[row].snapshot <= index.kept[position] {
        bytes = clamped(Int(sizes[row].bytes))
        row += 1
      }
      bytesByFirst[first, position] &+= bytes
      bytesByLast[last, position] &+= bytes
      distribution[position][Self.bucket(bytes)] += 1
      if position == peak { weight.bytes &+= bytes }
    }
  }
}

/// Chooses which instances get a row: the largest, those that grew most, and of the rest a sample.
private struct Choice {
  private let all: Bool
  private var everyone: [UInt32] = []
  private var largest: Largest
  private var grown: Largest
  private var sample: Sample

  init(count: Int, of total: Int) {
    all = total <= count
    largest = Largest(count: count * 2 / 5)
    grown = Largest(count: count / 5)
    sample = Sample(count: count - count * 2 / 5 - count / 5)
  }

  mutating func offer(_ object: UInt32, sizes: ArraySlice<History.SizeRow>) {
    guard !all else { return everyone.append(object) }
    largest.offer(object, key: sizes.reduce(0) { max($0, clamped(Int($1.bytes))) })
    if let first = sizes.first, let last = sizes.last {
      let growth = clamped(Int(last.bytes)) - clamped(Int(first.bytes))
      if growth > 0 { grown.offer(object, key: growth) }
    }
    sample.offer(object)
  }

  var isAll: Bool { all }

  /// An object that is both large and sampled has one row.
  var objects: [UInt32] { all ? everyone : Set(largest.objects + grown.objects + sample.objects).sorted() }
}
