// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// Every target of ours is held to the same rules: no warning survives, imports are internal unless they say otherwise.
let swiftRules: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]
/// `build-agent` sets it: the agent as one library that is preloaded into programs that know nothing of Sizer.
let isGuest = Context.environment["SIZER_AGENT"] == "preload"
let cRules: [CSetting] =
  [
    .treatAllWarnings(as: .error),
    .define("CSIZER_JEMALLOC", .when(traits: ["Jemalloc"])),
    // The engine's invariants as code, for the stress: nobody else calls them.
    .define("CSIZER_CHECKS", .when(configuration: .debug)),
  ] + (isGuest ? [.define("CSIZER_GUEST")] : [])

/// SQLite goes into the program, so that its run image needs none. Systems that ship no archive of it (Fedora's) build
/// with SIZER_SQLITE=shared. jemalloc is a shared library: an archive's malloc is hidden from libc by
/// --static-swift-stdlib (`--exclude-libs ALL`), and a process with two allocators crashes. SIZER_JEMALLOC=given leaves
/// jemalloc to whoever links: Documents/docker.md says how a program is made that needs neither.
let sqlite: LinkerSetting = .linkedLibrary(
  Context.environment["SIZER_SQLITE"] == "shared" ? "sqlite3" : ":libsqlite3.a")
let jemalloc: [LinkerSetting] =
  Context.environment["SIZER_JEMALLOC"] == "given" ? [] : [.linkedLibrary("jemalloc", .when(traits: ["Jemalloc"]))]

/// The engine's folders, each of which has a page of its own (CSupport/CSizer/src/FLOORS).
let engineFloors = [
  "platform", "runtime", "census", "allocator", "traces", "layouts", "walk", "graph", "lifetimes", "hooks", "snapshot",
]

/// Left out of the tests where 6.2 builds them: its exit tests take no values along into their processes, which most of
/// the tests in these files hang on.
#if compiler(>=6.3)
  let profileTestsLeftOut: [String] = []
  let trackerTestsLeftOut: [String] = []
#else
  let profileTestsLeftOut = [
    "ForeignDescriptor", "HeldSignals", "Kill", "Path", "ReadingCost", "SharedIndex", "SharedText",
  ].map { "Store/\($0)Tests.swift" }
  let trackerTestsLeftOut = [
    "CopiedRecording", "FullDisk", "KilledRecording", "RecordedTraces", "RecordingThreads",
  ].map { "Recording/\($0)Tests.swift" }
#endif

let package = Package(
  name: "sizer",
  // The command `sizer` is none: SwiftPM fetches for every client what any product needs, and nobody who uses Sizer
  // shall fetch a package. Here `--product sizer` builds it all the same, by its target's name. (A folder that takes
  // `sizer` and `Sizer` for one, as macOS shares them with containers, is no place to build in.)
  products: [
    .library(name: "Sizer", targets: ["Sizer"]),
    .library(name: "SizerGraph", targets: ["SizerGraph"]),
    .library(name: "SizerProfile", targets: ["SizerProfile"]),
    .library(name: "SizerReports", targets: ["SizerReports"]),
    .library(name: "SizerTesting", targets: ["SizerTesting"]),
    // For those who name the traits Metrics and Service; nobody else fetches what they are made with.
    .library(name: "SizerMetrics", targets: ["SizerMetrics"]),
    .library(name: "SizerService", targets: ["SizerService"]),
    // For programs that are to be recorded without a line of code: linked, or as build-agent makes it, preloaded.
    .library(
      name: "SizerAgent", type: isGuest ? .dynamic : nil, targets: ["SizerAgent", "CSizerAgent", "CSizerAgentStart"]),
    .plugin(name: "SizerPlugin", targets: ["SizerPlugin"]),
  ],
  traits: [
    .default(enabledTraits: ["Jemalloc"]),
    .trait(
      name: "Jemalloc",
      description:
        "Link jemalloc, which then serves the whole process, and read exact sizes from it. Off: libc's allocator."),
    // Off unless a client names them: dependencies that only a trait needs are fetched with it alone.
    .trait(name: "Metrics", description: "SizerMetrics: gauges for swift-metrics."),
    .trait(name: "Service", description: "SizerService: records while services of swift-service-lifecycle run."),
  ],
  dependencies: [
    // The command lines of sizer and SizerBench. Users of the library do not fetch it.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    // SizerBench's real input: a YAML document, parsed by the parser that Swift servers use.
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    // Tests only: types of the packages that users have, sized against the allocator's own accounts.
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    // The same; SwiftNIO brings it along, so nothing more is fetched.
    .package(url: "https://github.com/apple/swift-atomics", from: "1.3.0"),
  ],
  targets: [
    .systemLibrary(name: "CJemalloc", path: "CSupport/CJemalloc", providers: [.apt(["libjemalloc-dev"])]),
    .target(
      name: "CSizer",
      dependencies: [.target(name: "CJemalloc", condition: .when(traits: ["Jemalloc"]))],
      path: "CSupport/CSizer",
      exclude: ["src/FLOORS"] + engineFloors.map { "src/\($0)/README.md" },
      cSettings: cRules + [.headerSearchPath("src")], linkerSettings: jemalloc),
    .target(
      name: "CSizerTesting",
      dependencies: [.target(name: "CJemalloc", condition: .when(traits: ["Jemalloc"]))],
      path: "CSupport/CSizerTesting", cSettings: cRules, linkerSettings: jemalloc),
    .systemLibrary(name: "CSQLite", path: "CSupport/CSQLite", providers: [.apt(["libsqlite3-dev"])]),
    // The heap graph as a value, and all that can be asked of it without a process: runs anywhere.
    .target(name: "SizerGraph", swiftSettings: swiftRules),
    // What was recorded, as values: needs no engine, so that a profile can be read anywhere.
    // SQLite: what was written stays when the process is killed, and a profile is open to SQL.
    .target(
      name: "SizerProfile", dependencies: ["CSQLite", "SizerGraph"], swiftSettings: swiftRules, linkerSettings: [sqlite]
    ),
    // Heap images and births as other programs read them: for the command, and for the agent, which has no page.
    .target(name: "SizerExports", dependencies: ["SizerProfile", "SizerGraph"], swiftSettings: swiftRules),
    // The HTML report. Its page is embedded in code, not a resource bundle: a program stays one file.
    .target(
      name: "SizerReports", dependencies: ["SizerExports", "SizerProfile", "SizerGraph"],
      resources: [.embedInCode("Page")],
      swiftSettings: swiftRules
    ),
    .target(name: "Sizer", dependencies: ["CSizer", "SizerGraph", "SizerProfile"], swiftSettings: swiftRules),
    // Expectations for tests. A target of its own, since it links Swift Testing and XCTest, which programs must not.
    .target(
      name: "SizerTesting", dependencies: ["Sizer", "SizerGraph", "SizerProfile"], swiftSettings: swiftRules),
    // Without their traits they are empty, so that a build of everything needs no package more. Tests/Integrations has
    // their tests, in a package that names the traits.
    .target(
      name: "SizerMetrics",
      dependencies: [
        "Sizer", "SizerGraph", "SizerProfile",
        .product(name: "CoreMetrics", package: "swift-metrics", condition: .when(traits: ["Metrics"])),
      ], swiftSettings: swiftRules),
    .target(
      name: "SizerService",
      dependencies: [
        "Sizer",
        .product(name: "Logging", package: "swift-log", condition: .when(traits: ["Service"])),
        .product(
          name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: .when(traits: ["Service"])),
      ], swiftSettings: swiftRules),
    // Records the process that it is in, as the environment asks: what the process must be told in C, the agent, and
    // what begins it where it is linked in.
    .target(name: "CSizerAgent", dependencies: ["CSizer"], path: "CSupport/CSizerAgent", cSettings: cRules),
    .target(name: "SizerAgent", dependencies: ["CSizerAgent", "Sizer", "SizerExports"], swiftSettings: swiftRules),
    .target(
      name: "CSizerAgentStart", dependencies: ["CSizer", "CSizerAgent", "SizerAgent"],
      path: "CSupport/CSizerAgentStart", exclude: ["preload.map"], cSettings: cRules),
    .executableTarget(
      name: "sizer", dependencies: ["SizerCommand"], path: "Sources/SizerMain", swiftSettings: swiftRules),
    .target(
      name: "SizerCommand",
      dependencies: [
        "Sizer", "SizerAgent", "SizerExports", "SizerGraph", "SizerProfile", "SizerReports",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftRules),
    // `swift package sizer leaks PRODUCT`. It asks for the command when it runs: a dependency on it would have the
    // command and all that it needs built twice, as tools.
    .plugin(
      name: "SizerPlugin",
      capability: .command(
        intent: .custom(verb: "sizer", description: "Run a product under Sizer, and show its heap or its leaks"))),
    // One generator for benchmarks and tests: what goes wrong with a seed goes wrong again.
    .target(name: "SeededRandom", path: "Benchmarks/SeededRandom", swiftSettings: swiftRules),
    // What all tests share: values made at run time, the oracle of sizes, folders that are gone after the test.
    .target(
      name: "TestSupport", dependencies: ["CSizerTesting", "SizerProfile"], path: "Tests/TestSupport",
      swiftSettings: swiftRules),
    .target(name: "CFloor", path: "Benchmarks/CFloor", cSettings: cRules),
    // What tracking is measured with, by SizerBench and by a process that links no Sizer.
    .target(name: "TrackingLoop", path: "Benchmarks/TrackingLoop", swiftSettings: swiftRules),
    .executableTarget(
      name: "TrackingFloor",
      dependencies: ["TrackingLoop", .target(name: "CJemalloc", condition: .when(traits: ["Jemalloc"]))],
      path: "Benchmarks/TrackingFloor", swiftSettings: swiftRules, linkerSettings: jemalloc),
    // An HTTP server, for a program that links no Sizer and for one that does.
    .target(
      name: "VisitorServer",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      path: "Benchmarks/VisitorServer", swiftSettings: swiftRules),
    // It links no Sizer: what the agent adds to its requests, and the floor of what linking adds.
    .executableTarget(
      name: "AgentServer", dependencies: ["VisitorServer"], path: "Benchmarks/AgentServer", swiftSettings: swiftRules),
    // It links Sizer: what that and tracking add to its requests.
    .executableTarget(
      name: "LinkedServer", dependencies: ["Sizer", "TrackingLoop", "VisitorServer"], path: "Benchmarks/LinkedServer",
      swiftSettings: swiftRules),
    .executableTarget(
      name: "SizerBench",
      dependencies: [
        "Sizer", "SizerExports", "SizerGraph", "SizerProfile", "SizerReports", "CFloor", "SeededRandom",
        "TrackingLoop", "TrackingFloor", "AgentServer", "LinkedServer", "Yams",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks/SizerBench", resources: [.copy("Documents"), .copy("Peers")], swiftSettings: swiftRules),
    .testTarget(
      name: "SizerTests",
      dependencies: [
        "Sizer", "SeededRandom", "TestSupport", "Yams",
        .product(name: "Atomics", package: "swift-atomics"),
        .product(name: "BasicContainers", package: "swift-collections"),
        .product(name: "BitCollections", package: "swift-collections"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "HashTreeCollections", package: "swift-collections"),
        .product(name: "HeapModule", package: "swift-collections"),
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      // A type whose bits no field describes can't be written without these.
      swiftSettings: swiftRules + [
        .enableExperimentalFeature("BuiltinModule"), .enableExperimentalFeature("RawLayout"),
      ]),
    // What Swift programs get from C++.
    .target(name: "Shapes", path: "Tests/CxxTests/Shapes"),
    .testTarget(
      name: "CxxTests", dependencies: ["Sizer", "Shapes", "CSizerTesting"], exclude: ["Shapes"],
      swiftSettings: swiftRules + [.interoperabilityMode(.Cxx)]),
    // Frozen snapshots of a busy process, for as many seconds as SIZER_STRESS_SECONDS says.
    .testTarget(name: "StressTests", dependencies: ["Sizer", "SizerAgent", "TestSupport"], swiftSettings: swiftRules),
    .testTarget(name: "SizerGraphTests", dependencies: ["SizerGraph", "SeededRandom"], swiftSettings: swiftRules),
    .testTarget(name: "SizerTestingTests", dependencies: ["SizerTesting", "TestSupport"], swiftSettings: swiftRules),
    .testTarget(
      name: "SizerProfileTests", dependencies: ["SizerProfile", "SizerGraph", "SeededRandom", "TestSupport"],
      exclude: profileTestsLeftOut, swiftSettings: swiftRules),
    .testTarget(
      name: "TrackerTests",
      dependencies: [
        "Sizer", "SizerReports", "CSizerTesting", "SeededRandom", "TestSupport", "Yams",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      exclude: trackerTestsLeftOut, swiftSettings: swiftRules),
    .testTarget(
      name: "SizerReportsTests",
      dependencies: ["SizerExports", "SizerReports", "SizerGraph", "SizerProfile", "SeededRandom", "TestSupport"],
      swiftSettings: swiftRules),
    .testTarget(
      name: "SizerCommandTests",
      dependencies: [
        "sizer", "SizerCommand", "Sizer", "SizerAgent", "SizerExports", "SizerGraph", "SizerProfile", "SizerReports",
        "SeededRandom", "TestSupport",
      ],
      swiftSettings: swiftRules),
    // What Tests/Slim/run starts where nothing is installed.
    .executableTarget(
      name: "SlimHost", dependencies: ["Sizer"], path: "Tests/Slim/SlimHost", swiftSettings: swiftRules),
    // What Tests/Versions/run builds with two versions of Swift.
    .executableTarget(
      name: "VersionHost", dependencies: ["Sizer"], path: "Tests/Versions/VersionHost", swiftSettings: swiftRules),
    // What Tests/Agent/run compares with: it counts what it has. Here with the agent linked in.
    .executableTarget(
      name: "AgentHost", dependencies: ["SizerAgent", "CSizerAgentStart"], path: "Tests/Agent/AgentHost",
      swiftSettings: swiftRules),
    // Writes the reports that Tests/Browser/run opens.
    .executableTarget(
      name: "ReportSamples",
      dependencies: ["SizerExports", "SizerReports", "SizerGraph", "SizerProfile", "SeededRandom"],
      path: "Tests/Browser/ReportSamples",
      swiftSettings: swiftRules),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// What is built for a sanitizer, which takes the place of malloc and so knows no exact sizes: no benchmarks and not the
// zoo. Under ThreadSanitizer only what threads share; the compiler (6.3) ends there with an error of its own on the
// zoo's BasicContainers.
if let sanitizer = Context.environment["SIZER_SANITIZER"] {
  var left: Set = [
    "SizerTests", "CxxTests", "Shapes", "SizerBench", "AgentServer", "LinkedServer", "VisitorServer", "TrackingFloor",
    "TrackingLoop", "CFloor", "SlimHost", "VersionHost", "AgentHost", "SizerTestingTests", "ReportSamples",
  ]
  if sanitizer == "thread" {
    left.formUnion([
      "SizerGraphTests", "SizerProfileTests", "SizerReportsTests", "SizerCommandTests", "SizerCommand", "sizer",
    ])
  }
  package.targets.removeAll { left.contains($0.name) }
}

// SIZER_TESTS=A,B: of the test targets these alone, for those who build them for another processor or with another
// version: `swift build --product sizerPackageTests`.
if let chosen = Context.environment["SIZER_TESTS"]?.split(separator: ",").map(String.init) {
  package.targets.removeAll { $0.type == .test && !chosen.contains($0.name) }
}

// SIZER_LIBRARIES=1: types of libraries that servers have and that take minutes to build, against the allocator's
// account of them. A stage of CI; nobody else fetches these.
if Context.environment["SIZER_LIBRARIES"] == "1" {
  package.dependencies += [
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/swiftlang/swift-syntax", from: "603.0.1"),
    .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
  ]
  package.targets.append(
    .testTarget(
      name: "LibraryTests",
      dependencies: [
        "Sizer", "TestSupport", "TOMLKit",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "SwiftParser", package: "swift-syntax"),
        .product(name: "SwiftSyntax", package: "swift-syntax"),
      ], swiftSettings: swiftRules))
}

// SIZER_DOCUMENTATION=1: `swift package generate-documentation`, for those who publish the pages, and for CI
// (Tests/Documentation/run). A dependency of a package is fetched by all who use its products, so it is none otherwise.
if Context.environment["SIZER_DOCUMENTATION"] == "1" {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
