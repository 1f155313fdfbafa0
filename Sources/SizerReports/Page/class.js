// SPDX-License-Identifier: Apache-2.0

// One class: instances and bytes over time, sizes, referents, traces, instances.

function classView(entry, position) {
  const at = position ?? Math.max(entry.peak, 0);
  const view = element('div', {}, element('h1', {}, swatch(entry.color), ' ', nameText(entry.name)), classFacts(entry));
  view.append(eventsSection(entry));
  if (profile.snapshots.length > 0) {
    view.append(classBytes(entry, at), atSnapshot(entry, at), sizesSection(entry, at));
    const referents = referentsSection(entry, at);
    if (referents) view.append(referents);
  }
  view.append(tracesSection(entry), instancesSection(entry));
  return view;
}

function classFacts(entry) {
  const list = [['Made', formatCount(entry.made)]];
  if (profile.snapshots.length > 0) {
    const largest = link(snapshotHash(entry.peak), bytesText(entry.bytes[entry.peak]));
    list.push(['Living at the last snapshot', formatCount(entry.living)], ['Bytes at the last snapshot', bytesText(entry.bytes.at(-1))], ['Bytes at most', largest]);
  }
  return facts(list);
}

// From every birth and end, not only from what snapshots found.
function eventsSection(entry) {
  const { moments, end } = profile;
  const times = Array.from({ length: moments }, (_, moment) => (moment / (moments - 1)) * end);
  const births = new Array(moments).fill(0);
  const ends = new Array(moments).fill(0);
  for (let i = 0; i < entry.events.length; i += 3) [births[entry.events[i]], ends[entry.events[i]]] = [entry.events[i + 1], entry.events[i + 2]];
  let living = 0;
  const values = births.map((count, i) => (living += count - ends[i]));
  const chart = {
    label: 'Living instances over time', times, height: 190, format: formatCount, isBytes: false, areas: [{ label: 'Living instances', color: entry.color, values }],
    describe: (i) => `${formatTime(times[i])} · ${formatCount(births[i])} born, ${formatCount(ends[i])} gone since ${formatTime(times[Math.max(i - 1, 0)])}`,
  };
  return section('Living instances', `Counted from every birth and death at ${counted(moments, 'moment', 'moments')}.`, timeChart(chart));
}

function classBytes(entry, at) {
  const { snapshots } = profile;
  const chart = {
    label: 'Bytes of the class over time', times: snapshots.map((snapshot) => snapshot.time), height: 190, format: formatBytes, isBytes: true,
    areas: [{ label: 'Bytes', color: entry.color, values: known(entry.bytes) }], selected: at,
    describe: (i) => `${snapshotName(snapshots[i])} · ${counted(entry.active[i], 'instance', 'instances')}`,
    onOpen: (i) => { location.hash = classHashAt(entry, i); },
  };
  return section('Bytes', 'Choose a snapshot to see its sizes and referents below.', timeChart(chart));
}

function classHashAt(entry, position) {
  return `${entry.hash}@${profile.snapshots[position].number}`;
}

function atSnapshot(entry, at) {
  const select = snapshotSelect('Sizes and referents at snapshot', at, (position) => { location.hash = classHashAt(entry, position); });
  const count = entry.active[at];
  return element('div', { class: 'at' }, select, element('span', { class: 'muted' },
    `${counted(count, 'living instance', 'living instances')}, ${formatBytes(entry.bytes[at])}${count > 0 ? `, ${formatBytes(Math.floor(entry.bytes[at] / count))} on average` : ''}`));
}

function sizesSection(entry, at) {
  if (!entry.distribution) return section('Sizes', null, element('p', { class: 'empty' }, 'Left out to keep this page small; `sizer stats` prints every instance.'));
  return section('Sizes', null, histogram(rowAt(entry.distribution, at) ?? [0], 'Living instances by size'));
}

function referentsSection(entry, at) {
  if (!entry.referents) return null;
  const row = rowAt(entry.referents, at) ?? [0];
  const nodes = [];
  for (let i = 1; i < row.length; i += 6) {
    const [depth, name, type, count, bytes, flat] = row.slice(i, i + 6);
    nodes.push({ depth, count, bytes, flat, name: name < 0 ? null : profile.texts[name], type: profile.texts[type] });
  }
  const note = 'Of all living instances together, as far down as the resolution level goes.';
  if (nodes.length === 0) return section('Referents', note, element('p', { class: 'empty' }, 'None recorded at this snapshot.'));
  return section('Referents', note, referentTable(nodes, entry.bytes[at]));
}

function referentTable(nodes, whole) {
  const lines = nodes.map((node) => referentLine(node, whole));
  nodes.forEach((node, index) => {
    if (nodes[index + 1]?.depth > node.depth) addFold(nodes, lines, index);
    lines[index].hidden = node.depth > 1;
  });
  const head = ['Referent', 'Type', 'Objects', 'Bytes', 'Own', 'Share'].map((label, i) => element('th', { scope: 'col', class: i > 1 ? 'number' : null }, label));
  return element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Referents' },
    element('table', { class: 'referents' }, element('thead', {}, element('tr', {}, head)), element('tbody', {}, lines)));
}

function referentLine(node, whole) {
  const name = element('td', { class: `namecell depth${Math.min(node.depth, 8)}` },
    node.name === null ? element('span', { class: 'muted' }, counted(node.count, 'smaller referent', 'smaller referents')) : nameText(node.name));
  return element('tr', {}, name, element('td', { class: 'namecell muted' }, nameText(node.type)),
    element('td', { class: 'number' }, node.name === null ? '' : formatCount(node.count)), element('td', { class: 'number' }, bytesText(node.bytes)),
    element('td', { class: 'number' }, bytesText(node.flat)),
    element('td', { class: 'number sharecell' }, cellBar(node.bytes, whole), element('span', {}, formatPercent(node.bytes, whole))));
}

function addFold(nodes, lines, index) {
  const { depth } = nodes[index];
  const isOpen = depth === 0;
  const toggle = element('button', { type: 'button', class: 'toggle', 'aria-expanded': isOpen, 'aria-label': 'Referents below' });
  toggle.addEventListener('click', () => {
    const open = toggle.getAttribute('aria-expanded') !== 'true';
    toggle.setAttribute('aria-expanded', open);
    for (let i = index + 1; i < nodes.length && nodes[i].depth > depth; i += 1) {
      lines[i].hidden = !open || nodes[i].depth > depth + 1;
      if (nodes[i].depth === depth + 1 || !open) lines[i].querySelector('.toggle')?.setAttribute('aria-expanded', false);
    }
  });
  lines[index].firstChild.prepend(toggle);
}
