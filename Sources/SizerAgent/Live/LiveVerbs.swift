// SPDX-License-Identifier: Apache-2.0
import Glibc
import Sizer
import SizerExports
import Synchronization

/// What can be asked of the process at its live socket. Documents/running.md tells users; `GET /` does, too.
struct LiveVerbs: Sendable {
  let tracker: ClassTracker
  /// That the program was given.
  var tags: [String: String] = [:]
  /// Of the images that were taken for an answer; the tracker knows its own.
  let pauses = LivePauses()

  /// A verb: `run` gets parameters whose names are among these.
  struct Verb: Sendable {
    var method: String
    var path: String
    var parameters: [String]
    var purpose: String
    var run: @Sendable (LiveVerbs, LiveParameters) throws -> HTTPResponse
  }

  static let all = [
    Verb(method: "GET", path: "/", parameters: [], purpose: "what can be asked") { verbs, _ in verbs.list() },
    Verb(
      method: "GET", path: "/capabilities", parameters: [], purpose: "what works in this process, and why not"
    ) { verbs, _ in verbs.capabilities() },
    Verb(
      method: "GET", path: "/classes", parameters: ["limit"], purpose: "what lives, by class; the parts of the memory"
    ) { verbs, asked in try verbs.classes(limit: asked.limit()) },
    Verb(
      method: "GET", path: "/heap", parameters: [], purpose: "an image of the heap, for sizer heap and its like"
    ) { verbs, _ in try verbs.heap() },
    Verb(
      method: "GET", path: "/leaks", parameters: ["limit"], purpose: "what nothing outside holds; proved by two images"
    ) { verbs, asked in try verbs.leaks(limit: asked.limit()) },
    Verb(
      method: "GET", path: "/why", parameters: ["to"], purpose: "who holds the object of a type or at a 0x address"
    ) { verbs, asked in try verbs.why(asked.text("to")) },
    Verb(
      method: "GET", path: "/tasks", parameters: ["limit"], purpose: "tasks, by who made them and where they wait"
    ) { verbs, asked in try verbs.tasks(limit: asked.limit()) },
    Verb(
      method: "GET", path: "/retained", parameters: ["limit"], purpose: "what would be freed with each class's objects"
    ) { verbs, asked in try verbs.retained(limit: asked.limit()) },
    Verb(
      method: "GET", path: "/metrics", parameters: ["limit"], purpose: "classes, memory and pauses for Prometheus"
    ) { verbs, asked in try verbs.metrics(limit: asked.limit(or: 50)) },
    Verb(
      method: "GET", path: "/debug/pprof/heap", parameters: [],
      purpose: "what lives of classes tracked with stacks, for go tool pprof"
    ) { verbs, _ in try verbs.export(ExportFormat.pprof.rawValue) },
    Verb(
      method: "GET", path: "/export", parameters: ["format"],
      purpose: "the heap, or what is tracked, for other programs: \(ExportFormat.list)"
    ) { verbs, asked in try verbs.export(asked.text("format")) },
    Verb(
      method: "POST", path: "/snapshot", parameters: ["label"], purpose: "takes a snapshot, into the recording if any"
    ) { verbs, asked in try verbs.snapshot(labelled: asked.values["label"] ?? "live") },
    Verb(
      method: "POST", path: "/track", parameters: ["class", "trace"], purpose: "tracks classes by a pattern, App.*"
    ) { verbs, asked in try verbs.track(asked.text("class"), trace: asked.isOn("trace")) },
    Verb(
      method: "DELETE", path: "/track", parameters: ["class"], purpose: "tracks no new objects by that pattern"
    ) { verbs, asked in try verbs.untrack(asked.text("class")) },
    Verb(
      method: "GET", path: "/profile.sizer", parameters: [], purpose: "a copy of the recording as it is now"
    ) { verbs, _ in try verbs.profile() },
  ]

  /// The answer to a request, whatever it is.
  func answer(_ request: HTTPRequest) -> HTTPResponse {
    let named = Self.all.filter { $0.path == request.path }
    guard let verb = named.first(where: { $0.method == request.method }) else {
      let methods = named.map { $0.method == "GET" ? "GET, HEAD" : $0.method }.joined(separator: ", ")
      let refusal =
        named.isEmpty
        ? HTTPRefusal(404, "there is no \(request.path); GET / lists what there is")
        : HTTPRefusal(405, "\(request.path) takes \(methods)", allowed: methods)
      return HTTPResponse(refusal)
    }
    do {
      return try verb.run(self, try LiveParameters(request.parameters, of: verb))
    } catch {
      return HTTPResponse(Self.refusal(for: error))
    }
  }

  private static func refusal(for error: any Error) -> HTTPRefusal {
    switch error {
    case let error as HTTPRefusal: return error
    case let error as SizerError:
      let status =
        switch error.code {
        case .invalidArgument: 400
        case .notTracked: 404
        case .outOfMemory, .systemRefused, .closed: 503
        case .unsupportedRuntime, .unsupportedAllocator: 501
        default: 500
        }
      return HTTPRefusal(status, error.message)
    case let error as ProfileError: return HTTPRefusal(500, error.message)
    default: return HTTPRefusal(500, "\(error)")
    }
  }

  // MARK: - The process

  private func list() -> HTTPResponse {
    .json { json in
      json.texts(["program": Self.program])
      json.figures(["process": Int(getpid())])
      json.objects("verbs", Self.all) { json, verb in
        json.texts(["method": verb.method, "path": verb.path])
        json.list("parameters", verb.parameters)
        json.texts(["purpose": verb.purpose])
      }
    }
  }

  private static var program: String {
    guard let path = realpath("/proc/self/exe", nil) else { return "" }
    defer { free(path) }
    return String(cString: path)
  }

  private func capabilities() -> HTTPResponse {
    let found = HeapSizer.capabilities
    return .json { json in
      json.object("allocator") { $0.texts(["name": found.allocator.name, "reason": found.allocator.reason]) }
      json.object("allocationHook") {
        $0.texts(["state": found.allocationHook.state.rawValue, "reason": found.allocationHook.reason])
      }
      json.objects("runtime", found.runtime) { json, part in
        json.texts(["name": part.name, "state": part.state.rawValue, "reason": part.reason])
      }
      json.object("stackCapture") { json in
        json.flag("isAvailable", found.stackCapture.isAvailable)
        json.flag("hasLines", found.stackCapture.hasLines)
        json.texts(["reason": found.stackCapture.reason])
      }
      json.object("tasks") { json in
        json.flag("isAvailable", found.tasks.isAvailable)
        json.texts(["reason": found.tasks.reason])
      }
      json.object("tracking") { json in
        json.flag("isLockFree", found.tracking.isLockFree)
        json.texts(["reason": found.tracking.reason])
      }
      json.object("memoryReturn") { json in
        json.flag("isAvailable", found.memoryReturn.isAvailable)
        json.texts(["reason": found.memoryReturn.reason])
      }
      json.figures(["overheadBytes": found.overheadBytes])
      json.flag("isRecording", tracker.isRecording)
      json.list("tracked", tracker.trackedPatterns)
    }
  }
}

/// How long the program stood still for answers.
final class LivePauses: Sendable {
  private let sum = Mutex(ClassTracker.Pauses())

  func add(_ pause: Duration) { sum.withLock { $0.add(pause) } }

  var value: ClassTracker.Pauses { sum.withLock { $0 } }
}
