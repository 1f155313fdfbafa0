// SPDX-License-Identifier: Apache-2.0

// A factory hires a thousand employees between two snapshots of a tracker, which then tells where the bytes are.

import Sizer

let factory = Factory(name: "Assembly Line Unlimited")
let tracker = ClassTracker()
try tracker.track(factory)  // one object
try tracker.track(class: Employee.self)  // all instances from now on
try tracker.createSnapshot("before")
factory.hire(1_000)
try tracker.createSnapshot("after")
tracker.statistics.printSummary()

// The same without a tracker: one value, now.
let size = try HeapSizer().size(of: factory)
print("the factory owns \(size.bytes) bytes, \(size.isExact ? "exactly" : "about")")
