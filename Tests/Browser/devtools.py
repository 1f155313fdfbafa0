# SPDX-License-Identifier: Apache-2.0
"""The part of Chromium's DevTools that reads heap snapshots, out of the installed browser.

DevTools' modules are resources of the browser (resources.pak: a table of numbers and offsets, version 5), most of them compressed with
brotli, and without their names. A server at 127.0.0.1 hands them to a page as they are; the browser unpacks them. Which module an import
means is found out by what it exports: all the names that the importer takes of it.
"""

import http.server
import json
import pathlib
import struct
import threading

ENTRY = "/devtools/entrypoints/heap_snapshot_worker/heap_snapshot_worker.js"

# In the page: which resource is which module, from the entry on.
FIND = """(async (numbers, entry) => {
  const texts = {}, exported = {}, all = new Set();
  for (let at = 0; at < numbers.length; at += 50)
    await Promise.all(numbers.slice(at, at + 50).map(async number => {
      texts[number] = await (await fetch('/resource/' + number)).text();
      if (/from"node:/.test(texts[number])) return;
      const lists = [...texts[number].matchAll(/export\\{([^}]*)\\}/g)];
      if (!lists.length) return;
      exported[number] = new Set(lists.flatMap(list => list[1].split(',').map(name => name.split(' as ').pop().trim())));
      for (const name of exported[number]) all.add(name);
    }));
  const having = (names, among) => among.filter(number => names.every(name => exported[number].has(name)));
  const known = Object.keys(exported);
  const candidates = {[entry]: having(['HeapSnapshotLoader', 'HeapSnapshotWorkerDispatcher'], known)};
  const modules = {};
  const open = () => Object.keys(candidates).filter(path => !(path in modules));
  for (;;) {
    const path = open().find(path => candidates[path].length === 1) ?? open()[0];
    if (!path) return modules;
    if (!candidates[path].length) throw new Error('no module is ' + path);
    modules[path] = candidates[path][0];
    const text = texts[modules[path]];
    const note = (from, uses) => {
      const other = new URL(from, location.origin + path).pathname;
      candidates[other] = having(uses.filter(name => all.has(name)), candidates[other] ?? known);
    };
    const members = whole => [...text.matchAll(new RegExp('(?<![\\\\w$.])' + whole.replaceAll('$', '\\\\$') + '\\\\.([\\\\w$]+)', 'g'))];
    for (const [, whole, from] of text.matchAll(/import\\*as ([\\w$]+) from"(\\.[^"]+)"/g)) note(from, members(whole).map(use => use[1]));
    for (const [, list, from] of text.matchAll(/(?:import|export)\\{([^}]*)\\}from"(\\.[^"]+)"/g))
      note(from, list.split(',').map(name => name.split(' as ')[0].trim()));
    for (const [, from, name] of text.matchAll(/await import\\("(\\.[^"]+)"\\)\\)\\.([\\w$]+)/g)) note(from, [name]);
  }
})"""


class DevTools:
  """Serves the modules and a folder of files; a context manager."""

  def __init__(self, program, folder):
    self.pak = self._find_pak(program).read_bytes()
    self.folder = folder
    self.resources = self._brotli_resources()
    self.modules = {}
    tools = self

    class Handler(http.server.BaseHTTPRequestHandler):
      def do_GET(self):
        tools.answer(self)

      def log_message(self, *_):
        pass

    self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=self.server.serve_forever, daemon=True).start()
    self.origin = f"http://127.0.0.1:{self.server.server_port}"

  def __enter__(self):
    return self

  def __exit__(self, *_):
    self.server.shutdown()
    self.server.server_close()

  @staticmethod
  def _find_pak(program):
    places = [pathlib.Path(program).resolve().parent, *pathlib.Path("/usr/lib").glob("chromium*"), *pathlib.Path("/opt").glob("google/chrome*")]
    for place in places:
      if (place / "resources.pak").exists():
        return place / "resources.pak"
    raise RuntimeError(f"{program} has no resources.pak beside it")

  def _brotli_resources(self):
    """Of each resource that is brotli where its data begin and end: behind a mark of two bytes and six of the length."""
    version, _, count, _ = struct.unpack_from("<IB3xHH", self.pak, 0)
    if version != 5:
      raise RuntimeError(f"resources.pak has version {version}, not 5")
    entries = [struct.unpack_from("<HI", self.pak, 12 + 6 * place) for place in range(count + 1)]
    return {number: (start + 8, end) for (number, start), (_, end) in zip(entries, entries[1:]) if self.pak[start:start + 2] == b"\x1e\x9b"}

  def answer(self, request):
    kind, _, rest = request.path[1:].partition("/")
    number = int(rest) if kind == "resource" else self.modules.get(request.path)
    if number is not None:
      start, end = self.resources[number]
      return self._send(request, self.pak[start:end], "text/javascript", "br")
    if kind == "files" and (self.folder / rest).exists():
      return self._send(request, (self.folder / rest).read_bytes(), "application/json")
    self._send(request, b"<!doctype html><title>DevTools</title>", "text/html")

  @staticmethod
  def _send(request, data, kind, encoding=None):
    request.send_response(200)
    request.send_header("Content-Type", kind)
    request.send_header("Content-Length", str(len(data)))
    if encoding:
      request.send_header("Content-Encoding", encoding)
    request.end_headers()
    request.wfile.write(data)

  def open(self, browser):
    """Opens a page in which the modules can be imported."""
    browser.open(self.origin + "/")
    found = browser.evaluate(f"{FIND}({json.dumps(list(self.resources))}, {json.dumps(ENTRY)})")
    self.modules = {path: int(number) for path, number in found.items()}
