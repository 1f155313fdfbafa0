// SPDX-License-Identifier: Apache-2.0

/// What the kernel says about the process's memory (proc(5), `/proc/self/status`, and getrusage(2)) and about its
/// control group's. In bytes.
public struct ProcessMemory: Sendable, Hashable, Codable {
  /// Address space (VmSize).
  public var virtual: Int
  /// Memory that is present (VmRSS).
  public var resident: Int
  /// The most that ``resident`` ever was (VmHWM); nil in files of before, and where the kernel does not tell.
  public var peakResident: Int?
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
  /// What the control group has in use, file pages included: the one with the lowest limit among the process's own and
  /// those above it that can be seen; where none has a limit, the nearest that counts. Nil in no such group, and in
  /// files of before.
  public var cgroupCurrent: Int?
  /// That group's limit, `memory.max` or `memory.high`, whichever is lower; nil where there is none.
  public var cgroupLimit: Int?
  /// The most that group ever had in use; nil also where the kernel does not tell (before 5.19 in version 2).
  public var cgroupPeak: Int?

  /// Figures of a process; zero by default.
  public init(
    virtual: Int = 0, resident: Int = 0, data: Int = 0, stack: Int = 0, code: Int = 0, shared: Int = 0,
    minorFaults: Int = 0, majorFaults: Int = 0, peakResident: Int? = nil, cgroupCurrent: Int? = nil,
    cgroupLimit: Int? = nil, cgroupPeak: Int? = nil
  ) {
    self.virtual = virtual
    self.resident = resident
    self.data = data
    self.stack = stack
    self.code = code
    self.shared = shared
    self.minorFaults = minorFaults
    self.majorFaults = majorFaults
    self.peakResident = peakResident
    self.cgroupCurrent = cgroupCurrent
    self.cgroupLimit = cgroupLimit
    self.cgroupPeak = cgroupPeak
  }
}
