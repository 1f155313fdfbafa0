// SPDX-License-Identifier: Apache-2.0
import SizerGraph
import SizerProfile

/// Where leaked objects were born, of classes that a tracker tracks with traces. Only what is leaked is looked up:
/// names and lines cost more than all else.
extension HeapGraph {
  /// The same groups with the births of their objects.
  func withBirths(_ groups: [LeakGroup]) -> [LeakGroup] {
    let stacks = births(of: groups)
    if stacks.isEmpty { return groups }
    return groups.map { group in
      var counts: [String: Int] = [:]
      for address in group.addresses {
        if let stack = stacks[UInt64(address)] { counts[stack, default: 0] += 1 }
      }
      var group = group
      if !counts.isEmpty { group.births = LeakGroup.Birth.sorted(counts.map { ($0.key, $0.value) }) }
      return group
    }
  }

  /// The image with the births of what is leaked in it, for a file.
  package var imageWithBirths: HeapImage {
    if traces.isEmpty { return image }
    var image = image
    image.setBirths(births(of: image.leaks()))
    return image
  }

  /// What lives of one type and was born with one stack.
  package struct Born: Sendable {
    package var trace: StackTrace
    package var typeName: String
    package var count: Int
    /// Usable bytes of the objects and of the raw blocks that they own.
    package var bytes: Int
  }

  /// All objects of which the birth was recorded with its stack, those with most bytes first; what died right behind
  /// the image is left out.
  package var born: [Born] {
    struct Key: Hashable {
      var trace: UInt32
      var type: Int
    }
    let raw = image.rawBytesByOwner()
    var sums: [Key: (count: Int, bytes: Int)] = [:]
    for (address, trace) in traces {
      guard let object = image.object(at: address) else { continue }
      let bytes = image.bytes(of: object) &+ (raw[object] ?? 0)
      let key = Key(trace: trace, type: image.typeNumber(of: object))
      sums[key, default: (0, 0)].count += 1
      sums[key, default: (0, 0)].bytes &+= bytes
    }
    let stacks = symbolisedTraces(Set(sums.keys.map(\.trace)))
    let order = sums.sorted {
      ($1.value.bytes, $0.key.trace, $0.key.type) < ($0.value.bytes, $1.key.trace, $1.key.type)
    }
    return order.compactMap { key, sum in
      stacks[key.trace].map {
        Born(trace: $0, typeName: image.types[key.type].name, count: sum.count, bytes: sum.bytes)
      }
    }
  }

  /// The calls, a line each, by the object's address.
  private func births(of groups: [LeakGroup]) -> [UInt64: String] {
    if traces.isEmpty { return [:] }
    var wanted: [UInt64: UInt32] = [:]
    for group in groups {
      for address in group.addresses { wanted[UInt64(address)] = traces[UInt64(address)] }
    }
    let texts = symbolisedTraces(Set(wanted.values)).mapValues { trace in
      trace.frames.map { Self.text(of: $0) }.joined(separator: "\n")
    }
    return wanted.compactMapValues { texts[$0] }.filter { !$0.value.isEmpty }
  }

  /// The calls of a birth, the innermost first.
  package static func frames(ofBirth trace: UInt32) -> [String] {
    symbolisedTraces([trace])[trace]?.frames.map(text) ?? []
  }

  private static func text(of frame: StackTrace.Frame) -> String {
    let function = frame.function ?? "0x" + String(frame.address, radix: 16)
    if let file = frame.file { return "\(function) at \(file)" + (frame.line > 0 ? ":\(frame.line)" : "") }
    return function + (frame.image.map { " in \($0)+0x" + String(frame.imageOffset, radix: 16) } ?? "")
  }
}
