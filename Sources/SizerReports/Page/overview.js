// SPDX-License-Identifier: Apache-2.0

// The first view: classes and the process over time, the snapshots, the classes.

function overviewView() {
  const { total, snapshots } = profile;
  const view = element('div', {}, element('h1', {}, nameText(profile.title)), overviewFacts(), heapSentence() ?? '');
  if (snapshots.length === 0) {
    view.append(element('p', { class: 'empty' }, 'No snapshot was taken, so no size is known.'));
  } else {
    if (profile.living) view.append(livingSection(), livingGrowth());
    if (total.classes > 0 || !profile.living) view.append(timeSection());
    view.append(processSection(), snapshotsSection());
  }
  if (total.classes > 0) view.append(classesSection());
  view.append(whatIsHere());
  return view;
}

function overviewFacts() {
  const { total, snapshots } = profile;
  if (snapshots.length === 0) return facts([['Snapshots', '0'], ['Tracked objects', formatCount(total.objects)]]);
  const last = snapshots.at(-1);
  const peak = snapshots.reduce((best, snapshot) => (snapshot.tracked > best.tracked ? snapshot : best));
  const isTracking = total.classes > 0 || !profile.living;
  return facts([
    ...(profile.living ? livingFacts() : []),
    ...(isTracking ? [['Tracked at the end', bytesText(last.tracked)], ['Tracked at most', link(snapshotHash(snapshots.indexOf(peak)), bytesText(peak.tracked))]] : []),
    ['Resident at the end', bytesText(last.process[1])],
    ...groupFacts(last.process),
    ...(isTracking ? [['Objects', formatCount(total.objects), element('small', {}, ` ${formatCount(livingAt(snapshots.length - 1))} living`)], ['Classes', formatCount(total.classes)]] : []),
    ['Snapshots', formatCount(total.snapshots), element('small', {}, ` in ${formatTime(last.time)}`)],
  ]);
}

// The control group with the lowest memory limit, where one is known.
function groupFacts(process) {
  const [current, limit, peak] = process.slice(9);
  if (current < 0) return [];
  const most = peak < 0 ? '' : `, at most ${formatBytes(peak)}`;
  return [[limit < 0 ? 'Control group' : 'Control group, of its limit',
    limit < 0 ? bytesText(current) : `${formatBytes(current)} of ${formatBytes(limit)}`, element('small', {}, most)]];
}

// The largest classes each have their colour; all others are one area.
function classAreas(kind) {
  const shown = profile.classes.slice(0, paletteSize);
  const rest = [...profile.classes.slice(paletteSize), profile.other];
  const values = profile.snapshots.map((_, i) => rest.reduce((sum, entry) => sum + entry[kind][i], 0));
  const areas = shown.map((entry) => ({ label: entry.name, color: entry.color, values: known(entry[kind]), hash: entry.hash }));
  const count = profile.total.classes - shown.length;
  if (count > 0) areas.push({ label: counted(count, 'other class', 'other classes'), color: `c${paletteSize}`, values: known(values), hash: '#classes' });
  return areas;
}

// A snapshot that failed says nothing of sizes; what was known before goes on.
function known(values) {
  let before = 0;
  return values.map((value, i) => {
    if (!profile.snapshots[i].error) before = value;
    return before;
  });
}

function timeSection() {
  const { snapshots } = profile;
  const host = element('div');
  const peak = Math.max(...snapshots.map((snapshot) => snapshot.tracked));
  const resident = Math.max(...snapshots.map((snapshot) => snapshot.process[1]));
  const sentence = element('p', { class: 'sentence' });
  let said = -1;
  // Said once: the link that the Tab key goes to must not be replaced when the chart loses the focus.
  const say = (position) => {
    if (position === said) return;
    said = position;
    sentence.replaceChildren(link(snapshotHash(position), nameText(snapshotName(snapshots[position]))), ` at ${formatTime(snapshots[position].time)}: `, nameText(snapshots[position].sentence));
  };
  const show = (kind) => {
    const chart = overviewChart(kind);
    host.replaceChildren(timeChart({ ...chart, describe: (i) => { say(i); return chart.describe(i); } }), chartLegend(chart));
  };
  // Beside a resident size that is many times larger, the classes would be a line on the ground.
  const first = resident > 5 * peak ? 'classes' : 'resident';
  const tools = element('div', { class: 'tools' }, choice('Scale', [['resident', 'With resident memory'], ['classes', 'Classes alone']], first, show));
  show(first);
  return section('Memory over time', null, tools, host, sentence);
}

function overviewChart(kind) {
  const { snapshots } = profile;
  const lines = [{ label: 'Tracked in total', className: 'strong', values: known(snapshots.map((snapshot) => snapshot.tracked)) }];
  if (kind === 'resident') lines.push({ label: 'Process, resident', className: 'dashed', values: snapshots.map((snapshot) => snapshot.process[1]) });
  return {
    label: 'Memory of classes over time', times: snapshots.map((snapshot) => snapshot.time), areas: classAreas('bytes'), lines,
    format: formatBytes, isBytes: true, describe: (i) => `${snapshotName(snapshots[i])} · ${formatTime(snapshots[i].time)}`,
    onOpen: (i) => { location.hash = snapshotHash(i); },
  };
}

function processSection() {
  const { snapshots } = profile;
  const areas = ladderAreas();
  const chart = {
    label: 'Resident memory of the process over time', times: snapshots.map((snapshot) => snapshot.time), height: 200, areas,
    lines: [{ label: 'Resident', className: 'strong', values: snapshots.map((snapshot) => snapshot.process[1]) }, ...limitLine()],
    format: formatBytes, isBytes: true, describe: (i) => `${snapshotName(snapshots[i])} · ${formatTime(snapshots[i].time)}`,
    onOpen: (i) => { location.hash = snapshotHash(i); },
  };
  const note = areas.length > 0 ? 'What the resident memory is made of, from what was walked to what the kernel counts.' : null;
  return section('The process', note, timeChart(chart), chartLegend(chart));
}

// The limit is drawn where resident memory comes near it: elsewhere it would press everything to the ground.
function limitLine() {
  const { snapshots } = profile;
  const limits = snapshots.map((snapshot) => snapshot.process[10]);
  const isNear = snapshots.some((snapshot) => snapshot.process[1] * 2 >= snapshot.process[10]);
  return isNear && limits.every((limit) => limit >= 0) ? [{ label: 'Limit of the control group', className: 'dashed', values: limits }] : [];
}

function snapshotsSection() {
  const { snapshots, total } = profile;
  const rows = snapshots.map((snapshot, position) => ({ ...snapshot, position, living: livingAt(position) }));
  const note = snapshots.length < total.snapshots
    ? `${formatCount(snapshots.length)} of ${formatCount(total.snapshots)}: the first, the last, the largest, labelled ones, and others at even distances.` : null;
  const columns = [
    { label: 'Snapshot', value: (row) => row.number, text: (row) => snapshotName(row), className: 'namecell', cell: (row) => link(snapshotHash(row.position), nameText(snapshotName(row))) },
    timeColumn('Time', (row) => row.time, 'Since the tracker was made'),
    ...(profile.living ? [bytesColumn('Swift objects', (row) => (profile.living.at.includes(row.position) ? livingBytes(row.position) : null))] : []),
    bytesColumn('Tracked', (row) => row.tracked),
    changeColumn('Change', (row) => (row.position === 0 ? null : row.tracked - snapshots[row.position - 1].tracked), formatBytes, 'Of the tracked bytes since the snapshot before on this page'),
    countColumn('Living', (row) => row.living, 'Living tracked objects'),
    bytesColumn('Resident', (row) => row.process[1]),
    bytesColumn('Profiler', (row) => row.overhead, 'What the profiler held for itself'),
    { ...timeColumn('Pause', (row) => row.pause / 1000, 'How long threads that make or free tracked objects had to wait') },
    { label: 'Notes', cell: (row) => snapshotNotes(row), className: 'namecell' },
  ];
  return section('Snapshots', note, dataTable({ columns, rows, caption: 'Snapshots', search: 'Find a label', sort: { column: 0, descending: false } }));
}

function snapshotNotes(snapshot) {
  const notes = [];
  if (snapshot.mode === 'counts') notes.push('counts and own bytes only');
  else if (snapshot.error) notes.push('failed');
  if (snapshot.skipped) notes.push(`${formatCount(snapshot.skipped)} skipped`);
  if (snapshot.unresolved) notes.push(`${formatCount(snapshot.unresolved)} unresolved`);
  if (snapshot.estimated) notes.push(`${formatBytes(snapshot.estimated)} estimated`);
  return element('span', { class: 'warning', title: snapshot.error ?? null }, notes.join(', '));
}

function classesView() {
  return element('div', {}, element('h1', {}, 'Classes'), classesSection());
}

function classesSection() {
  const { classes, other, snapshots } = profile;
  const columns = [
    classColumn(),
    countColumn('Made', (entry) => entry.made, 'Instances tracked in all'),
    countColumn('Living', (entry) => entry.living, 'Instances alive at the last snapshot'),
    bytesColumn('At the end', (entry) => entry.bytes.at(-1) ?? null, 'Bytes at the last snapshot'),
    bytesColumn('At most', (entry) => (snapshots.length > 0 ? Math.max(...entry.bytes) : null), 'Bytes at the snapshot at which the class was largest'),
    { label: 'Bytes over time', cell: (entry) => sparkline(entry.bytes), className: 'sparkcell' },
  ];
  const note = other.classes > 0 ? `The ${formatCount(classes.length)} largest; ${counted(other.classes, 'smaller one has', 'smaller ones have')} no row, with ${counted(other.made, 'instance', 'instances')} made.` : null;
  return section('Classes', note, dataTable({ columns, rows: [...classes], caption: 'Classes', search: 'Find a class', sort: { column: snapshots.length > 0 ? 4 : 1, descending: true } }));
}

function whatIsHere() {
  const { classes, total } = profile;
  const rows = classes.reduce((sum, entry) => sum + entry.instances.length, 0);
  const sampled = rows < total.objects
    ? ` Of ${counted(total.objects, 'object', 'objects')}, ${formatCount(rows)} have a row: of each class the largest, those that grew most, and a random sample. Totals, distributions and traces count all of them.` : '';
  const origin = profile.origin.length > 0 ? element('ul', { class: 'origin' }, ...profile.origin.map((line) => element('li', {}, line))) : null;
  return element('footer', { class: 'note' }, `Sizes are what the allocator set aside, each block counted once; 1 KB is 1,024 bytes. Times are since the tracker was made.${sampled}`, origin);
}
