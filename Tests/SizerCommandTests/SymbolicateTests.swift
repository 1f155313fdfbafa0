// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Sizer
import SizerProfile
import TestSupport
import Testing

private typealias Backtrace = @convention(c) (UnsafeMutablePointer<UnsafeMutableRawPointer?>, CInt) -> CInt

@Suite("sizer symbolicate")
struct SymbolicateTests {
  /// The stack below here as it stands in a recording that nobody finished, and the line that this function has
  /// reached.
  @inline(never)
  private func placeOfBirth() -> (trace: StackTrace, line: Int) {
    // glibc's, by its documented type (execinfo.h, which Swift's Glibc module leaves out).
    let backtrace = unsafeBitCast(dlsym(nil, "backtrace")!, to: Backtrace.self)
    var addresses = [UnsafeMutableRawPointer?](repeating: nil, count: 64)
    let (count, line) = (backtrace(&addresses, 64), #line)
    let frames = rawTraces(of: [addresses.prefix(Int(count)).map { UInt(bitPattern: $0) }])[0].map { raw in
      var frame = raw.frame
      frame.buildID = raw.buildID
      return frame
    }
    return (StackTrace(frames: frames), line)
  }

  private func history(_ trace: StackTrace) -> History {
    History(
      names: ["A"], objects: [.init(name: 0, className: 0, currentClass: 0, trace: 0, birth: 1)], traces: [trace])
  }

  @Test("calls get their functions, files and lines, by the program that was measured")
  func names() throws {
    let folder = try Folder()
    let (trace, line) = placeOfBirth()
    #expect(trace.frames.allSatisfy { $0.function == nil && $0.file == nil })
    let profile = try folder.profile(history(trace))
    let ended = try sizer("symbolicate", profile, "-o", "\(folder.path)/named.sizer")
    #expect(ended.status == 0)
    #expect(ended.errors == "")
    let frames = try Statistics(contentsOf: "\(folder.path)/named.sizer").object(at: 0)?.trace?.frames ?? []
    let place = try #require(frames.first { $0.function?.contains("placeOfBirth") ?? false })
    #expect(place.file?.hasSuffix("SymbolicateTests.swift") ?? false)
    #expect(place.line == line)
    // The old file is as it was, and may be replaced too.
    #expect(try Statistics(contentsOf: profile).object(at: 0)?.trace == trace)
    #expect(try sizer("symbolicate", profile, "-o", profile, "--force").status == 0)
    #expect(try Statistics(contentsOf: profile).object(at: 0)?.trace?.frames == frames)
    // Nothing is left to do, and nothing is done.
    let again = try sizer("symbolicate", profile, "-o", profile, "--force")
    #expect(again.output == "0 of 0 calls without a name have one now\n")
    #expect(try Statistics(contentsOf: profile).object(at: 0)?.trace?.frames == frames)
  }

  @Test("html names the calls of a killed recording by itself, and says which it can't")
  func html() throws {
    let folder = try Folder()
    let (trace, line) = placeOfBirth()
    let profile = try folder.profile(history(trace))
    let ended = try sizer("html", profile, "-o", "\(folder.path)/a.html")
    #expect(ended.status == 0 && ended.output == "")
    let page = try String(contentsOfFile: "\(folder.path)/a.html", encoding: .utf8)
    #expect(page.contains("placeOfBirth") && page.contains("SymbolicateTests.swift") && page.contains(",\(line),"))
    let unknown = StackTrace(frames: [.init(address: 4, image: "/lib/none.so", imageOffset: 1)])
    let other = try sizer("html", try folder.profile(history(unknown), "b"), "-o", "\(folder.path)/b.html")
    #expect(other.status == 0)
    #expect(
      other.errors == "sizer: 1 call has no name\n"
        + "  /lib/none.so: it has no build ID, so no file can be matched to it; link with --build-id\n")
  }

  @Test("a file that is another build is not believed; pipes are not opened; what is missing is told")
  func otherBuilds() throws {
    let folder = try Folder()
    let own = try #require(placeOfBirth().trace.frames.first { $0.image != nil && $0.buildID != nil })
    var other = own
    let first = try #require(own.buildID?.first)
    other.buildID = (first == "0" ? "1" : "0") + (own.buildID?.dropFirst() ?? "")
    let pipe = "\(folder.path)/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    let frames = [
      other, StackTrace.Frame(address: 1, image: pipe, imageOffset: 1, buildID: "00ff"),
      StackTrace.Frame(address: 2, image: "/no/such\nimage", imageOffset: .max, buildID: "00ff"),
      StackTrace.Frame(address: 3, image: "/lib/none.so", imageOffset: 1), StackTrace.Frame(address: 4),
    ]
    let profile = try folder.profile(history(StackTrace(frames: frames)))
    let ended = try sizer("symbolicate", profile, "-o", profile, "--force")
    #expect(ended.status == 0)
    let lines = ended.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 5)
    #expect(lines.first == "0 of 5 calls without a name have one now")
    for line in [
      "\(pipe): there is no such file; put the measured build there, or name it with --symbols",
      #"/no/such\nimage: there is no such file; put the measured build there, or name it with --symbols"#,
      "/lib/none.so: it has no build ID, so no file can be matched to it; link with --build-id",
      "\(own.image ?? ""): the file there has no symbols for these calls, or a different build ID; "
        + "put the measured build there",
    ] { #expect(lines.contains(line)) }
    #expect(try Statistics(contentsOf: profile).object(at: 0)?.trace?.frames == frames)
  }
}
