// SPDX-License-Identifier: Apache-2.0

package import SizerProfile

/// Makes a profile that pprof reads (github.com/google/pprof, proto/profile.proto): what lives, by the stacks that it
/// was born with. Not compressed, which pprof takes as well.
package struct PprofEncoder: Sendable {
  private var profile = ProtobufWriter()
  private var texts = NumberTable<String>()
  private var functions = NumberTable<Function>(from: 1)
  private var locations = NumberTable<[StackTrace.Frame]>(from: 1)
  private var mappings: [String: Mapping] = [:]
  private let program: String
  private let comments: [String]
  private let hasAllocations: Bool

  private struct Function: Hashable {
    var name: String
    var file: String
  }
  private struct Mapping {
    var number: UInt64
    var buildID: String
    var start: UInt64
    var end: UInt64
    var hasNames = true
    var hasLines = true
    var hasInlined = false
  }

  /// Field numbers of profile.proto that are in more than one place here.
  private enum Field {
    static let sampleType: UInt64 = 1, sample: UInt64 = 2, mapping: UInt64 = 3, location: UInt64 = 4
    static let function: UInt64 = 5, text: UInt64 = 6, time: UInt64 = 9, periodType: UInt64 = 11
    static let period: UInt64 = 12, comment: UInt64 = 13, defaultType: UInt64 = 14
  }

  /// - Parameters:
  ///   - program: the program's path: what is in it comes first.
  ///   - provenance: for `pprof -comments`.
  ///   - hasAllocations: whether it is known what was born besides what lives.
  package init(program: String, _ provenance: Provenance = Provenance([:]), hasAllocations: Bool = false) {
    self.program = program
    comments = provenance.lines
    self.hasAllocations = hasAllocations
    _ = number(of: "")
    if hasAllocations {
      profile.message(Field.sampleType, valueType("alloc_objects", "count"))
      profile.message(Field.sampleType, valueType("alloc_space", "bytes"))
    }
    profile.message(Field.sampleType, valueType("inuse_objects", "count"))
    profile.message(Field.sampleType, valueType("inuse_space", "bytes"))
    profile.message(Field.periodType, valueType("space", "bytes"))
    profile.number(Field.period, 1)
    profile.number(Field.defaultType, number(of: "inuse_space"))
  }

  /// Objects of one type that were born with one stack: those that live, and all of them where that is known.
  package mutating func add(
    _ trace: StackTrace, typeName: String, count: Int, bytes: Int, allocated: (count: Int, bytes: Int) = (0, 0)
  ) {
    var sample = ProtobufWriter()
    sample.numbers(1, trace.calls.map { UInt64(number(of: $0)) })
    let born = hasAllocations ? [allocated.count, allocated.bytes] : []
    sample.numbers(2, (born + [count, bytes]).map { UInt64($0) })
    sample.message(3, label("class", typeName))
    if let module = moduleName(of: typeName) { sample.message(3, label("module", module)) }
    profile.message(Field.sample, sample)
  }

  /// The whole of it.
  ///
  /// - Parameter time: nanoseconds since 1970.
  package consuming func finished(time: UInt64) -> [UInt8] {
    let order = mappings.sorted { $0.value.number < $1.value.number }
    for (path, mapping) in order.filter({ $0.key == program }) + order.filter({ $0.key != program }) {
      profile.message(Field.mapping, message(of: mapping, path))
    }
    let comments = comments.map { UInt64(number(of: $0)) }
    for text in texts.keys { profile.text(Field.text, text) }
    profile.numbers(Field.comment, comments)
    profile.number(Field.time, time)
    return profile.bytes
  }

  private mutating func number(of text: String) -> Int { texts(text) }

  private mutating func label(_ key: String, _ value: String) -> ProtobufWriter {
    var label = ProtobufWriter()
    label.number(1, number(of: key))
    label.number(2, number(of: value))
    return label
  }

  private mutating func valueType(_ type: String, _ unit: String) -> ProtobufWriter {
    var message = ProtobufWriter()
    message.number(1, number(of: type))
    message.number(2, number(of: unit))
    return message
  }

  private mutating func number(of call: [StackTrace.Frame]) -> Int {
    let (number, isNew) = locations.number(of: call)
    guard isNew else { return number }
    var location = ProtobufWriter()
    location.number(1, number)
    location.number(2, note(call))
    // What is recorded is where the call returns to, which may be another line's code already.
    location.number(3, call[0].address &- 1)
    for frame in call {
      guard let function = frame.function else { continue }
      var line = ProtobufWriter()
      line.number(1, self.number(of: Function(name: function, file: frame.file ?? "")))
      line.number(2, frame.line)
      line.number(3, frame.column)
      location.message(4, line)
    }
    profile.message(Field.location, location)
    return number
  }

  private mutating func number(of function: Function) -> Int {
    let (number, isNew) = functions.number(of: function)
    guard isNew else { return number }
    var message = ProtobufWriter()
    message.number(1, number)
    message.number(2, self.number(of: function.name))
    message.number(3, self.number(of: function.name))
    message.number(4, self.number(of: function.file))
    profile.message(Field.function, message)
    return number
  }

  /// The number of the program or library that a call is in, which reaches as far as calls do; 0 for none.
  private mutating func note(_ call: [StackTrace.Frame]) -> UInt64 {
    let frame = call[0]
    guard let path = frame.image else { return 0 }
    let start = frame.address &- frame.imageOffset
    var mapping =
      mappings[path]
      ?? Mapping(number: UInt64(mappings.count + 1), buildID: frame.buildID ?? "", start: start, end: start)
    mapping.start = min(mapping.start, start)
    mapping.end = max(mapping.end, frame.address)
    mapping.hasNames = mapping.hasNames && call.allSatisfy { $0.function != nil }
    mapping.hasLines = mapping.hasLines && call.allSatisfy { $0.line > 0 }
    mapping.hasInlined = mapping.hasInlined || call.count > 1
    mappings[path] = mapping
    return mapping.number
  }

  private mutating func message(of mapping: Mapping, _ path: String) -> ProtobufWriter {
    var message = ProtobufWriter()
    message.number(1, mapping.number)
    message.number(2, mapping.start)
    message.number(3, mapping.end)
    message.number(5, number(of: path))
    message.number(6, number(of: mapping.buildID))
    for (field, isOn) in [
      (7, mapping.hasNames), (8, mapping.hasLines), (9, mapping.hasLines), (10, mapping.hasInlined),
    ] as [(UInt64, Bool)] { message.number(field, isOn ? 1 : 0) }
    return message
  }
}

extension StackTrace {
  /// The calls, each with those that were inlined into it, which stand before it.
  package var calls: [[Frame]] {
    var calls: [[Frame]] = []
    var isInside = false
    for frame in frames {
      if isInside { calls[calls.count - 1].append(frame) } else { calls.append([frame]) }
      isInside = frame.isInlined
    }
    return calls
  }
}
