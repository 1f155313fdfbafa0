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
let cRules: [CSetting] = [
  .treatAllWarnings(as: .error),
  .define("CSIZER_JEMALLOC", .when(traits: ["Jemalloc"])),
  // The engine's invariants as code, for the stress: nobody else calls them.
  .define("CSIZER_CHECKS", .when(configuration: .debug)),
]

/// SQLite goes into the program, so that its run image needs none. Systems that ship no archive of it (Fedora's) build
/// with SIZER_SQLITE=shared. jemalloc is a shared library: an archive's malloc is hidden from libc by
/// --static-swift-stdlib (`--exclude-libs ALL`), and a process with two allocators crashes. SIZER_JEMALLOC=given leaves
/// jemalloc to whoever links: README says how a program is made that needs neither.
let sqlite: LinkerSetting = .linkedLibrary(
  Context.environment["SIZER_SQLITE"] == "shared" ? "sqlite3" : ":libsqlite3.a")
let jemalloc: [LinkerSetting] =
  Context.environment["SIZER_JEMALLOC"] == "given" ? [] : [.linkedLibrary("jemalloc", .when(traits: ["Jemalloc"]))]

/// The engine's folders, each of which has a page of its own (CSupport/CSizer/src/FLOORS).
let engineFloors = [
  "platform", "runtime", "census", "allocator", "traces", "layouts", "walk", "graph", "lifetimes", "hooks", "snapshot",
]

let package = Package(
  name: "sizer",
  products: [
    .library(name: "Sizer", targets: ["Sizer"]),
    .library(name: "SizerGraph", targets: ["SizerGraph"]),
    .library(name: "SizerProfile", targets: ["SizerProfile"]),
    .library(name: "SizerReports", targets: ["SizerReports"]),
    .executable(name: "sizer", targets: ["SizerCommand"]),
  ],
  traits: [
    .default(enabledTraits: ["Jemalloc"]),
    .trait(
      name: "Jemalloc",
      description:
        "Link jemalloc, which then serves the whole process, and read exact sizes from it. Off: libc's allocator."),
  ],
  dependencies: [
    // The command lines of sizer and SizerBench. Users of the library do not fetch it.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
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
    .target(name: "SizerProfile", dependencies: ["CSQLite"], swiftSettings: swiftRules, linkerSettings: [sqlite]),
    // The HTML report. Its page is embedded in code, not a resource bundle: a program stays one file.
    .target(
      name: "SizerReports", dependencies: ["SizerProfile"], resources: [.embedInCode("Page")], swiftSettings: swiftRules
    ),
    .target(name: "Sizer", dependencies: ["CSizer", "SizerGraph", "SizerProfile"], swiftSettings: swiftRules),
    .executableTarget(
      name: "SizerCommand",
      dependencies: [
        "Sizer", "SizerGraph", "SizerProfile", "SizerReports",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftRules),
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
    .executableTarget(
      name: "SizerBench",
      dependencies: [
        "Sizer", "SizerProfile", "SizerReports", "CFloor", "SeededRandom", "TrackingLoop", "TrackingFloor", "Yams",
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
    .testTarget(name: "StressTests", dependencies: ["Sizer", "TestSupport"], swiftSettings: swiftRules),
    .testTarget(name: "SizerGraphTests", dependencies: ["SizerGraph", "SeededRandom"], swiftSettings: swiftRules),
    .testTarget(
      name: "SizerProfileTests", dependencies: ["SizerProfile", "SeededRandom", "TestSupport"],
      swiftSettings: swiftRules),
    .testTarget(
      name: "TrackerTests",
      dependencies: [
        "Sizer", "SizerReports", "CSizerTesting", "SeededRandom", "TestSupport", "Yams",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ],
      swiftSettings: swiftRules),
    .testTarget(
      name: "SizerReportsTests", dependencies: ["SizerReports", "SizerProfile", "SeededRandom", "TestSupport"],
      swiftSettings: swiftRules),
    .testTarget(
      name: "SizerCommandTests",
      dependencies: [
        "SizerCommand", "Sizer", "SizerGraph", "SizerProfile", "SizerReports", "SeededRandom", "TestSupport",
      ],
      swiftSettings: swiftRules),
    // What Tests/Slim/run starts where nothing is installed.
    .executableTarget(
      name: "SlimHost", dependencies: ["Sizer"], path: "Tests/Slim/SlimHost", swiftSettings: swiftRules),
    // Writes the reports that Tests/Browser/run opens.
    .executableTarget(
      name: "ReportSamples", dependencies: ["SizerReports", "SizerProfile", "SeededRandom"],
      path: "Tests/Browser/ReportSamples",
      swiftSettings: swiftRules),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx17
)

// What is built for a sanitizer, which takes the place of malloc and so knows no exact sizes: no benchmarks and not the
// zoo. Under ThreadSanitizer only what threads share; the compiler (6.3) ends there with an error of its own on the zoo's
// BasicContainers.
if let sanitizer = Context.environment["SIZER_SANITIZER"] {
  var left: Set = [
    "SizerTests", "CxxTests", "Shapes", "SizerBench", "TrackingFloor", "TrackingLoop", "CFloor", "SlimHost",
    "ReportSamples",
  ]
  if sanitizer == "thread" {
    left.formUnion(["SizerGraphTests", "SizerProfileTests", "SizerReportsTests", "SizerCommandTests", "SizerCommand"])
    package.products.removeAll { $0.name == "sizer" }
  }
  package.targets.removeAll { left.contains($0.name) }
}
