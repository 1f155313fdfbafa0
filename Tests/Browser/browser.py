# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium, driven through the DevTools protocol.

The protocol goes over a pipe (--remote-debugging-pipe: messages of JSON, each ended by a zero byte, in on descriptor 3, out on 4),
which needs no port, no WebSocket and so no library.
"""

import base64
import json
import os
import select
import subprocess
import tempfile
import time


class Browser:
  """One process of the browser with one page; a context manager."""

  def __init__(self, program):
    self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    to_browser, self.outgoing = os.pipe()
    self.incoming, from_browser = os.pipe()
    self.process = subprocess.Popen(
      self._command(program), pass_fds=(3, 4), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
      preexec_fn=lambda: _place(to_browser, from_browser))
    os.close(to_browser)
    os.close(from_browser)
    self.buffer = b""
    self.last_id = 0
    self.session = None
    self.events = []
    target = self.call("Target.createTarget", url="about:blank")["targetId"]
    self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
      self.call(f"{domain}.enable")

  def _command(self, program):
    return [
      program, "--headless", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu", "--hide-scrollbars",
      # The kernel's sandbox is refused to root and in most containers; the pages are ours.
      "--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-extensions",
      f"--user-data-dir={self.folder.name}",
    ]

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.process.terminate()
    self.process.wait(timeout=30)
    os.close(self.outgoing)
    os.close(self.incoming)
    self.folder.cleanup()

  def call(self, method, **parameters):
    """The result of one command."""
    self.last_id += 1
    message = {"id": self.last_id, "method": method, "params": parameters}
    if self.session:
      message["sessionId"] = self.session
    data = json.dumps(message).encode() + b"\0"
    while data:
      data = data[os.write(self.outgoing, data):]
    while True:
      answer = self._receive(120)
      if answer is None:
        raise RuntimeError(f"the browser did not answer {method}")
      if answer.get("id") == self.last_id:
        if "error" in answer:
          raise RuntimeError(f"{method}: {answer['error']['message']}")
        return answer["result"]

  def _receive(self, seconds):
    """The next message, kept among `events` if it is one; None if there is none in time."""
    end = time.monotonic() + seconds
    while b"\0" not in self.buffer:
      if not select.select([self.incoming], [], [], max(0, end - time.monotonic()))[0]:
        return None
      data = os.read(self.incoming, 1 << 20)
      if not data:
        raise RuntimeError("the browser ended")
      self.buffer += data
    text, _, self.buffer = self.buffer.partition(b"\0")
    message = json.loads(text)
    if "method" in message:
      self.events.append(message)
    return message

  def wait_for(self, method):
    """Waits until an event of this name has come, now or before."""
    end = time.monotonic() + 120
    while not any(event["method"] == method for event in self.events):
      if time.monotonic() > end:
        raise RuntimeError(f"no {method}")
      self._receive(1)

  def open(self, url):
    """Loads a page; events start anew."""
    self.call("Page.navigate", url="about:blank")
    self.evaluate("0")
    self.events.clear()
    self.call("Page.navigate", url=url)
    self.wait_for("Page.loadEventFired")

  def evaluate(self, expression):
    """The value of an expression in the page; the browser waits for promises."""
    result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
    if "exceptionDetails" in result:
      raise RuntimeError(f"{expression}: {result['exceptionDetails']}")
    return result["result"].get("value")

  def settle(self):
    """Waits until the page has laid out and drawn."""
    self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 30))))")

  def go(self, address):
    """Goes to a hash, as a link does."""
    self.evaluate(f"location.hash = {json.dumps(address)}")
    self.settle()

  def resize(self, width, height, dark=False):
    self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
    self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
    self.settle()

  def key(self, name, text=None):
    code = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "End": 35, "Home": 36}.get(name, 0)
    extra = {"text": text} if text else {}
    self.call("Input.dispatchKeyEvent", type="keyDown", key=name, code=name, windowsVirtualKeyCode=code, **extra)
    self.call("Input.dispatchKeyEvent", type="keyUp", key=name, code=name, windowsVirtualKeyCode=code)
    self.settle()

  def screenshot(self, path):
    """The whole page, down to 6,000 pixels."""
    size = self.call("Page.getLayoutMetrics")["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 6000), "scale": 1}
    image = self.call("Page.captureScreenshot", format="png", clip=clip, captureBeyondViewport=True)
    with open(path, "wb") as file:
      file.write(base64.b64decode(image["data"]))

  def pdf(self, path):
    document = self.call("Page.printToPDF", printBackground=False, preferCSSPageSize=True)
    with open(path, "wb") as file:
      file.write(base64.b64decode(document["data"]))


def _place(to_browser, from_browser):
  """In the child: puts the pipes where the browser expects them, whatever numbers they have."""
  spare = os.dup(from_browser)
  os.dup2(to_browser, 3)
  os.dup2(spare, 4)
  os.set_inheritable(3, True)
  os.set_inheritable(4, True)
