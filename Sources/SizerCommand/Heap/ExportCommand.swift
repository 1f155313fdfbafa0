// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerExports
import SizerProfile
import SizerReports

struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a heap image, or what a profile tracked, in a form that other programs read.",
    discussion: """
      heapsnapshot: for the Memory panel of Chromium's DevTools (Load), and what else reads V8's heap snapshots. Sizes \
      and retained sizes there are those that sizer prints. Weak and unowned references are shown as weak ones; an \
      object keeps its @number between two snapshots of one process, so that they can be compared. Objects whose \
      births were recorded with stacks have these; of a profile's, the timeline shows when they were born.

      pprof: what lived of tracked objects at a profile's last snapshot, by the stacks that they were born with, for \
      go tool pprof; where objects died also all that were born. Objects are tracked with stacks by --trace or \
      trace: true.

      pprof-retained, collapsed, speedscope: flame graphs of what keeps what alive, for go tool pprof, for \
      flamegraph.pl and its like (in bytes), and for www.speedscope.app. A frame is a type; its width is what its \
      objects retain.

      massif: the same as a tree, for ms_print and massif-visualizer, a snapshot for each heap image of a profile. \
      What was asked for is heap, the allocator's slack is extra heap.

      otlp: what pprof and pprof-retained have, as far as the file has it, as profiles of OpenTelemetry with the \
      profile's tags as attributes of the resource: ProfilesData of its protocol, which is still being developed.

      heaptrack: births and deaths of what a profile tracked, for heaptrack_print and heaptrack_gui. Each object has \
      the last size that a snapshot saw.

      dot: a drawing for Graphviz, as sizer dot makes it without --around.

      Of a program that runs, its live socket (sizer run --socket) takes the file's place, by its path or with unix: \
      before it. Each form but collapsed says which process it is of.
      """)

  @OptionGroup var image: HeapImageArgument

  @Option(
    help: ArgumentHelp(
      "The form: \(ExportFormat.list).", valueName: "form"))
  var format: ExportFormat

  @OptionGroup var file: OutputArgument

  func validate() throws {
    guard format != .heaptrack || image.snapshot == nil else {
      throw ValidationError("heaptrack has all times and no snapshot; leave --snapshot out.")
    }
  }

  func run() throws {
    let target = try file.target(reading: image.path)
    let write = try answer() ?? writer()
    var output = try file.begin(target)
    write(&output)
    try output.finish()
  }

  /// Of what is tracked a process at a live socket tells more than its image does: it is asked for the form itself.
  private func answer() throws -> ((inout Output) -> Void)? {
    guard [.pprof, .otlp, .heaptrack].contains(format), let client = SocketClient(at: image.path) else { return nil }
    let bytes = try withProgress("asking \(image.path)") { try client.file("/export?format=\(format.rawValue)") }
    return { $0.write(bytes) }
  }

  /// Reads all that is needed; what it answers writes.
  private func writer() throws -> (inout Output) -> Void {
    switch format {
    case .pprof:
      let births = try births()
      guard births.hasStacks else {
        throw Failure(
          message: "no object was tracked with its stack by then; record with --trace, or track(class:trace: true)")
      }
      return { $0.write(births.pprof()) }
    case .otlp:
      let export = try telemetry()
      return { $0.write(export.encoded()) }
    case .massif:
      let export = try massif()
      return { export.write(to: &$0) }
    case .heaptrack:
      let export = HeaptrackExport(try loadProfile(image.path))
      return { export.write(to: &$0) }
    case .heapsnapshot:
      let export = try heapSnapshot()
      return { export.write(to: &$0) }
    case .dot:
      let (graph, origin) = try origin()
      let drawing = HeapDrawing(of: graph, limit: HeapDrawing.usualLimit, origin)
      return { drawing.write(to: &$0) }
    case .pprofRetained, .collapsed, .speedscope:
      let (graph, origin) = try origin()
      let stacks = RetainedStacks(of: graph, origin)
      return switch format {
      case .collapsed: { stacks.writeCollapsed(to: &$0) }
      case .speedscope: { stacks.writeSpeedscope(to: &$0) }
      default: { $0.write(stacks.pprof()) }
      }
    }
  }

  private func origin() throws -> (HeapImage, Provenance) {
    let source = try HeapSource(image.path, image.symbols)
    let graph = try source.image(named: image.snapshot)
    return (graph, source.provenance(of: graph))
  }

  /// With the births that the image's profile tells of, if there is one.
  private func heapSnapshot() throws -> HeapSnapshotExport {
    let source = try HeapSource(image.path, image.symbols)
    let position = try source.position(named: image.snapshot)
    let graph = try source.image(at: position)
    guard let snapshot = source.file.entries[position].snapshot else { return HeapSnapshotExport(of: graph) }
    let births = SnapshotBirths(of: graph, try loadProfile(image.path), snapshot: snapshot)
    return HeapSnapshotExport(of: graph, births: births, source.provenance(of: graph))
  }

  /// One image, or those that tell how memory went.
  private func massif() throws -> MassifExport {
    let source = try HeapSource(image.path, image.symbols)
    let last = try source.position(named: image.snapshot)
    var export = MassifExport(source.file.isProfile ? Provenance(source.file.tags) : nil)
    for position in image.snapshot == nil ? source.series() : [last] {
      export.add(try source.image(at: position), at: source.file.entries[position].time)
    }
    return export
  }

  private func telemetry() throws -> OTLPExport {
    let file = try HeapSource(image.path).file
    guard file.isProfile else { return OTLPExport(births: nil, image: try image.load()) }
    let births = try births()
    // A snapshot may have no image, and a profile none at all.
    let hasImage = file.entries.contains { image.snapshot == nil || $0.snapshot == births.number }
    guard births.hasStacks || hasImage else {
      throw Failure(
        message: "\(image.path) has neither an image of the heap nor stacks; record with --heap or --trace")
    }
    let (graph, origin) = hasImage ? try origin() : (nil, nil)
    return OTLPExport(births: births.hasStacks ? births : nil, image: graph, origin)
  }

  private func births() throws -> BirthStacks {
    let statistics = try loadProfile(image.path)
    guard let last = statistics.snapshots.indices.last else {
      throw Failure(message: "\(image.path) has no snapshot; take one with createSnapshot()")
    }
    guard let name = image.snapshot else { return BirthStacks(statistics, snapshot: last) }
    // A label first, as for heap images.
    let labelled = statistics.snapshots.indices.filter { statistics.snapshots[$0].label == name }
    guard let found = labelled.count == 1 ? labelled[0] : Int(name), statistics.snapshots.indices.contains(found)
    else { throw Failure(message: "\(image.path) has no snapshot \(name); it has 0 to \(last)") }
    return BirthStacks(statistics, snapshot: found)
  }
}
