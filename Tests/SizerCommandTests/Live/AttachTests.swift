// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import SizerAgent
import SizerGraph
import TestSupport
import Testing

/// What a real process answers is tried in Tests/Agent/run.
@Suite("Asking at a live socket")
struct AttachTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("socket") }

  init() throws { folder = try TemporaryFolder() }

  /// Says what was asked.
  private func echo() throws -> LiveServer {
    try serve { request in
      let pairs = request.parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      let text = ([request.method, request.path] + pairs).joined(separator: "|") + "\n"
      return HTTPResponse(contentType: "text/plain; charset=utf-8", body: .bytes(Array(text.utf8)))
    }
  }

  private func serve(_ answer: @escaping LiveServer.Answer) throws -> LiveServer {
    let server = try LiveServer(at: path)
    #expect(server.start(answer: answer))
    return server
  }

  @Test(
    "a verb is a path, with the method that it needs",
    arguments: [
      ([], "GET|/"), (["classes", "limit=5"], "GET|/classes|limit=5"), (["profile"], "GET|/profile.sizer"),
      (["pprof"], "GET|/debug/pprof/heap"),
      (["snapshot", "label=a b&c=ä/+%"], "POST|/snapshot|label=a b&c=ä/+%"),
      (["track", "class=A.*"], "POST|/track|class=A.*"),
      (["untrack", "class=A.*"], "DELETE|/track|class=A.*"), (["/why?to=A", "b="], "GET|/why|b=|to=A"),
    ] as [([String], String)])
  func verbs(_ arguments: [String], _ asked: String) throws {
    let server = try echo()
    defer { server.stop() }
    let ended = try run([sizerPath, "attach", path] + arguments)
    #expect(ended.output == asked + "\n")
    #expect(ended.errors == "")
    #expect(ended.status == 0)
  }

  @Test("JSON becomes tables and lines, and stays as it is with --json and in files")
  func tables() throws {
    let json = """
      {"program":"/srv/app","objects":3,"pauseMicroseconds":12,"bytes":2048,"isRecording":true,"tracked":[],"classes":\
      [{"type":"App.Node","count":2,"bytes":1024,"requestedBytes":1000},{"type":"App.\\u001bNode","count":1,"bytes":16,\
      "requestedBytes":9}],"stackCapture":{"isAvailable":false,"reason":"no"}}

      """
    let server = try serve { _ in HTTPResponse(contentType: "application/json", body: .bytes(Array(json.utf8))) }
    defer { server.stop() }
    #expect(
      try sizer("attach", path, "classes").output == """
        program: /srv/app
        objects: 3
        pause microseconds: 12
        bytes: 2.00 KB
        is recording: yes
        tracked: none
        count       bytes   requested  type
            2  1024     B  1000     B  App.Node
            1    16     B     9     B  App.\\u{1b}Node
        stack capture: is available no, reason no

        """)
    #expect(try sizer("attach", path, "classes", "--json").output == json)
    let file = folder.path("file")
    #expect(try sizer("attach", path, "classes", "-o", file).status == 0)
    #expect(try contents(of: file) == Array(json.utf8))
  }

  @Test(
    "leaks, tasks, paths and verbs are told as by the commands of the heap",
    arguments: [
      (
        #"{"leaks":[{"grade":"proved","signature":"1","cycle":"A -> .b (A)","groups":1,"objects":2,"bytes":96}]}"#,
        "groups  objects       bytes  grade and cycle\n     1        2    96     B  proved: A -> .b (A)\n"
      ),
      (#"{"leaks":[]}"#, "leaks: none\n"),
      (
        #"{"tasks":[{"creator":null,"state":"running","count":1,"bytes":8,"slabBytes":0,"frames":["f"]}]}"#,
        "count       bytes        slab  state, made by and waiting in\n"
          + "    1     8     B     0     B  running: an unknown function > f\n"
      ),
      (
        #"{"root":"global A.b","steps":[{"label":"","type":"A","certain":1},{"label":".c","type":"C","certain":0}]}"#,
        "global A.b -> (A) -> ? .c (C)\n"
      ),
      (
        #"{"verbs":[{"method":"GET","path":"/a","parameters":["b"],"purpose":"to see"}]}"#,
        "verbs\nGET /a b=: to see\n"
      ),
    ] as [(String, String)])
  func shapes(_ json: String, _ text: String) throws {
    let server = try serve { _ in HTTPResponse(contentType: "application/json", body: .bytes(Array(json.utf8))) }
    defer { server.stop() }
    #expect(try sizer("attach", path, "x").output == text)
  }

  @Test("what is no parameter or no verb is usage", arguments: [["a", "b"], ["a", "=b"], ["a b"], ["ä"], [""]])
  func usage(_ arguments: [String]) throws {
    let server = try echo()
    defer { server.stop() }
    let ended = try run([sizerPath, "attach", path] + arguments)
    #expect(ended.status == (arguments == [""] ? 0 : 64))
  }

  @Test("commands of the heap take a socket for a file, by its path or with unix: before it")
  func imageOfSocket() throws {
    var builder = HeapImageBuilder()
    builder.info.processID = 7
    let type = builder.add(HeapType(name: "App.Note", kind: .classInstance))
    for number in 1...30 as ClosedRange<UInt64> { _ = builder.addObject(at: 4096 * number, type: type, bytes: 48) }
    let image = builder.image().encoded()
    let server = try serve { request in
      switch (request.path, request.parameters["format"]) {
      case ("/heap", nil): HTTPResponse(contentType: "application/octet-stream", body: .bytes(image))
      case ("/export", "pprof"?): HTTPResponse(contentType: "application/octet-stream", body: .bytes([7]))
      default: HTTPResponse(HTTPRefusal(409, "not \(request.path)"))
      }
    }
    defer { server.stop() }
    let file = folder.path("a.heap")
    try Data(image).write(to: URL(fileURLWithPath: file))
    for command in [["export", "--format", "collapsed"], ["heap", "--json"], ["info"]] {
      let expected = try run([sizerPath] + command + [file])
      #expect(expected.status == 0)
      for name in [path, "unix:" + path] { #expect(try run([sizerPath] + command + [name]).output == expected.output) }
    }
    #expect(try sizer("info", path).output == "an image of the heap: 30 objects, 1.41 KB\nprocess.pid  7\n")
    #expect(try sizer("export", path, "--format", "pprof").output == "\u{7}")
    let refused = try sizer("export", path, "--format", "heaptrack")
    #expect(refused.status == 1 && refused.errors == "sizer: not /export\n")
    let missing = try sizer("heap", "unix:\(path)2")
    #expect(missing.status == 1 && missing.errors.contains("is not there; start the program"))
  }

  @Test("a refusal is told as it was said")
  func refusals() throws {
    let server = try serve { _ in HTTPResponse(HTTPRefusal(409, "no \"x\" \\ <y> \u{1}ä; do z")) }
    defer { server.stop() }
    let ended = try sizer("attach", path, "x")
    #expect(ended.errors == "sizer: no \"x\" \\ <y> \\u{1}ä; do z\n")
    #expect(ended.status == 1)
  }

  @Test("files go to files and pipes, byte for byte, and not to a terminal", arguments: [false, true])
  func files(inPieces: Bool) throws {
    let bytes = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let pieces = [[], Array(bytes[..<1]), Array(bytes[1..<400_000]), [], Array(bytes[400_000...])]
    let body = inPieces ? HTTPResponse.Body.pieces(pieces) : .bytes(bytes)
    let server = try serve { _ in HTTPResponse(contentType: "application/octet-stream", body: body) }
    defer { server.stop() }
    let file = folder.path("file")
    #expect(try sizer("attach", path, "heap", "-o", file).status == 0)
    #expect(try contents(of: file) == bytes)
    let again = try sizer("attach", path, "heap", "-o", file)
    #expect(again.status == 1 && again.errors.contains("already exists; add --force"))
    #expect(try sizer("attach", path, "heap", "-o", file, "--force").status == 0)
    let piped = folder.path("piped")
    #expect(try run(["sh", "-c", "\"$0\" attach \"$1\" heap > \"$2\"", sizerPath, path, piped]).status == 0)
    #expect(try contents(of: piped) == bytes)
    let shown = try sizerOnTerminal("attach", path, "heap", columns: 80)
    #expect(shown.output == "")
    #expect(shown.errors == "sizer: the answer is a file of 700000 bytes; write it with -o FILE\n")
  }

  private func contents(of path: String) throws -> [UInt8] {
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, file)
    return Array(bytes.prefix(count))
  }

  @Test("a terminal obeys nothing that an answer says")
  func hostile() throws {
    let server = try serve { _ in
      HTTPResponse(contentType: "text/plain", body: .bytes(Array("a\u{1B}[2Jb\r\nc\u{202E}\n".utf8)))
    }
    defer { server.stop() }
    #expect(try sizerOnTerminal("attach", path, columns: 80).output == "a\\u{1B}[2Jb\\u{D}\nc\\u{202E}\n")
    #expect(try sizer("attach", path).output == "a\u{1B}[2Jb\r\nc\u{202E}\n")
  }

  /// A process that was started with SIZER_SOCKET, listens there, answers each of `answers` once and asks itself.
  private static let process = """
    import os, socket, subprocess, sys, threading
    server = socket.socket(socket.AF_UNIX)
    server.bind(os.environ["SIZER_SOCKET"].replace("%p", str(os.getpid())).replace("%%", "%"))
    server.listen(1)
    def serve():
      for answer in sys.argv[2:]:
        client = server.accept()[0]
        client.recv(1000)
        client.sendall(answer.encode())
        client.close()
    threading.Thread(target=serve, daemon=True).start()
    os.chdir("/") if "/" in os.environ["SIZER_SOCKET"] else None
    for answer in sys.argv[2:]:
      sys.exit(1) if subprocess.call([sys.argv[1], "attach", str(os.getpid()), "x"]) else None
    """

  @Test("a process's socket is where its environment said", arguments: ["/a.%p", "/100%%.%p%p", "a.%p"])
  func byNumber(_ pattern: String) throws {
    let answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nhi\n"
    let withoutLength = "HTTP/1.0 200 OK\r\ncontent-type:text/plain\r\n\r\nho\n"
    let variable = pattern.hasPrefix("/") ? folder.path("") + pattern.dropFirst() : pattern
    let ended = try run(
      ["sh", "-c", "cd \"$0\" && exec python3 -c \"$@\"", folder.path, Self.process, sizerPath, answer, withoutLength],
      environment: ["SIZER_SOCKET": variable])
    #expect(ended.output == "hi\nho\n")
    #expect(ended.errors == "")
  }

  @Test(
    "what is no answer is told",
    arguments: [
      ("", "as a live socket does"), ("SSH-2.0\r\n\r\n", "as a live socket does"),
      ("HTTP/1.1 200 OK\r\n", "as a live socket does"),
      ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "as a live socket does"),
      ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", "the answer was cut off"),
      ("HTTP/1.1 500 No\r\n\r\n<html>", "answers 500; see what it is"),
    ])
  func strangers(_ answer: String, _ complaint: String) throws {
    let ended = try run(
      ["python3", "-c", Self.process, sizerPath, answer], environment: ["SIZER_SOCKET": folder.path("%p")])
    #expect(ended.status == 1)
    #expect(ended.output == "")
    #expect(ended.errors.hasPrefix("sizer: /proc/") && ended.errors.contains(complaint))
  }

  @Test("where nobody can be asked it says why")
  func nobody() throws {
    func complaint(_ process: String) throws -> String {
      let ended = try sizer("attach", process, "classes")
      #expect(ended.status == 1)
      return ended.errors
    }
    #expect(
      try complaint(path) == "sizer: \(path) is not there; start the program with sizer run --socket or SIZER_SOCKET\n")
    #expect(try complaint("2147483647") == "sizer: there is no process 2147483647; check its number\n")
    #expect(
      try complaint("\(getpid())")
        == "sizer: process \(getpid()) was not started with a live socket; use sizer run --socket or SIZER_SOCKET\n")
    #expect(
      try run(["python3", "-c", "import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])", path]).status
        == 0)
    #expect(try complaint(path) == "sizer: nothing listens at \(path); the program has ended, or was killed\n")
  }
}
