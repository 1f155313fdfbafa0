// SPDX-License-Identifier: Apache-2.0

/// What the kernel says about the process's memory (proc(5): `/proc/self/status`, `/proc/self/stat`). In bytes.
public struct ProcessMemory: Sendable, Hashable, Codable {
  /// Address space (VmSize).
  public var virtual: Int
  /// Memory that is present (VmRSS).
  public var resident: Int
  /// Private writable address space (VmData).
  public var data: Int
  /// The main thread's stack (VmStk).
  public var stack: Int
  /// The program's own code (VmExe).
  public var code: Int
  /// The part of ``resident`` that comes from files and shared memory (RssFile + RssShmem).
  public var shared: Int
  /// Page faults that needed no disk, since the process started.
  public var minorFaults: Int
  /// Page faults that read from a disk, since the process started.
  public var majorFaults: Int

  /// Figures of a process; zero by default.
  public init(
    virtual: Int = 0, resident: Int = 0, data: Int = 0, stack: Int = 0, code: Int = 0, shared: Int = 0,
    minorFaults: Int = 0, majorFaults: Int = 0
  ) {
    self.virtual = virtual
    self.resident = resident
    self.data = data
    self.stack = stack
    self.code = code
    self.shared = shared
    self.minorFaults = minorFaults
    self.majorFaults = majorFaults
  }
}
