// SPDX-License-Identifier: Apache-2.0
import Foundation
import PackagePlugin

/// `swift package sizer leaks PRODUCT`: builds a product of the user's package, runs it under `sizer run`, and shows
/// what a command of `sizer` says of that run.
@main
struct SizerPlugin: CommandPlugin {
  func performCommand(context: PluginContext, arguments: [String]) throws {
    guard let request = try Request(arguments) else { return print(Request.usage) }
    guard let sizer = Self.sizerFolder(from: context.package) else {
      throw Complaint("Sizer is no dependency of this package; add it to Package.swift")
    }
    let program = try executable(request.product, configuration: request.configuration)
    print("building Sizer and its agent, which takes some minutes the first time")
    let tool = try command(of: sizer, log: context.pluginWorkDirectoryURL.appending(path: "build-sizer.log"))
    let agent = context.pluginWorkDirectoryURL.appending(path: "libSizerAgent.so")
    try run(
      sizer.appending(path: "build-agent"), [context.pluginWorkDirectoryURL.path],
      log: context.pluginWorkDirectoryURL.appending(path: "build-agent.log"))

    let profile = context.pluginWorkDirectoryURL.appending(path: "\(request.product).sizer")
    try? FileManager.default.removeItem(at: profile)
    print("recording into \(profile.path)")
    let status = try run(
      tool, ["run", "--agent", agent.path, "-o", profile.path, "--", program.path] + request.programArguments,
      endsAfter: request.seconds, mayFail: true)
    if status != 0 { print("\(request.product) ended with status \(status)") }
    guard FileManager.default.fileExists(atPath: profile.path) else {
      throw Complaint("nothing was recorded; the lines above say why")
    }
    try run(tool, [request.verb, profile.path] + request.options)
  }

  /// The command, built in Sizer's own package: it is no product, lest every client fetch what it is made with.
  private func command(of sizer: URL, log: URL) throws -> URL {
    let swift = URL(filePath: "/usr/bin/env")
    try run(swift, ["swift", "build", "--package-path", sizer.path, "--product", "sizer"], log: log)
    return sizer.appending(path: ".build/debug/sizer")
  }

  /// Where Sizer's own package is: it has the script that builds the agent.
  private static func sizerFolder(from package: Package) -> URL? {
    if package.products.contains(where: { $0.name == "SizerAgent" }) { return package.directoryURL }
    for dependency in package.dependencies {
      if let folder = sizerFolder(from: dependency.package) { return folder }
    }
    return nil
  }

  private func executable(
    _ product: String, configuration: PackageManager.BuildConfiguration
  ) throws -> URL {
    let parameters = PackageManager.BuildParameters(configuration: configuration, logging: .concise)
    let result = try packageManager.build(.product(product), parameters: parameters)
    guard result.succeeded else { throw Complaint("\(product) can't be built:\n\(result.logText)") }
    let programs = result.builtArtifacts.filter { $0.kind == .executable }
    guard let built = programs.first(where: { $0.url.lastPathComponent == product }) else {
      throw Complaint("\(product) is no executable product of this package or of its dependencies")
    }
    return built.url
  }

  /// Runs a program to its end, or until it is told to end. SwiftPM talks to a plugin by its standard input, so that
  /// the program has none. With a `log` its words go there, and are shown when it fails.
  @discardableResult
  private func run(
    _ program: URL, _ arguments: [String], endsAfter seconds: Double? = nil, mayFail: Bool = false, log: URL? = nil
  ) throws -> Int32 {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    if let log {
      try Data().write(to: log)
      let file = try FileHandle(forWritingTo: log)
      process.standardOutput = file
      process.standardError = file
    }
    try withAllSignals { try process.run() }
    if let seconds {
      DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { if process.isRunning { process.terminate() } }
    }
    process.waitUntilExit()
    // A signal as shells tell it.
    let status = process.terminationStatus + (process.terminationReason == .uncaughtSignal ? 128 : 0)
    guard mayFail || status == 0 else {
      if let log, let text = try? String(contentsOf: log, encoding: .utf8) { print(text) }
      throw Complaint("\(program.lastPathComponent) ended with status \(status)")
    }
    return status
  }

  /// A plugin runs on a thread of libdispatch's, which blocks signals, and a program inherits that: SIGTERM would not
  /// reach it.
  private func withAllSignals(_ body: () throws -> Void) rethrows {
    var none = sigset_t()
    var before = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &before)
    defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
    try body()
  }
}

/// Ends the command, with a text that says why.
struct Complaint: Error, CustomStringConvertible {
  let description: String
  init(_ text: String) { description = text }
}
