// SPDX-License-Identifier: Apache-2.0
import CSizer

extension Engine {
  /// Runs `body` on a stack of Sizer's own, on the calling thread: a thread of the program may have 16 KiB of stack,
  /// and names, layouts and files want a multiple of that. No code of the program's may run in it.
  ///
  /// - Throws: what `body` throws; `outOfMemory` when there is no memory for the stack: then `body` has not run.
  static func onOwnStack<Result>(
    _ operation: String, _ body: () throws(SizerError) -> Result
  ) throws(SizerError) -> Result {
    var outcome: Swift.Result<Result, SizerError>?
    let status = switchStack(isNeeded: true) {
      do throws(SizerError) { outcome = .success(try body()) } catch { outcome = .failure(error) }
    }
    if status == CSIZER_UNSUPPORTED { return try body() }  // a processor whose stack can't be switched
    try check(status, operation: operation)
    return try outcome!.get()
  }

  /// The same for what must be done in any case: on the caller's stack when there is no memory for another one.
  static func preferringOwnStack<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result
  {
    var outcome: Swift.Result<Result, Failure>?
    _ = switchStack(isNeeded: false) {
      do throws(Failure) { outcome = .success(try body()) } catch { outcome = .failure(error) }
    }
    // It has been called, in one place or the other.
    return try outcome!.get()
  }

  /// The same for what can be left out. nil when there is no memory for the stack.
  static func onOwnStackIfPossible<Result>(_ body: () -> Result) -> Result? {
    var outcome: Result?
    let status = switchStack(isNeeded: true) { outcome = body() }
    return status == CSIZER_UNSUPPORTED ? body() : outcome
  }

  private static func switchStack(isNeeded: Bool, _ work: () -> Void) -> csizer_status {
    withoutActuallyEscaping(work) { work in
      var work = work
      return withUnsafeMutablePointer(to: &work) { pointer in
        let call: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
          // It points at `work`, for the length of the call.
          context!.assumingMemoryBound(to: (() -> Void).self).pointee()
        }
        guard isNeeded else {
          csizer_stack_prefer(call, pointer)
          return CSIZER_OK
        }
        return csizer_stack_call(call, pointer)
      }
    }
  }
}
