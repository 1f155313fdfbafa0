// SPDX-License-Identifier: Apache-2.0

/// All figures of `profile`.
struct ProfileFigures: Codable, CustomStringConvertible {
  /// Lengths of what was written.
  struct Files {
    var constant: Int
    var changing: Int
    var html: Int
  }

  var objects: Int
  var snapshots: Int
  /// Sizes that differ from the one before.
  var changedSizes: Int
  /// The file's length when no size changes, and when these do.
  var constantBytes: Int
  var changingBytes: Int
  var htmlBytes: Int
  var steps: [StepFigures]

  var bytesPerObject: Double
  var bytesPerChange: Double

  init(written: ProfileStepResult, constant: ProfileStepResult, files: Files, steps: [StepFigures]) {
    objects = written.objects
    snapshots = written.snapshots
    changedSizes = written.sizes - constant.sizes
    constantBytes = files.constant
    changingBytes = files.changing
    htmlBytes = files.html
    self.steps = steps
    bytesPerObject = (Double(constantBytes) / Double(objects)).rounded(to: 2)
    bytesPerChange = (Double(changingBytes - constantBytes) / Double(changedSizes)).rounded(to: 2)
  }

  /// For people.
  var description: String {
    """
    A profile of \(objects.grouped) objects, \(snapshots) snapshots and \(changedSizes.grouped) changed sizes

    \(sizeTable)

    \(steps.table)

    processor   the time that the step had a core for itself; the rest is waiting for one, or for the disk
    peak        the process's most resident memory (VmHWM): of writing with what is written, of HTML with loading
    """
  }

  private var sizeTable: Table {
    var table = Table(.text("on disk"), .number("bytes"), .number("each"), .text("target"))
    table.append(
      "objects, with their first size", constantBytes.grouped, bytesPerObject.decimals(1),
      mark("40", bytesPerObject <= 40))
    table.append(
      "changed sizes", (changingBytes - constantBytes).grouped, bytesPerChange.decimals(1),
      mark("8", bytesPerChange <= 8))
    table.append("the page", htmlBytes.grouped, "", mark("5,000,000 in all", htmlBytes <= 5_000_000))
    return table
  }
}

/// What a step takes, and what it may take.
struct StepFigures: Codable {
  var title: String
  var seconds: Double
  var processorSeconds: Double
  var peakMB: Double
  var secondsLimit: Double?
  var peakLimitMB: Double?

  init(_ step: ProfileStep, _ result: ProfileStepResult) {
    title = step.title
    seconds = result.seconds
    processorSeconds = result.processorSeconds
    peakMB = (Double(result.peakBytes) / 1_000_000).rounded(to: 1)
    secondsLimit = step.limits.seconds
    peakLimitMB = step.limits.peakMB
  }
}

extension ProfileStep {
  fileprivate var title: String {
    switch self {
    case .writeConstant, .writeChanging: "write"
    case .load: "load"
    case .topTen: "load, sort by size, print ten"
    case .html: "HTML of what is loaded"
    }
  }

  /// For a million objects; fewer must keep within them all the more.
  fileprivate var limits: (seconds: Double?, peakMB: Double?) {
    switch self {
    case .writeConstant, .writeChanging, .load: (nil, nil)
    case .topTen: (1, 200)
    case .html: (5, nil)
    }
  }
}

extension [StepFigures] {
  var table: Table {
    var table = Table(
      .text("step"), .number("s"), .text("target"), .number("processor, s"), .number("peak, MB"), .text("target"))
    for row in self {
      table.append(
        row.title, row.seconds.decimals(2),
        row.secondsLimit.map { mark("\($0.decimals(0)) s", row.seconds <= $0) } ?? "",
        row.processorSeconds.decimals(2), row.peakMB.decimals(0),
        row.peakLimitMB.map { mark("\($0.decimals(0)) MB", row.peakMB <= $0) } ?? "")
    }
    return table
  }
}
