// SPDX-License-Identifier: Apache-2.0

import Glibc
import SizerProfile

/// A program that was started in this one's place: signals go to it, and how it ends is how this one ends.
struct RunningProgram {
  /// Its number.
  let process: pid_t
  private var waited: sigset_t

  /// Those that a terminal sends go to the program by themselves.
  private static let passedOn = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2]

  /// Starts it; it has the signals as they were.
  init(_ command: [String], environment: [String]) throws {
    var before = sigset_t()
    waited = sigset_t()
    sigemptyset(&waited)
    for signal in Self.passedOn + [SIGCHLD] { sigaddset(&waited, signal) }
    pthread_sigmask(SIG_BLOCK, &waited, &before)
    process = try Self.start(command, environment, mask: before)
  }

  private static func start(_ command: [String], _ environment: [String], mask: sigset_t) throws -> pid_t {
    var (mask, changed) = (mask, sigset_t())
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    sigemptyset(&changed)
    sigaddset(&changed, SIGXFSZ)  // prepareDescriptors() ignores it
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setsigdefault(&attributes, &changed)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var arguments = command.map { strdup($0) } + [nil]
    var variables = environment.map { strdup($0) } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var process: pid_t = 0
    let refusal = posix_spawnp(&process, command[0], nil, &attributes, &arguments, &variables)
    guard refusal == 0 else {
      throw Failure(message: "\(command[0]) can't be started: \(SystemRefusal(number: refusal).reason); check the file")
    }
    return process
  }

  /// Passes signals on until the program has ended.
  func waitForEnd() -> ProgramEnd {
    var (waited, status) = (self.waited, Int32(0))
    while true {
      var info = siginfo_t()
      let signal = sigwaitinfo(&waited, &info)
      if signal == SIGCHLD {
        if waitpid(process, &status, WNOHANG) == process { return ProgramEnd(status: status) }
      } else if signal > 0, info.si_code <= 0 {
        kill(process, signal)  // somebody sent it to us, not the terminal to all
      }
    }
  }
}

/// How a program ended.
struct ProgramEnd {
  let status: Int32

  private var signal: Int32 { status & 0x7F }

  /// Ends this process in the same way.
  func repeatIt() -> Never {
    guard signal != 0 else { exit(status >> 8 & 0xFF) }
    // The program has left a core file if there was to be one.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    Glibc.signal(signal, SIG_DFL)
    var all = sigset_t()
    sigemptyset(&all)
    pthread_sigmask(SIG_SETMASK, &all, nil)
    raise(signal)
    exit(128 + signal)
  }
}
