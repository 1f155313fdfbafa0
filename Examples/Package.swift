// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// A package of its own, as yours is: users of Sizer neither fetch nor build it.
let package = Package(
  name: "examples",
  dependencies: [
    // Yours says: .package(url: …, from: "0.2.0")
    .package(name: "sizer", path: "..")
  ],
  targets: [
    .executableTarget(name: "Factory", dependencies: [.product(name: "Sizer", package: "sizer")]),

    // The server links no Sizer. Its tests do.
    .target(name: "SessionServer"),
    .executableTarget(name: "LeakyServer", dependencies: ["SessionServer"]),
    .testTarget(
      name: "SessionServerTests", dependencies: ["SessionServer", .product(name: "SizerTesting", package: "sizer")]),

    // A cache that weighs what it holds.
    .target(name: "PageCache", dependencies: [.product(name: "Sizer", package: "sizer")]),
    .testTarget(
      name: "PageCacheTests", dependencies: ["PageCache", .product(name: "SizerTesting", package: "sizer")]),
  ],
  swiftLanguageModes: [.v6]
)
