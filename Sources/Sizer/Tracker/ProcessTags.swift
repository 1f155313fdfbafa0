// SPDX-License-Identifier: Apache-2.0
import Glibc
import SizerGraph
import SizerProfile

/// What tells this process from others, by OpenTelemetry's names, so that profiles of a thousand of them can be asked
/// one question.
package enum ProcessTags {
  /// Those of this process; `started` is the wall clock, in nanoseconds since 1970, when its tracker was made.
  package static func ofThisProcess(started: Int64) -> [String: String] {
    var tags = lasting
    // A process that was forked has another, and none of the rest changes.
    tags["process.pid"] = String(getpid())
    tags["process.start_unix_nano"] = String(started)
    return tags
  }

  /// The wall clock.
  static var now: Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)
  }

  /// Of `OTEL_RESOURCE_ATTRIBUTES`. With what is found and what a program gives by itself a profile has room for all.
  private static let mostAttributes = 100

  private static let lasting = found(TagSources())

  /// What the sources say. The environment goes before what is found, `OTEL_SERVICE_NAME` before the attributes, as
  /// OpenTelemetry has it; attributes that are no list of names and values are none.
  package static func found(_ sources: TagSources) -> [String: String] {
    var tags: [String: String] = [:]
    func offer(_ key: String, _ value: String?) {
      if let value, !value.isEmpty, tags[key] == nil { tags[key] = value }
    }
    offer("service.name", sources.variable("OTEL_SERVICE_NAME"))
    let attributes = ProfileTags.parse(sources.variable("OTEL_RESOURCE_ATTRIBUTES") ?? "") ?? [:]
    // A program may be told a thousand; what is found below has its place all the same.
    for (key, value) in attributes.sorted(by: { $0.key < $1.key }).prefix(mostAttributes) { offer(key, value) }
    offer("service.name", sources.program)
    offer("service.instance.id", sources.instance)
    offer("host.name", sources.host)
    if let inCluster = sources.variable("KUBERNETES_SERVICE_HOST"), !inCluster.isEmpty {
      offer("k8s.pod.name", sources.variable("POD_NAME"))
      // What a pod's containers call their host, unless they use the node's network.
      offer("k8s.pod.name", sources.host)
      offer("k8s.namespace.name", sources.variable("POD_NAMESPACE"))
      offer("k8s.namespace.name", sources.file("/var/run/secrets/kubernetes.io/serviceaccount/namespace"))
    }
    offer("container.id", containerID(cgroup: sources.file("/proc/self/cgroup") ?? ""))
    offer("container.id", containerID(mounts: sources.file("/proc/self/mountinfo") ?? ""))
    offer("process.executable.path", sources.path)
    offer("process.executable.build_id.gnu", sources.buildID)
    offer("process.runtime.name", sources.swift.map { _ in "swift" })
    offer("process.runtime.version", sources.swift)
    offer("sizer.version", sizerVersion)
    return tags.filter { ProfileTags.breach($0.key, $0.value) == nil }
  }

  /// The container whose control group a process is in: 64 hexadecimal digits at the end of a path, with what a runtime
  /// puts around them (`docker-….scope`, `cri-containerd-….scope`).
  package static func containerID(cgroup text: String) -> String? {
    for line in text.split(separator: "\n") {
      guard let last = line.split(separator: "/").last else { continue }
      if let id = identifier(in: last) { return id }
    }
    return nil
  }

  /// The same of the files that a runtime mounts into a container: in a control group of its own a process sees no path
  /// to it.
  package static func containerID(mounts text: String) -> String? {
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "/")
      for (folder, name) in zip(parts, parts.dropFirst()) where folder.hasSuffix("containers") {
        if name.utf8.count == 64, let id = identifier(in: name) { return id }
      }
    }
    return nil
  }

  /// 64 hexadecimal digits that stand alone.
  private static func identifier(in text: Substring) -> String? {
    text.split { !$0.isHexDigit || !$0.isASCII }.first { $0.utf8.count == 64 }.map { $0.lowercased() }
  }
}

/// Where tags are looked for. Tests have places of their own.
package struct TagSources {
  package var variable: (String) -> String?
  /// What is in a small file, without the white space around it; nil when it can't be read.
  package var file: (String) -> String?
  package var host: String?
  /// The program's file.
  package var path: String?
  package var buildID: String?
  /// The version of Swift, where it is known.
  package var swift: String?
  /// A name that no other process has.
  package var instance: String

  package init(
    variable: @escaping (String) -> String?, file: @escaping (String) -> String?, host: String? = nil,
    path: String? = nil, buildID: String? = nil, swift: String? = nil, instance: String = ""
  ) {
    self.variable = variable
    self.file = file
    self.host = host
    self.path = path
    self.buildID = buildID
    self.swift = swift
    self.instance = instance
  }

  /// This process's own.
  init() {
    self.init(
      variable: { name in getenv(name).map { String(cString: $0) } }, file: { Self.contents(of: $0) },
      host: Self.ownHost, path: Self.ownPath, buildID: Self.ownBuildID, swift: Self.ownSwift,
      instance: Self.madeInstance())
  }

  /// The name of the program's file.
  var program: String? { path?.split(separator: "/").last.map(String.init) }

  private static var ownHost: String? {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return nil }
    return text(name)
  }

  private static var ownPath: String? {
    var path = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    guard readlink("/proc/self/exe", &path, path.count - 1) > 0 else { return nil }
    return text(path)
  }

  private static var ownBuildID: String? {
    let program = ownPath
    let image = Engine.loadedImages().images.first { $0.path == program }
    return image.map { hexadecimal($0.buildID) }
  }

  /// No runtime says its version, but where Sizer is linked in one compiler has built all. Preloaded it brings a Swift
  /// of its own, which says nothing about the program's.
  private static var ownSwift: String? {
    guard !Engine.isPreloaded else { return nil }
    #if compiler(>=6.4)
      return "6.4 or later"
    #elseif compiler(>=6.3)
      return "6.3"
    #else
      return "6.2"
    #endif
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// A random UUID of version 4, which is what OpenTelemetry asks for where nothing else is told.
  private static func madeInstance() -> String {
    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    let digits = Array(hexadecimal(bytes))
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
  }

  private static func contents(of path: String) -> String? {
    // Not waited for, should it be a pipe.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 14)
    while bytes.count < 1 << 18 {
      let count = read(descriptor, &piece, piece.count)
      guard count > 0 else { break }
      bytes += piece[..<count]
    }
    let spaces: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    while let last = bytes.last, spaces.contains(last) { bytes.removeLast() }
    return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
  }
}
