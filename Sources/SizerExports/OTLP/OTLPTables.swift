// SPDX-License-Identifier: Apache-2.0

import SizerProfile

/// The tables that samples refer to by number: the message `ProfilesDictionary`. The first of each stands for none.
struct OTLPTables {
  /// Messages by what they say, each once.
  private struct Table<Key: Hashable & Sendable> {
    var numbers = NumberTable<Key>(from: 1)
    var messages = [ProtobufWriter()]
  }

  private struct Attribute: Hashable {
    var key: String
    var value: String
  }

  private struct Function: Hashable {
    var name: String
    var file: String
  }

  /// As far as calls reach.
  private struct Mapping {
    var number: Int
    var start: UInt64
    var end: UInt64
    var attributes: [UInt64]
  }

  private var texts = NumberTable<String>()
  private var functions = Table<Function>()
  private var locations = Table<[StackTrace.Frame]>()
  private var stacks = Table<StackTrace>()
  private var attributes = Table<Attribute>()
  private var mappings: [String: Mapping] = [:]

  init() { _ = texts("") }

  mutating func text(_ text: String) -> Int { texts(text) }

  mutating func attribute(_ key: String, _ value: String) -> Int {
    let (number, isNew) = attributes.numbers.number(of: Attribute(key: key, value: value))
    guard isNew else { return number }
    var message = ProtobufWriter()
    message.number(1, text(key))
    message.message(2, OTLPEncoder.value(value))
    attributes.messages.append(message)
    return number
  }

  mutating func stack(of trace: StackTrace) -> Int {
    let (number, isNew) = stacks.numbers.number(of: trace)
    guard isNew else { return number }
    var message = ProtobufWriter()
    message.numbers(1, trace.calls.map { UInt64(location(of: $0)) })
    stacks.messages.append(message)
    return number
  }

  private mutating func location(of call: [StackTrace.Frame]) -> Int {
    let mapping = note(call[0])
    let (number, isNew) = locations.numbers.number(of: call)
    guard isNew else { return number }
    var message = ProtobufWriter()
    message.number(1, mapping)
    // What is recorded is where the call returns to, which may be another line's code already.
    message.number(2, call[0].address &- 1)
    for frame in call {
      guard let function = frame.function else { continue }
      var line = ProtobufWriter()
      line.number(1, self.function(Function(name: function, file: frame.file ?? "")))
      line.number(2, frame.line)
      line.number(3, frame.column)
      message.message(3, line)
    }
    locations.messages.append(message)
    return number
  }

  private mutating func function(_ function: Function) -> Int {
    let (number, isNew) = functions.numbers.number(of: function)
    guard isNew else { return number }
    var message = ProtobufWriter()
    message.number(1, text(function.name))
    message.number(3, text(function.file))
    functions.messages.append(message)
    return number
  }

  /// The number of the program or library that a call is in.
  private mutating func note(_ frame: StackTrace.Frame) -> Int {
    guard let path = frame.image else { return 0 }
    let start = frame.address &- frame.imageOffset
    let buildID = frame.buildID.map { [UInt64(attribute("process.executable.build_id.gnu", $0))] } ?? []
    let new = Mapping(number: mappings.count + 1, start: start, end: start, attributes: buildID)
    var mapping = mappings[path] ?? new
    mapping.start = min(mapping.start, start)
    mapping.end = max(mapping.end, frame.address)
    mappings[path] = mapping
    return mapping.number
  }

  consuming func message() -> ProtobufWriter {
    var order = [ProtobufWriter()]
    for (path, mapping) in mappings.sorted(by: { $0.value.number < $1.value.number }) {
      var message = ProtobufWriter()
      message.number(1, mapping.start)
      message.number(2, mapping.end)
      message.number(4, text(path))
      message.numbers(5, mapping.attributes)
      order.append(message)
    }
    var dictionary = ProtobufWriter()
    for message in order { dictionary.message(1, message) }
    for message in locations.messages { dictionary.message(2, message) }
    for message in functions.messages { dictionary.message(3, message) }
    dictionary.message(4, ProtobufWriter())
    for text in texts.keys { dictionary.text(5, text) }
    for message in attributes.messages { dictionary.message(6, message) }
    for message in stacks.messages { dictionary.message(7, message) }
    return dictionary
  }
}
