// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import SizerAgent
import SizerGraph
import SizerProfile
import SizerReports

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run an unmodified Swift program and record its memory.",
    discussion: """
      A library is preloaded into the program, which may be dynamic or have the standard library linked in. Unless \
      told otherwise the whole heap is recorded by class every second, and when the program exits, or is ended by \
      SIGHUP, SIGINT or SIGTERM, two images of the heap, which prove leaks. What was found is told on standard error \
      then. The program's output, exit status and signals are its own. What can't be recorded runs all the same.
      """)

  @Option(
    help: ArgumentHelp("How often to record the heap by class: 500ms, 1s, 5m; 0 for never.", valueName: "interval"),
    transform: { text in
      guard let interval = AgentSettings.interval(text) else { throw ValidationError("Write 500ms, 1s, 5m, or 0.") }
      return interval
    })
  var every: Duration = .seconds(1)

  @Option(
    help: ArgumentHelp(
      "Classes to track from birth to death by their names, ShopCore.*; may be repeated.", valueName: "pattern"))
  var track: [String] = []

  @Flag(help: "Record the call stack at each birth of a tracked object.")
  var trace = false

  @Flag(
    help: "Preload jemalloc, too, unless the program has its own malloc: faster, and it tells what memory is lost to.")
  var jemalloc = false

  @Flag(help: "Announce births and deaths of tracked objects to eBPF profilers, by USDT probes.")
  var probes = false

  @Flag(
    help: """
      Look at a large heap with one thread. Otherwise with two, if the process may use two processors and no control \
      group's quota is below.
      """)
  var oneProcessor = false

  @Option(
    help: ArgumentHelp(
      "Also record an image of the heap at this interval, for sizer growth: 1m, 10m. Long runs make large files.",
      valueName: "interval"),
    transform: { text in
      guard let interval = AgentSettings.interval(text), interval > .zero else { throw ValidationError("Write 1m.") }
      return interval
    })
  var heapEvery: Duration?

  @Option(
    help: ArgumentHelp(
      "Record a last picture when memory reaches this share of a control group's limit: 90%.", valueName: "share"),
    transform: { text in
      guard let percent = AgentSettings.percent(text) else { throw ValidationError("Write a share such as 90%.") }
      return percent
    })
  var atLimit: Double?

  @Option(
    help: ArgumentHelp(
      "A tag for the profile, service.version=1.2; may be repeated.", valueName: "name=value"),
    transform: { text in
      guard let mark = text.firstIndex(of: "="), mark > text.startIndex else {
        throw ValidationError("Write name=value.")
      }
      return (String(text[..<mark]), String(text[text.index(after: mark)...]))
    })
  var tag: [(name: String, value: String)] = []

  @Flag(help: "Also record the program's arguments, as the tag process.command_args. They may hold secrets.")
  var arguments = false

  @Flag(help: "Record one image of the heap at the end instead of the two that prove leaks.")
  var heap = false

  @Flag(help: "Record two images of the heap at the end, which prove leaks (the default).")
  var leaks = false

  @Flag(help: "Also record the Swift programs that this one starts; the file's name then needs %p.")
  var children = false

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      """
      The file to record to; %p is the process's number, %t the time of the start, %h the host. PROGRAM.%p.sizer \
      unless given.
      """,
      valueName: "file"), completion: .file(extensions: ["sizer"]))
  var output: String?

  @Option(
    help: ArgumentHelp(
      """
      Also answer at a UNIX socket while the program runs, for sizer attach and curl; %p, %t and %h as in a file's name.
      """,
      valueName: "path"), completion: .file())
  var socket: String?

  @Option(
    help: ArgumentHelp("The library to preload; by default libSizerAgent.so beside sizer.", valueName: "file"),
    completion: .file(extensions: ["so"]))
  var agent: String?

  @Argument(parsing: .postTerminator, help: ArgumentHelp("The program and its arguments.", valueName: "command"))
  var command: [String]

  func validate() throws {
    guard !command.isEmpty else { throw ValidationError("Name a program behind '--': sizer run -- ./server") }
    guard track.allSatisfy({ !$0.isEmpty && !$0.contains(",") }) else {
      throw ValidationError("'--track' takes one pattern; repeat it for several.")
    }
    guard !trace || !track.isEmpty else { throw ValidationError("'--trace' needs '--track'.") }
    guard !probes || !track.isEmpty else { throw ValidationError("'--probes' needs '--track'.") }
    if children, let output, !PathPattern(output).namesProcess {
      throw ValidationError("'--children' records several processes: '--output' needs %p.")
    }
    if children, let socket, !PathPattern(socket).namesProcess {
      throw ValidationError("'--children' makes several sockets: '--socket' needs %p.")
    }
    if let breach = ProfileTags.breach(tags) { throw ValidationError("'--tag': \(breach).") }
    guard socket != "" else { throw ValidationError("'--socket' takes a path.") }
  }

  func run() throws {
    let program = try ProgramFile(command: command[0])
    let marks = ProcessMarks.ofThisProcess
    let output = try RunOutput(pattern: output ?? "\(PathPattern.escaped(program.name)).%p.sizer", marks)
    var settings = AgentSettings(
      output: output.absolutePattern, interval: every == .zero ? nil : every, wantsHeap: heap,
      wantsLeaks: leaks || !heap, followsChildren: children)
    (settings.patterns, settings.wantsTraces, settings.emitsProbes) = (track, trace, probes)
    (settings.heapInterval, settings.limitPercent) = (heapEvery, atLimit)
    settings.usesOneProcessor = oneProcessor
    settings.socket = socket.map { RunOutput.absolute(PathPattern($0).pinned(to: marks)) } ?? ""
    settings.tags = tags
    let agent = try AgentFile.find(self.agent)
    let allocator = jemalloc ? try allocator(for: program) : nil
    let obstacle = program.obstacle
    if let obstacle { say("not recorded: \(program.path) \(obstacle)") }
    let child = try RunningProgram(
      command, environment: environment(for: obstacle == nil ? settings : nil, [agent, allocator].compactMap(\.self)))
    let end = child.waitForEnd()
    if obstacle == nil { report(output.files(ofProcess: child.process)) }
    end.repeatIt()
  }

  /// The last of those with one name counts.
  private var tags: [String: String] {
    let own = arguments ? [(name: "process.command_args", value: command.joined(separator: " "))] : []
    return Dictionary((own + tag).map { ($0.name, $0.value) }) { _, last in last }
  }

  /// nil where the program has its own: two would each take what the other gave.
  private func allocator(for program: ProgramFile) throws -> String? {
    if let own = program.allocator {
      say("jemalloc is not preloaded: \(program.path) \(own)")
      return nil
    }
    return try AgentFile.jemalloc()
  }

  private func environment(for settings: AgentSettings?, _ libraries: [String]) -> [String] {
    let own = currentEnvironment.filter { !$0.hasPrefix("SIZER_") }
    guard let settings else { return own }
    let preload = "LD_PRELOAD="
    let before = own.first { $0.hasPrefix(preload) }.map { ":" + $0.dropFirst(preload.count) } ?? ""
    return own.filter { !$0.hasPrefix(preload) } + [
      "\(preload)\(libraries.joined(separator: ":"))\(before == ":" ? "" : before)"
    ]
      + settings.variables.map { "\($0.name)=\($0.value)" }
  }

  private func report(_ paths: [String]) {
    if paths.isEmpty { say("nothing was recorded: no Swift program was started, or the reason is above") }
    for path in paths.prefix(Self.mostReports) {
      do {
        for line in try RunReport(path).lines { say(line) }
      } catch {
        say(failureLine(of: error) ?? "\(path): \(error)")
      }
    }
    let rest = paths.dropFirst(Self.mostReports)
    if !rest.isEmpty {
      say("\(counted(rest.count, "more process is", "more processes are")) recorded, the first in \(rest.first!)")
    }
  }

  private static let mostReports = 5

  private func say(_ text: String) { StandardError.write("sizer: \(FittedText(text, in: 1 << 16).text)\n") }
}

/// The variables of this process.
private var currentEnvironment: [String] {
  var texts: [String] = []
  var entry = environ
  while let text = entry.pointee {
    texts.append(String(cString: text))
    entry += 1
  }
  return texts
}
