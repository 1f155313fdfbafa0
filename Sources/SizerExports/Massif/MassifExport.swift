// SPDX-License-Identifier: Apache-2.0

package import SizerGraph
import SizerProfile

/// Heap images as a file of valgrind's massif, for ms_print and massif-visualizer: one snapshot for each image.
///
/// `mem_heap_B` is what was asked for, `mem_heap_extra_B` the allocator's slack. Massif's trees are of calls; these are
/// of what keeps what alive, the outermost first. Children add up to their parent: what its own objects have is a child
/// of its own.
package struct MassifExport {
  private struct Snapshot {
    var milliseconds: Int
    var requested: Int
    var slack: Int
    var tree: MassifTree

    var total: Int { requested &+ slack }
  }

  private var program = ""
  private var snapshots: [Snapshot] = []
  private var provenance: Provenance?

  /// - Parameter provenance: nil: what the first image knows of it.
  package init(_ provenance: Provenance? = nil) { self.provenance = provenance }

  /// Adds the next image; it is not kept. Complexity: O(objects).
  ///
  /// - Parameter time: Since the tracker was made; not before that of the image before it.
  package mutating func add(_ image: HeapImage, at time: Duration) {
    if provenance == nil { provenance = Provenance(of: image.info) }
    if program.isEmpty { program = image.info.program }
    let slack = image.slackBytesByOwner()
    let tree = MassifTree(of: image, slack)
    let (seconds, attoseconds) = time.components
    snapshots.append(
      Snapshot(
        milliseconds: Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000), requested: tree.bytes,
        slack: slack.values.reduce(0, &+), tree: tree))
  }

  package func write<Output: TextOutputStream>(to output: inout Output) {
    var buffer = ExportBuffer()
    let origin = (provenance?.lines ?? []).map { " \(MassifTree.harmless($0))" }.joined()
    buffer.add("desc: what lives, by what keeps it alive; slack is extra-heap;\(origin)\n")
    buffer.add("cmd: \(MassifTree.harmless(program))\ntime_unit: ms\n")
    let peak = snapshots.indices.max { snapshots[$0].total < snapshots[$1].total }
    for (number, snapshot) in snapshots.enumerated() {
      buffer.add("#-----------\nsnapshot=\(number)\n#-----------\ntime=\(snapshot.milliseconds)\n")
      buffer.add("mem_heap_B=\(snapshot.requested)\nmem_heap_extra_B=\(snapshot.slack)\nmem_stacks_B=0\n")
      buffer.add("heap_tree=\(number == peak ? "peak" : "detailed")\n")
      snapshot.tree.write(to: &buffer)
      buffer.flush(to: &output)
    }
    buffer.flush(to: &output, always: true)
  }
}

extension HeapImage {
  /// Bytes that nobody asked for, of objects and their raw blocks, by the object; of objects that have some.
  fileprivate func slackBytesByOwner() -> [Int: Int] {
    var slack: [Int: Int] = [:]
    for object in 0..<objectCount {
      if let requested = requestedBytes(of: object), requested < bytes(of: object) {
        slack[object] = bytes(of: object) - requested
      }
    }
    for block in rawBlocks {
      if let requested = block.requestedBytes, requested < block.bytes {
        slack[block.owner, default: 0] &+= block.bytes - requested
      }
    }
    return slack
  }
}
