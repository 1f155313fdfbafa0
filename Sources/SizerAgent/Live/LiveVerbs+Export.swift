// SPDX-License-Identifier: Apache-2.0
import Sizer
import SizerExports

extension LiveVerbs {
  /// What lives or was tracked, as other programs read it: the same as `sizer export` makes of `GET /heap`.
  func export(_ name: String) throws -> HTTPResponse {
    guard let format = ExportFormat(rawValue: name) else {
      throw HTTPRefusal(400, "there is no format \(name.prefix(40)); there are \(ExportFormat.list)")
    }
    var text = PiecedText()
    try write(format, to: &text)
    guard !text.isTooLong else {
      throw HTTPRefusal(503, "\(name) would have more than \(PiecedText.mostBytes >> 20) MiB; \(Self.otherWay)")
    }
    return HTTPResponse(contentType: format.contentType, body: .pieces(text.pieces))
  }

  private func write(_ format: ExportFormat, to text: inout PiecedText) throws {
    switch format {
    case .pprof:
      text.write(bytes: try births(try capture(edges: false)).pprof())
    case .heaptrack:
      let statistics = tracker.statistics
      guard statistics.objectCount > 0 else { throw Self.nothingTracked }
      try checkRoom(objects: statistics.objectCount)
      HeaptrackExport(statistics, provenance(nil)).write(to: &text)
    default:
      let graph = try capture()
      try checkRoom(objects: graph.objectCount)
      try write(format, graph, to: &text)
    }
  }

  private func write(_ format: ExportFormat, _ graph: HeapGraph, to text: inout PiecedText) throws {
    let origin = provenance(graph)
    var image = graph.imageWithBirths
    image.shortenTexts()
    switch format {
    case .heapsnapshot: HeapSnapshotExport(of: image, origin).write(to: &text)
    case .pprofRetained: text.write(bytes: RetainedStacks(of: image, origin).pprof())
    case .collapsed: RetainedStacks(of: image, origin).writeCollapsed(to: &text)
    case .speedscope: RetainedStacks(of: image, origin).writeSpeedscope(to: &text)
    case .massif:
      var export = MassifExport(origin)
      export.add(image, at: .zero)
      export.write(to: &text)
    case .otlp: text.write(bytes: OTLPExport(births: try? births(graph), image: image, origin).encoded())
    case .dot: HeapDrawing(of: image, limit: HeapDrawing.usualLimit, origin).write(to: &text)
    case .pprof, .heaptrack: break
    }
  }

  /// What lives of that which was tracked with stacks.
  func births(_ graph: HeapGraph) throws(HTTPRefusal) -> BirthStacks {
    let born = graph.born
    guard !born.isEmpty else { throw Self.nothingTracked }
    let info = graph.image.info
    return BirthStacks(
      living: born.map { BirthStacks.Row($0.trace, className: $0.typeName, living: ($0.count, $0.bytes)) },
      program: info.program, time: info.time, provenance(graph))
  }

  private func provenance(_ graph: HeapGraph?) -> Provenance {
    Provenance(tracker.tags.merging(tags) { $1 }, of: graph?.image.info)
  }

  private static let nothingTracked = HTTPRefusal(
    409, "nothing lives that was tracked with its stack; POST /track?class=App.*&trace=1, and wait for objects")
  private static let otherWay = "fetch GET /heap, and convert that elsewhere: sizer export"

  /// Such work is the host's memory until the answer is read.
  private func checkRoom(objects: Int) throws(HTTPRefusal) {
    if let shortage = Engine.shortage(ofBytes: objects * Self.bytesOfObject) {
      throw HTTPRefusal(503, "\(shortage); \(Self.otherWay)")
    }
  }

  /// For each object: of 1.3 million with 2 million references a heap snapshot took 257 MiB, the image in it.
  private static let bytesOfObject = 200
}
