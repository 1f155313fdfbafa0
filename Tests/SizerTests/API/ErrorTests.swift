// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import TestSupport
import Testing

@Suite("Errors of this package")
struct ErrorTests {
  private static let root = URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).joined(separator: "/")

  /// The statuses that the engine's header declares, and their numbers.
  private static let statuses: [(name: String, number: UInt32)] = {
    let header = try? String(contentsOfFile: "\(root)/CSupport/CSizer/include/csizer_status.h", encoding: .utf8)
    return (header ?? "").matches(of: /\n {2}(CSIZER_[A-Z_]+) = ([0-9]+),/).map {
      (String($0.output.1), UInt32($0.output.2)!)
    }
  }()

  @Test("each status of the engine has a meaning of its own")
  func statuses() {
    #expect(Self.statuses.count >= 7)
    var messages: Set<String> = []
    for (name, number) in Self.statuses {
      guard let error = Engine.error(ofStatus: number, operation: "HeapSizer.size(of:)") else {
        #expect(name == "CSIZER_OK")
        continue
      }
      #expect(error.code != .unknownAnswer && isWellFormed(error), "\(name): \(error)")
      #expect(messages.insert(error.message).inserted, "\(name): \(error)")
    }
  }

  @Test("a status that nobody knows is told with its number")
  func unknownStatus() {
    let error = Engine.error(ofStatus: 4711, operation: "HeapSizer.size(of:)")
    #expect(error?.code == .unknownAnswer && error?.message.contains("4711") == true)
    #expect(error.map(isWellFormed) == true)
  }

  @Test("what the system said when it refused something is in the error")
  func refusals() {
    let noProcess = Engine.error(ofStatus: 5, operation: "a.b()", .init(number: EAGAIN))
    #expect(noProcess?.code == .systemRefused && noProcess?.cause == .system(errno: EAGAIN))
    #expect(noProcess?.message.contains(String(cString: strerror(EAGAIN))) == true)
    let noFile = Engine.error(ofStatus: 4, operation: "a.b()", .init(number: EMFILE, path: "/proc/self/maps"))
    #expect(noFile?.cause == .system(errno: EMFILE) && noFile?.path == "/proc/self/maps")
    #expect(noFile?.message.contains("RLIMIT_NOFILE") == true)
    for error in [noProcess, noFile] { #expect(error.map(isWellFormed) == true) }
  }

  @Test("a refused process is told with the system's number")
  func refusedProcess() async {
    await #expect(processExitsWith: .success) {
      Engine.failFrozen(.fork, times: 2)
      let tracker = ClassTracker()
      let snapshot = #expect(throws: SizerError.self) { try tracker.createSnapshot(mode: .frozen) }
      let image = #expect(throws: SizerError.self) { try HeapGraph.capture(mode: .frozen) }
      for error in [snapshot, image] {
        #expect(error?.code == .systemRefused && error?.cause == .system(errno: EAGAIN))
      }
    }
  }

  @Test("errors of heap images have the form of all, with the file and the system's number")
  func images() throws {
    let folder = try TemporaryFolder()
    let (missing, text, cut) = (folder.path("missing"), folder.path("text"), folder.path("cut"))
    try Data("no image".utf8).write(to: URL(fileURLWithPath: text))
    let image = try HeapGraph.capture(edges: false).image.encoded()
    try Data(image.dropLast()).write(to: URL(fileURLWithPath: cut))
    for (path, code) in [(missing, HeapImageError.Code.unreadable), (text, .notAnImage), (cut, .corrupted)] {
      let error = try #require(throws: HeapImageError.self) { try HeapImage(contentsOf: path) }
      #expect(error.code == code && error.path == path && isWellFormed(error), "\(error)")
      #expect(error.operation == "HeapImage(contentsOf:)")
      #expect(error.cause == (path == missing ? .system(errno: ENOENT) : nil))
    }
    let error = try #require(throws: HeapImageError.self) { try HeapImage(decoding: Array(image.dropLast())) }
    #expect(error.path == nil && isWellFormed(error) && error.operation == "HeapImage(decoding:)", "\(error)")
  }

  @Test("errors of one shape are told apart when they are caught")
  func domains() {
    func caught(_ error: any Error) -> String {
      do { throw error } catch let error as SizerError {
        return "sizer \(error.code)"
      } catch let error as ProfileError {
        return "profile \(error.code)"
      } catch { return "other" }
    }
    #expect(caught(SizerError(code: .closed, operation: "a.b()", message: "c; d")) == "sizer closed")
    #expect(caught(ProfileError(code: .closed, operation: "a.b()", message: "c; d")) == "profile closed")
    #expect(caught(CancellationError()) == "other")
  }

  @Test("an error has its parts, and says them in one line")
  func parts() {
    let cause = ErrorCause.system(errno: ENOSPC)
    let below = ProfileError(
      code: .full, operation: "Statistics.write(to:)", path: "x", message: "x has no room; make some", cause: cause)
    #expect(below.description == "Statistics.write(to:): x has no room; make some (full)")
    #expect(cause.description == String(cString: strerror(ENOSPC)))
    #expect(ErrorCause.profile(below).description == below.description)
    #expect(ErrorCause.sqlite(code: 11).description.contains("11"))
    var other = below
    other.cause = .system(errno: EDQUOT)
    #expect(other != below)
  }

  @Test("an error names its call as the call is declared")
  func operations() throws {
    var declared: Set<String> = []
    var named: [String: String] = [:]
    let sources = "\(Self.root)/Sources"
    for file in try FileManager.default.subpathsOfDirectory(atPath: sources) where file.hasSuffix(".swift") {
      let text = try String(contentsOfFile: "\(sources)/\(file)", encoding: .utf8)
      for call in text.matches(of: /"[A-Z]\w+\.(\w+\([\w:]*:\)|\w+\(\))"/) { named[String(call.output.1)] = file }
      for call in text.matches(of: /"[A-Z]\w+(\([\w:]+:\))"/) { named["init\(call.output.1)"] = file }
      for function in text.matches(of: /(?:func (\w+)(?:<[^>]*>)?|(init))\(/) {
        declared.insert(Self.name(function.output.1 ?? "init", text[function.range.upperBound...]))
      }
    }
    #expect(named.count > 15)
    for (call, file) in named { #expect(declared.contains(call), "\(file) names \(call)") }
  }

  /// A function's full name, from what stands behind its opening parenthesis.
  private static func name(_ base: Substring, _ text: Substring) -> String {
    var (depth, labels, isLabel, label) = (0, "", true, "")
    for character in text {
      if "([<{".contains(character) { depth += 1 }
      if depth == 0, character == ")" { break }
      if ")]>}".contains(character) { depth -= 1 }
      if depth == 0, character == "," {
        isLabel = true
      } else if isLabel, character.isLetter || character == "_" {
        label.append(character)
      } else if isLabel, !label.isEmpty {
        labels += label + ":"
        (isLabel, label) = (false, "")
      }
    }
    return "\(base)(\(labels))"
  }
}
