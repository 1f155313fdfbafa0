// SPDX-License-Identifier: Apache-2.0
import Foundation
import Sizer
import TestSupport
import Testing

@Suite("Tags of a recorded process")
struct ProcessTagsTests {
  private let container = "4f1c" + String(repeating: "0123456789ab", count: 5)

  private func sources(
    _ variables: [String: String] = [:], files: [String: String] = [:]
  ) -> TagSources {
    TagSources(
      variable: { variables[$0] }, file: { files[$0] }, host: "node-7", path: "/srv/server", buildID: "c0ffee",
      swift: "6.9", instance: "an instance")
  }

  /// As the change log has it.
  private static var newestVersion: String {
    let root = #filePath.components(separatedBy: "/Tests/")[0]
    let log = (try? String(contentsOfFile: root + "/CHANGELOG.md", encoding: .utf8)) ?? ""
    return log.firstMatch(of: /## \[(\d+\.\d+\.\d+)\]/).map { String($0.1) } ?? ""
  }

  @Test("without anything told, a process is what its program, host and build are")
  func found() {
    #expect(
      ProcessTags.found(sources()) == [
        "service.name": "server", "service.instance.id": "an instance", "host.name": "node-7",
        "process.executable.path": "/srv/server", "process.executable.build_id.gnu": "c0ffee",
        "process.runtime.name": "swift", "process.runtime.version": "6.9", "sizer.version": Self.newestVersion,
      ])
  }

  @Test("the environment goes before what is found, OTEL_SERVICE_NAME before the attributes")
  func environment() {
    let tags = ProcessTags.found(
      sources([
        "OTEL_SERVICE_NAME": "orders",
        "OTEL_RESOURCE_ATTRIBUTES": "service.name=other,service.version=1.10,host.name=h,service.instance.id=7,x=a%20b",
      ]))
    #expect(tags["service.name"] == "orders")
    #expect(tags["service.version"] == "1.10")
    #expect(tags["host.name"] == "h" && tags["service.instance.id"] == "7" && tags["x"] == "a b")
    let rubbish = ProcessTags.found(sources(["OTEL_RESOURCE_ATTRIBUTES": "service.name=a,rubbish"]))
    #expect(rubbish["service.name"] == "server")
  }

  @Test("a pod is told by the cluster's variables and files")
  func pod() {
    let namespace = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
    let here = sources(["KUBERNETES_SERVICE_HOST": "10.0.0.1"], files: [namespace: "shop"])
    let tags = ProcessTags.found(here)
    #expect(tags["k8s.pod.name"] == "node-7" && tags["k8s.namespace.name"] == "shop")
    let variables = ["KUBERNETES_SERVICE_HOST": "10.0.0.1", "POD_NAME": "p", "POD_NAMESPACE": "n"]
    let told = ProcessTags.found(sources(variables, files: [namespace: "shop"]))
    #expect(told["k8s.pod.name"] == "p" && told["k8s.namespace.name"] == "n")
    #expect(ProcessTags.found(sources(files: [namespace: "shop"]))["k8s.namespace.name"] == nil)
  }

  @Test("a container is told by its control group, or by what its runtime mounts")
  func containers() {
    for group in [
      "12:memory:/docker/\(container)\n1:name=systemd:/", "0::/system.slice/docker-\(container).scope",
      "0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-\(container).scope", "0::/x\n0::/crio-\(container)",
    ] {
      #expect(ProcessTags.containerID(cgroup: group) == container, "\(group)")
    }
    for other in ["", "0::/", "0::/user.slice", "0::/docker/\(container)0", "0::/\(container)/init.scope"] {
      #expect(ProcessTags.containerID(cgroup: other) == nil, "\(other)")
    }
    let mounts = """
      1 2 0:3 / / rw - overlay overlay rw
      5 1 8:1 /var/lib/docker/containers/\(container)/hostname /etc/hostname rw - ext4 /dev/sda1 rw
      """
    #expect(ProcessTags.containerID(mounts: mounts) == container)
    #expect(ProcessTags.containerID(mounts: "5 1 8:1 /var/lib/\(container)/x /x rw - ext4 /dev/sda1 rw") == nil)
    #expect(
      ProcessTags.found(sources(files: ["/proc/self/cgroup": "0::/", "/proc/self/mountinfo": mounts]))["container.id"]
        == container)
  }

  @Test("a thousand attributes, or ones that no profile holds, leave room for the rest")
  func many() {
    let list = (0..<1_000).map { "k\($0)=v" }.joined(separator: ",")
    let long = "long=" + String(repeating: "x", count: 20_000)
    let variables = ["OTEL_RESOURCE_ATTRIBUTES": "\(list),\(long)", "OTEL_SERVICE_NAME": "orders"]
    let tags = ProcessTags.found(sources(variables))
    #expect(tags.count <= 110 && tags["long"] == nil)
    #expect(tags["service.name"] == "orders" && tags["host.name"] == "node-7")
  }

  @Test("they are in the file and in the statistics, with those that were given")
  func recorded() throws {
    let folder = try TemporaryFolder()
    let before = seconds()
    let tracker = ClassTracker()
    try tracker.record(to: folder.path("p"), tags: ["service.version": "1.10", "host.name": "given", "team": "blue"])
    try tracker.createSnapshot("one")
    try tracker.stopRecording()
    let live = tracker.statistics.tags
    let tags = try Statistics(contentsOf: folder.path("p")).tags
    #expect(tags["service.version"] == "1.10" && tags["host.name"] == "given" && tags["team"] == "blue")
    #expect(tags["process.pid"] == "\(getpid())")
    #expect(tags["process.executable.path"]?.hasSuffix("/sizerPackageTests.xctest") == true)
    #expect(tags["process.runtime.version"]?.wholeMatch(of: /6\.\d( or later)?/) != nil)
    let start = try #require(Int(tags["process.start_unix_nano"] ?? "")) / 1_000_000_000
    #expect((before...seconds()).contains(start))
    // What was not given is the same in both, and the instance is this process's wherever it is told.
    let given: Set = ["service.version", "host.name", "team"]
    #expect(tags.filter { !given.contains($0.key) } == live.filter { !given.contains($0.key) })
    #expect(live["service.instance.id"] == ClassTracker().statistics.tags["service.instance.id"])
    #expect(live["service.instance.id"]?.split(separator: "-").map(\.count) == [8, 4, 4, 4, 12])
    #expect(#expect(throws: ProfileError.self) { try tracker.record(to: folder.path("q"), tags: ["": ""]) } != nil)
    #expect(folder.files == ["p"])
    withExtendedLifetime(tracker) {}
  }

  private func seconds() -> Int {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return now.tv_sec
  }
}
