# SPDX-License-Identifier: Apache-2.0
"""Opens .heapsnapshot files in Chromium's own code and compares what it makes of them, node by node, with what Sizer says."""

import json

from devtools import ENTRY, DevTools

# As DevTools' Memory panel loads a file: in pieces, and with its second worker's part.
LOAD = """(async (entry, file) => {
  const {HeapSnapshotLoader, HeapSnapshot} = await import(entry);
  const loader = new HeapSnapshotLoader.HeapSnapshotLoader({sendEvent() {}});
  const text = await (await fetch(file)).text();
  for (let at = 0; at < text.length; at += 100000) loader.write(text.slice(at, at + 100000));
  loader.close();
  const channel = new MessageChannel();
  new HeapSnapshot.SecondaryInitManager(channel.port2);
  const snapshot = await loader.buildSnapshot(channel.port1);
  const nodes = {};
  for (let at = 0; at < snapshot.nodes.length; at += snapshot.nodeFieldCount) {
    const node = snapshot.createNode(at);
    nodes[node.id()] = [node.className(), node.selfSize(), node.retainedSize()];
  }
  const way = id => {
    let node;
    for (let at = 0; at < snapshot.nodes.length; at += snapshot.nodeFieldCount)
      if (snapshot.createNode(at).id() === id) node = snapshot.createNode(at);
    const names = [];
    while (node.nodeIndex !== snapshot.rootNodeIndex) {
      let best;
      for (const each = node.retainers(); each.hasNext(); each.next()) {
        const retainer = each.item();
        if (retainer.isWeak()) continue;
        const distance = snapshot.nodeDistances[retainer.nodeIndex() / snapshot.nodeFieldCount];
        if (!best || distance < best.distance) best = {distance, index: retainer.nodeIndex(), name: retainer.toString()};
      }
      names.unshift(best.name);
      node = snapshot.createNode(best.index);
    }
    return names;
  };
  const stack = id => {
    for (let at = 0; at < snapshot.nodes.length; at += snapshot.nodeFieldCount)
      if (snapshot.createNode(at).id() === id)
        return snapshot.allocationStack(at).map(call => [call.functionName, call.scriptName, call.line]);
  };
  const made = STACKS.length ? snapshot.allocationTracesTops().map(call => [call.name, call.size, call.liveSize]) : [];
  const samples = snapshot.getSamples();
  const timeline = samples ? samples.timestamps.map((time, number) => [time, samples.sizes[number]]) : [];
  return {made, timeline, stacks: Object.fromEntries(STACKS.map(id => [id, stack(id)])), count: snapshot.nodeCount, total: snapshot.totalSize, nodes, ways: Object.fromEntries(WAYS.map(id => [id, way(id)]))};
})"""


def check_snapshots(browser, program, folder, equal):
  with DevTools(program, folder) as tools:
    tools.open(browser)
    for model_file in sorted(folder.glob("*.heapsnapshot.json")):
      name = model_file.name.removesuffix(".json")
      model = json.loads(model_file.read_text())
      load = LOAD
      for name_of_list, numbers in (("WAYS", model["ways"]), ("STACKS", model["stacks"])):
        load = load.replace(name_of_list, json.dumps([int(number) for number in numbers]))
      found = browser.evaluate(f"{load}({json.dumps(ENTRY)}, {json.dumps('/files/' + name)})")
      equal(f"{name}: bytes of all nodes", found["total"], model["bytes"])
      objects = {number: found["nodes"].get(number) for number in model["nodes"]}
      wrong = {number: (objects[number], node) for number, node in model["nodes"].items() if objects[number] != node}
      equal(f"{name}: names, sizes and retained sizes of {len(objects)} objects", dict(list(wrong.items())[:5]), {})
      for number, way in model["ways"].items():
        equal(f"{name}: the way to @{number}", found["ways"][number], way)
      for number, stack in model["stacks"].items():
        equal(f"{name}: the birth of @{number}", found["stacks"][number], stack + [["(root)", "", 0]])
      made = {call[0]: tuple(call[1:]) for call in found["made"] if call[1] > 0}
      equal(f"{name}: bytes by what made them", made, {call: (size, size) for call, size in model["made"].items()})
      equal(f"{name}: bytes by their births' time", found["timeline"], model["timeline"])
