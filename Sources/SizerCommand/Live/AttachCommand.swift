// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import SizerGraph
import SizerProfile

struct AttachCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attach",
    abstract: "Ask a running program a question, or give it a command, through its live socket.",
    discussion: """
      The program was started by sizer run --socket, or with SIZER_SOCKET. It is asked as any client of HTTP would ask \
      it; nothing is injected. Answers come as tables, or as the JSON that they are with --json. Verbs: \
      capabilities, classes, heap, leaks, why, tasks, retained, metrics, profile, pprof, export, snapshot, track, \
      untrack; without one it says what can be asked. heap, profile, pprof and export give files: write them with -o.
      """)

  @Argument(help: ArgumentHelp("The process's number, or the path of its socket.", valueName: "process"))
  var process: String

  @Argument(help: ArgumentHelp("The verb, or a path as the socket has it: /classes?limit=5.", valueName: "verb"))
  var verb = "/"

  @Argument(
    help: ArgumentHelp("Parameters: limit=5, to=App.Session, format=dot, class=App.*", valueName: "name=value"))
  var parameters: [String] = []

  @Flag(help: "Print the JSON that the process answers, described in Documents/live-socket.md; a file gets it anyway.")
  var json = false

  @OptionGroup var output: OutputArgument

  func validate() throws { _ = try request }

  func run() throws {
    let request = try request
    let client = try LiveProcess.client(of: process)
    let target = try output.target(reading: client.path)
    let answer = try withProgress("asking \(process)") { try client.send(request.method, request.target) }
    guard answer.isDone else { throw answer.failure(of: client.path) }
    let isText = answer.contentType.hasPrefix("text/") || answer.contentType == "application/json"
    guard isText || output.output != nil || !Terminal.isOutput else {
      throw Failure(message: "the answer is a file of \(counted(answer.body.count, "byte")); write it with -o FILE")
    }
    let isForPeople = self.output.output == nil && !json && answer.contentType == "application/json"
    let text = isForPeople ? AnswerText(answer.body) : nil
    var output = try output.begin(target)
    if let text {
      text.write(to: &output)
    } else if isText, self.output.output == nil, Terminal.isOutput {
      // Whoever made the socket may not be whom the user means: a terminal must not obey it.
      for line in answer.body.split(separator: UInt8(ascii: "\n")) {
        output.write(VisibleText.of(String(decoding: line, as: UTF8.self), limit: .max) + "\n")
      }
    } else {
      output.write(answer.body)
    }
    try output.finish()
  }

  /// What the command line means.
  private var request: (method: String, target: String) {
    get throws {
      let pairs = try parameters.map { text throws in
        guard let mark = text.firstIndex(of: "="), mark > text.startIndex else {
          throw ValidationError("Write parameters as name=value: limit=5.")
        }
        let (name, value) = (String(text[..<mark]), String(text[text.index(after: mark)...]))
        return "\(SocketClient.encoded(name))=\(SocketClient.encoded(value))"
      }
      let (method, path) =
        switch verb {
        case "snapshot", "track": ("POST", "/" + verb)
        case "untrack": ("DELETE", "/track")
        case "profile": ("GET", "/profile.sizer")
        case "pprof": ("GET", "/debug/pprof/heap")
        default: ("GET", verb.hasPrefix("/") ? verb : "/" + verb)
        }
      guard path.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
        throw ValidationError("'\(verb)' is not a verb; see sizer attach --help.")
      }
      return (method, pairs.isEmpty ? path : path + (path.contains("?") ? "&" : "?") + pairs.joined(separator: "&"))
    }
  }
}

extension SocketAnswer {
  /// What a refusal says: `{"error": "…"}`, as ``JSONWriter`` writes it. nil when it is something else.
  var problem: String? {
    let (start, end) = ("{\"error\":\"", "\"}\n")
    let text = String(decoding: body, as: UTF8.self)
    guard text.hasPrefix(start), text.dropFirst(start.count).hasSuffix(end) else { return nil }
    var problem = ""
    var rest = text.dropFirst(start.count).dropLast(end.count)
    while let character = rest.popFirst() {
      guard character == "\\", let next = rest.popFirst() else {
        problem.append(character)
        continue
      }
      guard next == "u" else {
        problem.append(next)
        continue
      }
      let scalar = UInt32(rest.prefix(4), radix: 16).flatMap { Unicode.Scalar($0) }
      problem.unicodeScalars.append(scalar ?? "\u{FFFD}")
      rest = rest.dropFirst(4)
    }
    return problem
  }
}
