// SPDX-License-Identifier: Apache-2.0

/// What went wrong when values were sized or objects tracked.
public typealias SizerError = OperationError<SizerDomain>

/// Names the errors of sizing and tracking.
public enum SizerDomain {}

extension OperationError.Code where Domain == SizerDomain {
  /// An argument or option makes no sense; the message names it.
  public static var invalidArgument: Self { Self("invalidArgument") }
  /// The system refused memory for Sizer's own tables.
  public static var outOfMemory: Self { Self("outOfMemory") }
  /// The system refused something else that Sizer needs: a file of `/proc`, a file descriptor, a process, a thread.
  public static var systemRefused: Self { Self("systemRefused") }
  /// The allocator that serves this process can't be asked.
  public static var unsupportedAllocator: Self { Self("unsupportedAllocator") }
  /// The Swift runtime in this process is not one that Sizer can read.
  public static var unsupportedRuntime: Self { Self("unsupportedRuntime") }
  /// The engine answered what this library does not know: they are of different versions.
  public static var unknownAnswer: Self { Self("unknownAnswer") }

  /// The tracker is closed; make a new one.
  public static var closed: Self { Self("closed") }
  /// The class or object is not tracked by this tracker.
  public static var notTracked: Self { Self("notTracked") }

  /// A snapshot was taken and is in the statistics, but the recording's file did not take it yet.
  public static var notWritten: Self { Self("notWritten") }
}
