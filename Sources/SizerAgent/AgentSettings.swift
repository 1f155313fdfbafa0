// SPDX-License-Identifier: Apache-2.0
import CSizerAgent
import SizerProfile

/// What the agent is asked for: variables of the environment that it is started in.
package struct AgentSettings: Sendable, Hashable {
  /// Where the profile goes, `SIZER_OUTPUT`, a ``PathPattern``. Empty: nothing is recorded.
  package var output: String
  /// How often a table of the whole heap by class is recorded, `SIZER_EVERY`; nil: only at the end.
  package var interval: Duration?
  /// Whether an image of the heap is recorded when the program ends, `SIZER_HEAP`.
  package var wantsHeap: Bool
  /// Whether there are to be two, between which each thread went on: they prove leaks. `SIZER_LEAKS`.
  package var wantsLeaks: Bool
  /// Which classes are tracked from birth to death, `SIZER_TRACK`: patterns, with commas between them.
  package var patterns: [String] = []
  /// Whether the stack at each birth is recorded, `SIZER_TRACE`.
  package var wantsTraces = false
  /// Whether births and deaths of tracked objects are told by probes, `SIZER_PROBES`.
  package var emitsProbes = false
  /// Whether children that look at the heap have one thread only, `SIZER_ONE_PROCESSOR`.
  package var usesOneProcessor = false
  /// Where the process can be asked while it runs, `SIZER_SOCKET`, a ``PathPattern``; empty for nowhere.
  package var socket = ""
  /// How often an image of the heap is recorded while the program runs, `SIZER_HEAP_EVERY`; nil: never.
  package var heapInterval: Duration?
  /// At how many percent of a control group's memory limit a last picture is recorded, `SIZER_AT_LIMIT`; nil: at none.
  package var limitPercent: Double?
  /// What the profile is to say of whose it is, `SIZER_TAGS`: names and values as in OTEL_RESOURCE_ATTRIBUTES.
  package var tags: [String: String] = [:]
  /// The tag that keeps the patterns for readers of the profile.
  package static let patternsTag = "sizer.track"
  /// Whether programs that the program starts are recorded, too, `SIZER_CHILDREN`. Read before Swift begins.
  package var followsChildren: Bool

  package init(
    output: String, interval: Duration? = .seconds(1), wantsHeap: Bool = false, wantsLeaks: Bool = false,
    followsChildren: Bool = false
  ) {
    self.output = output
    self.interval = interval
    self.wantsHeap = wantsHeap
    self.wantsLeaks = wantsLeaks
    self.followsChildren = followsChildren
  }

  /// As the environment has them.
  ///
  /// - Throws: for an interval or a share that is none, and for tags that no profile holds.
  package init(_ variable: (String) -> String?) throws(AgentSettingError) {
    func isOn(_ name: String) -> Bool { variable(name).map { !$0.isEmpty && $0 != "0" } ?? false }
    func path(_ name: String) -> String { variable(name).flatMap { $0 == "0" ? nil : $0 } ?? "" }
    self.init(
      output: path("SIZER_OUTPUT"), wantsHeap: isOn("SIZER_HEAP"), wantsLeaks: isOn("SIZER_LEAKS"),
      followsChildren: isOn("SIZER_CHILDREN"))
    patterns = (variable("SIZER_TRACK") ?? "").split(separator: ",").map(String.init)
    wantsTraces = isOn("SIZER_TRACE")
    emitsProbes = isOn("SIZER_PROBES")
    usesOneProcessor = isOn("SIZER_ONE_PROCESSOR")
    socket = path("SIZER_SOCKET")
    interval = try Self.interval("SIZER_EVERY", variable, unless: .seconds(1))
    heapInterval = try Self.interval("SIZER_HEAP_EVERY", variable, unless: nil)
    if let text = variable("SIZER_TAGS"), !text.isEmpty { tags = try Self.tags(text) }
    if let text = variable("SIZER_AT_LIMIT"), !text.isEmpty, text != "0" {
      guard let percent = Self.percent(text) else {
        throw AgentSettingError(name: "SIZER_AT_LIMIT", value: text, problem: "is no share; write 90%, or 0 for none")
      }
      limitPercent = percent
    }
  }

  private static func tags(_ text: String) throws(AgentSettingError) -> [String: String] {
    guard let tags = ProfileTags.parse(text) else {
      throw AgentSettingError(
        name: "SIZER_TAGS", value: text, problem: "is no list of names and values; write service.version=1.2,team=blue")
    }
    if let breach = ProfileTags.breach(tags) {
      throw AgentSettingError(name: "SIZER_TAGS", value: String(text.prefix(80)), problem: "can't be: \(breach)")
    }
    return tags
  }

  private static func interval(
    _ name: String, _ variable: (String) -> String?, unless otherwise: Duration?
  ) throws(AgentSettingError) -> Duration? {
    guard let text = variable(name), !text.isEmpty else { return otherwise }
    guard let interval = Self.interval(text) else {
      throw AgentSettingError(
        name: name, value: text, problem: "is no interval; write 500ms, 1s, 5m, or 0 for none")
    }
    return interval == .zero ? nil : interval
  }

  /// What the profile says of itself: the tags, and by which patterns classes were tracked, if there is room for it.
  package var recordedTags: [String: String] {
    guard !patterns.isEmpty, tags[Self.patternsTag] == nil else { return tags }
    let all = tags.merging([Self.patternsTag: patterns.joined(separator: ",")]) { given, _ in given }
    return all.count <= Self.mostTags && ProfileTags.breach(all) == nil ? all : tags
  }

  /// As many as `ClassTracker.record(to:tags:)` takes.
  private static let mostTags = 128

  /// The same as variables.
  package var variables: [(name: String, value: String)] {
    var variables = output.isEmpty ? [] : [("SIZER_OUTPUT", output)]
    variables.append(("SIZER_EVERY", Self.text(interval ?? .zero)))
    if !socket.isEmpty { variables.append(("SIZER_SOCKET", socket)) }
    if let heapInterval { variables.append(("SIZER_HEAP_EVERY", Self.text(heapInterval))) }
    if let limitPercent { variables.append(("SIZER_AT_LIMIT", "\(limitPercent)%")) }
    if !patterns.isEmpty { variables.append(("SIZER_TRACK", patterns.joined(separator: ","))) }
    if !tags.isEmpty { variables.append(("SIZER_TAGS", ProfileTags.text(tags))) }
    for (name, isOn) in [
      ("SIZER_HEAP", wantsHeap), ("SIZER_LEAKS", wantsLeaks), ("SIZER_CHILDREN", followsChildren),
      ("SIZER_TRACE", wantsTraces), ("SIZER_PROBES", emitsProbes),
      ("SIZER_ONE_PROCESSOR", usesOneProcessor),
    ] where isOn { variables.append((name, "1")) }
    return variables
  }

  /// `500ms`, `2s`, `5m`, or a number of seconds; zero is none. nil for anything else, and for what is below a
  /// millisecond or above a year.
  package static func interval(_ text: String) -> Duration? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int64(digits), count <= 365 * 86_400_000 else { return nil }
    let milliseconds: Int64? =
      switch text[digits.endIndex...] {
      case "ms": count
      case "s", "": count * 1_000
      case "m": count * 60_000
      default: nil
      }
    return milliseconds.flatMap { $0 <= 365 * 86_400_000 ? .milliseconds($0) : nil }
  }

  /// `90%`, `99.5%`: above 0 and up to 100. nil for anything else.
  package static func percent(_ text: String) -> Double? {
    let digits = text.dropLast()
    guard text.last == "%", digits.allSatisfy({ $0 == "." || $0.isASCII && $0.isNumber }),
      let percent = Double(String(digits)), percent >= 0.001, percent <= 100
    else { return nil }
    return percent
  }

  private static func text(_ interval: Duration) -> String {
    let (seconds, attoseconds) = interval.components
    return "\(seconds * 1_000 + attoseconds / 1_000_000_000_000_000)ms"
  }
}

/// What the loader asks of a program's file.
package enum FileRights {
  /// Whether an open file gives whoever starts it rights of its own: then nothing is preloaded.
  package static func hasCapabilities(_ file: Int32) -> Bool { csizer_agent_file_has_capabilities(file) }
}

/// A variable that says something that the agent does not understand.
package struct AgentSettingError: Error, Hashable {
  package var name: String
  package var value: String
  package var problem: String

  package var message: String { "\(name)=\(value) \(problem)" }
}
