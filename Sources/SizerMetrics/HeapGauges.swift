// SPDX-License-Identifier: Apache-2.0
#if Metrics
  import CoreMetrics
  import Sizer

  /// The gauges, made as they are needed. Those of classes and parts end with what they are of.
  struct HeapGauges {
    private let factory: any MetricsFactory
    private var kept: [String: Gauge] = [:]
    private var classObjects: [String: Gauge] = [:]
    private var classBytes: [String: Gauge] = [:]
    private var parts: [String: Gauge] = [:]

    init(factory: any MetricsFactory) { self.factory = factory }

    mutating func set(_ graph: HeapGraph, classes count: Int) {
      let classes = graph.classes
      set("sizer_heap_objects", graph.objectCount)
      set("sizer_heap_bytes", classes.reduce(0) { $0 &+ $1.bytes })
      let largest = classes.prefix(count).map { (VisibleText.of($0.typeName, limit: Self.longestName), $0) }
      set("sizer_class_objects", by: "class", largest.map { ($0, $1.count) }, \.classObjects)
      set("sizer_class_bytes", by: "class", largest.map { ($0, $1.bytes) }, \.classBytes)
      set("sizer_memory_bytes", by: "part", graph.ladder.map { ($0.name, $0.bytes) }, \.parts)
      set("sizer_resident_bytes", graph.ladder.reduce(0) { $0 &+ $1.bytes })
      if let rest = graph.ladder.last(where: { $0.name == "rest" }) { set("sizer_unattributed_bytes", rest.bytes) }
      gauge("sizer_pause_seconds").record(Double(graph.image.info.pause) / 1e9)
    }

    mutating func set(_ leaks: [LeakGroup]) {
      set("sizer_leaked_objects", leaks.reduce(0) { $0 &+ $1.objectCount })
      set("sizer_leaked_bytes", leaks.reduce(0) { $0 &+ $1.bytes })
    }

    func destroyAll() {
      for gauges in [kept, classObjects, classBytes, parts] { gauges.values.forEach { $0.destroy() } }
    }

    /// Longer names of types are cut in the middle.
    private static let longestName = 300

    private mutating func gauge(_ label: String) -> Gauge {
      if let gauge = kept[label] { return gauge }
      let gauge = Gauge(label: label, factory: factory)
      kept[label] = gauge
      return gauge
    }

    private mutating func set(_ label: String, _ value: Int) { gauge(label).record(value) }

    /// Types that have one name count together.
    private mutating func set(
      _ label: String, by dimension: String, _ values: [(String, Int)],
      _ gauges: WritableKeyPath<HeapGauges, [String: Gauge]>
    ) {
      let sums = Dictionary(values, uniquingKeysWith: &+)
      for (name, gauge) in self[keyPath: gauges] where sums[name] == nil {
        gauge.destroy()
        self[keyPath: gauges][name] = nil
      }
      for (name, sum) in sums {
        let gauge =
          self[keyPath: gauges][name] ?? Gauge(label: label, dimensions: [(dimension, name)], factory: factory)
        self[keyPath: gauges][name] = gauge
        gauge.record(sum)
      }
    }
  }
#endif
