// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The terminal as a screen that this program has for itself, and as it was afterwards: see ``leave()``. Never waits
/// for a terminal that takes nothing.
final class FullScreen {
  private static let input = STDIN_FILENO
  /// The other screen, without cursor, on which long lines do not go on in the next.
  private static let entering = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l"
  /// The cursor goes down first, for terminals that have one screen only.
  private static let leaving: StaticString = "\u{1B}[0m\u{1B}[999;1H\u{1B}[2K\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

  /// Standard output, opened once more, so that it can be written to without waiting; nobody else's descriptor becomes
  /// such.
  let output: Int32
  private let ownsOutput: Bool
  /// What the terminal has not taken yet.
  private var waiting: [UInt8] = []
  /// The modes that it had; nil when it is not ours.
  private var before: termios?
  /// Whether there is somebody at the other end.
  private(set) var isThere = true

  init() {
    let own = open("/proc/self/fd/\(STDOUT_FILENO)", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    ownsOutput = own >= 0
    output = ownsOutput ? own : STDOUT_FILENO
  }

  deinit {
    leave()
    if ownsOutput { close(output) }
  }

  /// Whether the terminal has yet to take what was sent.
  var isBusy: Bool { !waiting.isEmpty }

  var size: ScreenSize {
    var size = winsize()
    guard ioctl(output, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0 else {
      return ScreenSize(columns: 80, rows: 24)
    }
    return ScreenSize(columns: Int(size.ws_col), rows: Int(size.ws_row))
  }

  /// Takes the terminal, or takes it again: after a stop somebody else may have changed its modes. In the background
  /// that stops the process until it is in the foreground, as terminals do.
  func enter() {
    var modes = termios()
    guard tcgetattr(Self.input, &modes) == 0 else {
      isThere = false
      return
    }
    // Of a terminal that was never left these are our own.
    if before == nil {
      before = modes
      CrashGuard.arm(modes, output: output, Self.leaving)
    }
    // Keys one by one, and not shown; Control-C and Control-Z stay signals.
    modes.c_lflag &= ~tcflag_t(ICANON | ECHO | IEXTEN)
    modes.c_lflag |= tcflag_t(ISIG)
    withUnsafeMutableBytes(of: &modes.c_cc) { characters in
      characters[Int(VMIN)] = 1
      characters[Int(VTIME)] = 0
    }
    while tcsetattr(Self.input, TCSANOW, &modes) != 0, errno == EINTR {}
    send(Self.entering)
  }

  /// Gives the terminal back as it was. Where the process is in the background, it is somebody else's already.
  func leave() {
    guard var modes = before else { return }
    before = nil
    CrashGuard.disarm()
    guard isInForeground else {
      waiting = []
      return
    }
    send(Self.leaving.description)
    let end = ContinuousClock.now + .seconds(1)
    while isBusy, isThere, .now < end {
      var room = pollfd(fd: output, events: Int16(POLLOUT), revents: 0)
      poll(&room, 1, 50)
      drain()
    }
    if isBusy, isThere {
      // Of what it does not take, only this is worth having.
      tcflush(output, TCOFLUSH)
      waiting = Array(Self.leaving.description.utf8)
      drain()
    }
    waiting = []
    while tcsetattr(Self.input, TCSANOW, &modes) != 0, errno == EINTR {}
  }

  private var isInForeground: Bool {
    let group = tcgetpgrp(Self.input)
    // Of a terminal that is not the session's own nobody says.
    return group < 0 || group == getpgrp()
  }

  /// Sends as much as the terminal takes at once, in one piece; ``drain()`` sends the rest.
  func send(_ text: String) {
    waiting += text.utf8
    drain()
  }

  func drain() {
    while !waiting.isEmpty {
      let count = write(output, waiting, waiting.count)
      if count > 0 {
        waiting.removeFirst(count)
      } else if errno != EINTR {
        guard errno != EAGAIN else { return }
        isThere = false
        waiting = []
      }
    }
  }

  /// What was typed; nil at the end of all input.
  func readInput() -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(Self.input, &bytes, bytes.count)
    if count < 0, errno == EINTR || errno == EAGAIN { return [] }
    return count > 0 ? Array(bytes.prefix(count)) : nil
  }
}
