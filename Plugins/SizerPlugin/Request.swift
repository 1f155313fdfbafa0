// SPDX-License-Identifier: Apache-2.0
import PackagePlugin

/// The words behind `swift package sizer`.
struct Request {
  static let verbs = ["heap", "html", "leaks", "retained", "stats", "summary", "tasks", "waste", "why"]
  static let usage = """
    Usage: swift package sizer COMMAND PRODUCT [--for SECONDS] [--configuration debug|release] [OPTIONS] [-- ARGUMENTS]

    Builds an executable product, runs it under `sizer run`, and shows what `sizer COMMAND` says of the run.

      COMMAND        \(verbs.joined(separator: ", "))
      --for SECONDS  end the program with SIGTERM then; otherwise it ends by itself
      OPTIONS        of the command: --limit 5, --json, --fail (leaks); `sizer help COMMAND` lists them
      ARGUMENTS      of the program, which has no standard input

    The first run builds `sizer` and its agent, which takes some minutes. ^C ends SwiftPM with the program.
    """

  let verb: String
  let product: String
  let seconds: Double?
  let configuration: PackageManager.BuildConfiguration
  let options: [String]
  let programArguments: [String]

  /// nil when help is asked for.
  init?(_ arguments: [String]) throws {
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    programArguments = Array(arguments[end...].dropFirst())
    if end == 0 || arguments[..<end].contains(where: { ["help", "-h", "--help"].contains($0) }) { return nil }
    var extractor = ArgumentExtractor(Array(arguments[..<end]))
    seconds = try Self.seconds(extractor.extractOption(named: "for"))
    configuration = try Self.configuration(extractor.extractOption(named: "configuration"))
    let words = extractor.remainingArguments
    guard let verb = words.first, Self.verbs.contains(verb) else {
      throw Complaint("\(words.first ?? "") is no command here; use one of: \(Self.verbs.joined(separator: ", "))")
    }
    guard words.count > 1, !words[1].hasPrefix("-") else {
      throw Complaint("name an executable product behind \(verb): swift package sizer \(verb) PRODUCT")
    }
    self.verb = verb
    product = words[1]
    options = Array(words.dropFirst(2))
  }

  private static func seconds(_ texts: [String]) throws -> Double? {
    guard let text = texts.last else { return nil }
    guard let seconds = Double(text), seconds > 0, seconds < 1e9 else {
      throw Complaint("--for \(text) is no time; give seconds above 0")
    }
    return seconds
  }

  private static func configuration(_ texts: [String]) throws -> PackageManager.BuildConfiguration {
    switch texts.last {
    case nil, "debug": return .debug
    case "release": return .release
    case .some(let text): throw Complaint("--configuration \(text) is none; use debug or release")
    }
  }
}
