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
]

let package = Package(
  name: "sizer",
  products: [
    .library(name: "Sizer", targets: ["Sizer"]),
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
  ],
  targets: [
    .systemLibrary(
      name: "CJemalloc", path: "CSupport/CJemalloc", pkgConfig: "jemalloc", providers: [.apt(["libjemalloc-dev"])]),
    .target(
      name: "CSizer",
      dependencies: [.target(name: "CJemalloc", condition: .when(traits: ["Jemalloc"]))],
      path: "CSupport/CSizer", cSettings: cRules),
    .target(
      name: "CSizerTesting",
      dependencies: [.target(name: "CJemalloc", condition: .when(traits: ["Jemalloc"]))],
      path: "CSupport/CSizerTesting", cSettings: cRules),
    .systemLibrary(
      name: "CSQLite", path: "CSupport/CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
    // What was recorded, as values: needs no engine, so that a profile can be read anywhere.
    // SQLite: what was written stays when the process is killed, and a profile is open to SQL.
    .target(name: "SizerProfile", dependencies: ["CSQLite"], swiftSettings: swiftRules),
    // The HTML report. Its page is embedded in code, not a resource bundle: a program stays one file.
    .target(
      name: "SizerReports", dependencies: ["SizerProfile"], resources: [.embedInCode("Page")], swiftSettings: swiftRules
    ),
    .target(name: "Sizer", dependencies: ["CSizer", "SizerProfile"], swiftSettings: swiftRules),
    .executableTarget(
      name: "SizerCommand",
      dependencies: [
        "Sizer", "SizerProfile", "SizerReports",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: swiftRules),
    // One generator for benchmarks and tests: what goes wrong with a seed goes wrong again.
    .target(name: "SeededRandom", path: "Benchmarks/SeededRandom", swiftSettings: swiftRules),
    // Folders that tests write to, and that are gone after them.
    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: swiftRules),
    .target(name: "CFloor", path: "Benchmarks/CFloor", cSettings: cRules),
    // What tracking is measured with, by SizerBench and by a process that links no Sizer.
    .target(name: "TrackingLoop", path: "Benchmarks/TrackingLoop", swiftSettings: swiftRules),
    .executableTarget(
      name: "TrackingFloor",
      dependencies: ["TrackingLoop", .target(name: "CJemalloc", condition: .when(traits: ["Jemalloc"]))],
      path: "Benchmarks/TrackingFloor", swiftSettings: swiftRules),
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
        "Sizer", "CSizerTesting", "SeededRandom", "Yams",
        .product(name: "BasicContainers", package: "swift-collections"),
        .product(name: "BitCollections", package: "swift-collections"),
        .product(name: "DequeModule", package: "swift-collections"),
        .product(name: "HashTreeCollections", package: "swift-collections"),
        .product(name: "HeapModule", package: "swift-collections"),
        .product(name: "OrderedCollections", package: "swift-collections"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
      ],
      swiftSettings: swiftRules),
    // Frozen snapshots of a busy process, for as many seconds as SIZER_STRESS_SECONDS says.
    .testTarget(name: "StressTests", dependencies: ["Sizer", "TestSupport"], swiftSettings: swiftRules),
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
      name: "SizerReportsTests", dependencies: ["SizerReports", "SizerProfile", "SeededRandom"],
      swiftSettings: swiftRules),
    .testTarget(
      name: "SizerCommandTests",
      dependencies: ["SizerCommand", "Sizer", "SizerProfile", "SizerReports", "TestSupport"],
      swiftSettings: swiftRules),
    // Writes the reports that Tests/Browser/run opens.
    .executableTarget(
      name: "ReportSamples", dependencies: ["SizerReports", "SizerProfile", "SeededRandom"],
      path: "Tests/Browser/ReportSamples",
      swiftSettings: swiftRules),
  ],
  swiftLanguageModes: [.v6]
)

// The compiler (6.3) ends with an error of its own on BasicContainers when it is told to instrument for ThreadSanitizer.
if Context.environment["SIZER_SANITIZER"] == "thread" {
  package.targets.removeAll { $0.name == "SizerTests" }
  // It knows nothing of the library's mutex, which is not instrumented (Engine/SanitizedMutex.swift).
  for target in package.targets where target.name == "Sizer" {
    target.swiftSettings?.append(.define("SIZER_THREAD_SANITIZER"))
  }
}
