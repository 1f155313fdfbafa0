// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0
import PackageDescription

/// The tests of what only those fetch who name a trait, as such a client builds it. Tests/Integrations/run runs them.
let swiftRules: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "integrations",
  dependencies: [
    .package(name: "sizer", path: "../..", traits: [.defaults, "Metrics", "Service"]),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .testTarget(
      name: "SizerMetricsTests",
      dependencies: [
        .product(name: "SizerMetrics", package: "sizer"),
        .product(name: "Sizer", package: "sizer"),
        .product(name: "MetricsTestKit", package: "swift-metrics"),
      ], swiftSettings: swiftRules),
    .testTarget(
      name: "SizerServiceTests",
      dependencies: [
        .product(name: "SizerService", package: "sizer"),
        .product(name: "Sizer", package: "sizer"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ], swiftSettings: swiftRules),
  ],
  swiftLanguageModes: [.v6]
)
