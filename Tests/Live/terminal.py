# SPDX-License-Identifier: Apache-2.0
"""A terminal with a shell in it that runs one program in the foreground, as a user's does."""
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import threading
import time

from screen import Screen

PATIENCE = 120  # seconds: under a sanitizer, beside others, a program takes long to end


class Terminal:
    def __init__(self, command, columns=80, rows=24, environment=(), folder=None, ignored=(), blocked=()):
        self.master, self.slave = pty.openpty()
        self.screen = Screen(columns, rows)
        self.lock = threading.RLock()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(self.slave)
        self.states, states = os.pipe()
        orders, self.orders = os.pipe()
        self.pause = False
        variables = {"PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8", **dict(environment)}
        self.shell = os.fork()
        if self.shell == 0:
            try:
                os.close(self.master)
                run_shell(self.slave, command, variables, states, orders, folder, ignored, blocked)
            finally:
                os._exit(0)
        os.close(states)
        os.close(orders)
        self.pending = b""
        self.program = int(self.state().split()[1])
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        while True:
            if self.pause:
                time.sleep(0.01)
                continue
            ready, _, _ = select.select([self.master], [], [], 0.05)
            if not ready or self.pause:
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            with self.lock:
                self.screen.feed(data)

    def state(self):
        """What the shell says next of its program: `started PID`, `stopped`, `exited STATUS`, `killed SIGNAL`."""
        end = time.monotonic() + PATIENCE
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.states], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError("the program does not change its state; the screen:\n" + self.screen.text())
            piece = os.read(self.states, 4096)
            assert piece, "the shell is gone"
            self.pending += piece
        line, self.pending = self.pending.split(b"\n", 1)
        return line.decode()

    def order(self, text):
        os.write(self.orders, text.encode() + b"\n")

    def resize(self, columns, rows):
        with self.lock:
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            self.screen.resize(columns, rows)

    def type(self, text):
        os.write(self.master, text.encode())

    def wait(self, what, condition):
        """Until the condition holds for what is shown."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with self.lock:
                if condition(self.screen):
                    return
            time.sleep(0.02)
        raise AssertionError(f"never seen: {what}; the screen:\n{self.screen.text()}\n{self.screen.modes}")

    def shows(self, *texts):
        self.wait(texts, lambda screen: all(text in screen.text() for text in texts))

    def hides(self, *texts):
        self.wait(("no", texts), lambda screen: not any(text in screen.text() for text in texts))

    def kill(self, number):
        os.kill(self.program, number)

    def settle(self):
        """Lets all come that was sent."""
        time.sleep(0.2)

    def assert_restored(self):
        self.settle()
        assert termios.tcgetattr(self.slave) == self.before, "the terminal's modes are not as they were"
        assert self.screen.modes == {"25": True, "7": True, "1049": False}, self.screen.modes
        assert not self.screen.complaints, self.screen.complaints


def run_shell(slave, command, variables, states, orders, folder, ignored, blocked):
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    # A shell may take the terminal when it is in the background.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    # Its terminal may be gone before its program is.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    program = os.fork()
    if program == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(slave, os.getpgrp())
        for number in (signal.SIGTTOU, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
        for descriptor in (0, 1, 2):
            os.dup2(slave, descriptor)
        os.closerange(3, 256)
        if folder:
            os.chdir(folder)
        os.execve(command[0], command, variables)
    os.write(states, f"started {program}\n".encode())
    while True:
        _, status = os.waitpid(program, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            how = f"killed {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exited {os.WEXITSTATUS(status)}"
            os.write(states, how.encode() + b"\n")
            return
        os.tcsetpgrp(slave, os.getpgrp())
        os.write(states, b"stopped\n")
        os.read(orders, 100)
        os.tcsetpgrp(slave, program)
        os.kill(-program, signal.SIGCONT)
