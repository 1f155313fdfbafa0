// SPDX-License-Identifier: Apache-2.0

import SizerProfile

/// Makes the message `ProfilesData` of OpenTelemetry's protocol (opentelemetry/proto/profiles/v1development), which its
/// authors still change. A profile there has one type of figures; tables of stacks and texts serve all of them.
struct OTLPEncoder {
  /// What was born with a stack, or lies on a way.
  struct Row {
    var trace: StackTrace
    var typeName: String
    /// One for each kind.
    var values: [Int]
  }

  struct Kind {
    var type: String
    var unit: String
  }

  private let time: UInt64
  private var profiles: [[UInt8]] = []
  private var tables = OTLPTables()

  /// - Parameter time: Nanoseconds since 1970; 0 when it is unknown.
  init(time: UInt64) { self.time = time }

  /// Adds a profile for each kind of figure that these rows have.
  mutating func add(_ kinds: [Kind], _ rows: [Row]) {
    let places = rows.map { row in
      let module = moduleName(of: row.typeName).map { [tables.attribute("module", $0)] } ?? []
      return (stack: tables.stack(of: row.trace), labels: [tables.attribute("class", row.typeName)] + module)
    }
    for (number, kind) in kinds.enumerated() {
      var profile = ProtobufWriter()
      profile.message(1, type(kind))
      for (row, place) in zip(rows, places) where row.values[number] != 0 {
        var sample = ProtobufWriter()
        sample.number(1, place.stack)
        sample.numbers(2, place.labels.map { UInt64($0) })
        sample.numbers(4, [UInt64(bitPattern: Int64(row.values[number]))])
        profile.message(2, sample)
      }
      profile.fixed(3, time)
      profile.message(5, type(Kind(type: "space", unit: "bytes")))
      profile.number(6, 1)
      profiles.append(profile.bytes)
    }
  }

  private mutating func type(_ kind: Kind) -> ProtobufWriter {
    var message = ProtobufWriter()
    message.number(1, tables.text(kind.type))
    message.number(2, tables.text(kind.unit))
    return message
  }

  /// The whole of it.
  ///
  /// - Parameter provenance: The attributes of the resource.
  consuming func finished(_ provenance: Provenance) -> [UInt8] {
    let dictionary = tables.message()
    var scope = ProtobufWriter()
    scope.text(1, "sizer")
    var scopeProfiles = ProtobufWriter()
    scopeProfiles.message(1, scope)
    for bytes in profiles {
      var profile = ProtobufWriter(bytes)
      // The same profile has the same, another one another.
      profile.bytes(7, SHA256.digest(of: bytes + dictionary.bytes).prefix(16))
      scopeProfiles.message(2, profile)
    }
    var resource = ProtobufWriter()
    for (key, value) in provenance.sorted {
      var attribute = ProtobufWriter()
      attribute.text(1, key)
      attribute.message(2, Self.value(value, isNumber: key == "process.pid"))
      resource.message(1, attribute)
    }
    var resourceProfiles = ProtobufWriter()
    resourceProfiles.message(1, resource)
    resourceProfiles.message(2, scopeProfiles)
    var data = ProtobufWriter()
    data.message(1, resourceProfiles)
    data.message(2, dictionary)
    return data.bytes
  }

  /// An `AnyValue`. Process numbers are numbers by OpenTelemetry's conventions, all else here is a text.
  static func value(_ text: String, isNumber: Bool = false) -> ProtobufWriter {
    var value = ProtobufWriter()
    if isNumber, let number = Int(text), number > 0 { value.number(3, number) } else { value.text(1, text) }
    return value
  }
}
