// SPDX-License-Identifier: Apache-2.0

package import SizerGraph

/// A profile's births and a heap image's ways of keeping alive, as OpenTelemetry's profiles.
package struct OTLPExport {
  private let births: BirthStacks?
  private let retained: RetainedStacks?

  /// Of what there is of the two.
  package init(births: BirthStacks?, image: HeapImage?, _ provenance: Provenance? = nil) {
    self.births = births
    retained = image.map { RetainedStacks(of: $0, provenance) }
  }

  /// The message. Profiles of births are called as pprof calls them, those of an image `retained_objects` and
  /// `retained_space`.
  package func encoded() -> [UInt8] {
    let info = retained?.info
    var encoder = OTLPEncoder(time: births.map(\.time) ?? info?.time ?? 0)
    if let births {
      encoder.add(
        Self.kinds(births.hasDeaths ? ["alloc", "inuse"] : ["inuse"]),
        births.rows.map { row in
          let living = [row.living.count, row.living.bytes]
          return OTLPEncoder.Row(
            trace: row.trace, typeName: row.className,
            values: births.hasDeaths ? [row.born.count, row.born.bytes] + living : living)
        })
    }
    if let retained {
      encoder.add(
        Self.kinds(["retained"]),
        retained.stacks.map { stack in
          OTLPEncoder.Row(
            trace: retained.trace(of: stack), typeName: retained.typeName(of: stack),
            values: [stack.objects, stack.bytes])
        })
    }
    return encoder.finished(births?.provenance ?? retained?.provenance ?? Provenance([:]))
  }

  private static func kinds(_ names: [String]) -> [OTLPEncoder.Kind] {
    names.flatMap {
      [OTLPEncoder.Kind(type: "\($0)_objects", unit: "count"), OTLPEncoder.Kind(type: "\($0)_space", unit: "bytes")]
    }
  }
}
