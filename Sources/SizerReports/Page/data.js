// SPDX-License-Identifier: Apache-2.0

// What the page shows, from the JSON that `PageData.swift` writes.

const profile = readProfile();

function readProfile() {
  const read = JSON.parse(document.getElementById('data').textContent);
  const count = read.snapshots.length;
  read.classes.forEach((entry, index) => {
    entry.index = index;
    entry.name = read.texts[entry.name];
    entry.active = expanded(entry.active, count);
    entry.bytes = expanded(entry.bytes, count);
    entry.color = `c${Math.min(index, paletteSize)}`;
    entry.living = entry.active.at(-1) ?? 0;
    entry.depths = new Map();
    for (let i = 0; i < entry.sites.length; i += 2) entry.depths.set(entry.sites[i], entry.sites[i + 1]);
  });
  read.other.active = expanded(read.other.active, count);
  read.other.bytes = expanded(read.other.bytes, count);
  nameClasses(read.classes);
  if (read.living) {
    read.living.types.forEach((row) => { row.name = read.texts[row.name]; });
    for (const row of [...read.living.types, read.living.other]) {
      row.count = expanded(row.count, count);
      row.bytes = expanded(row.bytes, count);
    }
  }
  return read;
}

// Two names that were cut may read the same; in the address they must not.
function nameClasses(classes) {
  const taken = new Map();
  for (const entry of classes) {
    const times = (taken.get(entry.name) ?? 0) + 1;
    taken.set(entry.name, times);
    entry.hash = `#class-${encodeURIComponent(entry.name).replaceAll('~', '%7E')}${times > 1 ? `~${times}` : ''}`;
  }
}

// Steps (position, number, …) as one number for each position; each holds until the next, and before the first is 0.
function expanded(steps, count) {
  const numbers = new Array(count).fill(0);
  for (let i = 0; i < steps.length; i += 2) numbers.fill(steps[i + 1], steps[i]);
  return numbers;
}

// Of rows that start with a position and hold until the next, the one that holds at a position.
function rowAt(rows, position) {
  return rows.findLast((row) => row[0] <= position);
}

function snapshotName(snapshot) {
  return `#${snapshot.number}${snapshot.label ? ` ${snapshot.label}` : ''}`;
}

function snapshotHash(position) {
  return `#snapshot-${profile.snapshots[position].number}`;
}

// Living objects at a snapshot, of all classes.
function livingAt(position) {
  return profile.classes.reduce((sum, entry) => sum + entry.active[position], profile.other.active[position]);
}

// Of a class: what came, went and stayed between two snapshots, exactly. `first` and `last` of a row of `lives` are the
// snapshots between which so many objects lived: an object is alive at both when it came by the earlier and left after the later.
function comparison(entry, from, to) {
  const result = { entry, objects: entry.active[to] - entry.active[from], bytes: entry.bytes[to] - entry.bytes[from] };
  if (!entry.pairs) return result;
  const alive = { from: 0, to: 0, both: 0 };
  for (const [first, ...cells] of entry.pairs.lives) {
    for (let i = 0; i < cells.length; i += 2) {
      const atFrom = first <= from && cells[i] >= from;
      const atTo = first <= to && cells[i] >= to;
      if (atFrom) alive.from += cells[i + 1];
      if (atTo) alive.to += cells[i + 1];
      if (atFrom && atTo) alive.both += cells[i + 1];
    }
  }
  const bornBytes = sumOfRows(entry.pairs.bytesByFirst, (first) => first > from, to);
  const goneBytes = sumOfRows(entry.pairs.bytesByLast, (last) => last < to, from);
  const bytesFrom = sumOfRows(entry.pairs.bytesByFirst, () => true, from);
  const bytesTo = sumOfRows(entry.pairs.bytesByFirst, () => true, to);
  return {
    ...result, born: alive.to - alive.both, gone: alive.from - alive.both, stayed: alive.both, bornBytes, goneBytes,
    grownBytes: bytesTo - bornBytes - (bytesFrom - goneBytes),
  };
}

function sumOfRows(rows, isMeant, position) {
  let sum = 0;
  for (const [row, ...steps] of rows) {
    if (isMeant(row)) sum += stepAt(steps, position);
  }
  return sum;
}

function stepAt(steps, position) {
  let number = 0;
  for (let i = 0; i < steps.length && steps[i] <= position; i += 2) number = steps[i + 1];
  return number;
}

// The calls of a trace, innermost first.
function callsOf(node) {
  const calls = [];
  for (let at = node; at >= 0; at = profile.nodes[2 * at]) calls.push(callAt(profile.nodes[2 * at + 1]));
  return calls;
}

function callAt(index) {
  const [name, file, line, image] = profile.calls.slice(4 * index, 4 * index + 4);
  return { index, name: profile.texts[name], file: profile.texts[file], line, image: profile.texts[image] };
}

// The call that a reader looks for: the first that is the program's own, behind the class's initialisers.
function siteIn(calls, depth) {
  return calls[Math.min(depth ?? 0, calls.length - 1)];
}

function placeOf(call) {
  return call.file ? `${fileName(call.file)}${call.line ? `:${call.line}` : ''}` : fileName(call.image);
}

// The instances of a class that have a row, as objects; made when first asked for.
function instancesOf(entry) {
  entry.rows ??= entry.instances.map(([type, birth, end, isDead, node, address, first, last, largest, ...sizes]) =>
    ({ type: profile.texts[type], birth, end, isDead: isDead === 1, node, address, first, last, largest, sizes, entry }));
  return entry.rows;
}

// An instance's size at a snapshot; null when it was not alive there.
function sizeOf(instance, position) {
  if (instance.first < 0 || position < instance.first || position > instance.last) return null;
  return stepAt(instance.sizes, position);
}

function lastSize(instance) {
  return instance.sizes.length === 0 ? null : instance.sizes.at(-1);
}
