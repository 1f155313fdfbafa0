// SPDX-License-Identifier: Apache-2.0

// One snapshot: its totals, the classes' shares, the class table, slabs, the process.

const processFigures = [
  ['Virtual', 0], ['Resident', 1], ['Resident at most', 8], ['Data', 2], ['Stack', 3], ['Code', 4], ['Files and shared', 5],
  ['Control group', 9], ['Control group, limit', 10], ['Control group, at most', 11],
];

function snapshotView(position) {
  const { snapshots } = profile;
  const snapshot = snapshots[position];
  return element('div', {},
    element('div', { class: 'heading' }, element('h1', {}, 'Snapshot ', nameText(snapshotName(snapshot))), snapshotSteps(position)),
    element('p', { class: 'sentence' }, `At ${formatTime(snapshot.time)}: `, nameText(snapshot.sentence)),
    snapshotFacts(snapshot), ...trackedSections(position), livingAtSection(position) ?? '', ladderSection(snapshot), snapshotProcess(snapshot));
}

// Of a profile that tells of the whole heap and tracks nothing they would be empty.
function trackedSections(position) {
  return profile.total.classes === 0 && profile.living ? [] : [shareSection(position), snapshotClasses(position), slabsSection(position)];
}

function snapshotSteps(position) {
  const step = (to, label) => (to < 0 || to >= profile.snapshots.length
    ? element('span', { class: 'off' }, label) : link(snapshotHash(to), label));
  const compare = position > 0 ? link(comparisonHash(position - 1, position), 'Compare with previous') : null;
  const jump = snapshotSelect('Go to', position, (to) => { location.hash = snapshotHash(to); });
  return element('nav', { class: 'steps', 'aria-label': 'Snapshots' }, jump, step(position - 1, '← Previous'), step(position + 1, 'Next →'), compare);
}

function snapshotFacts(snapshot) {
  return facts([
    ['Tracked', bytesText(snapshot.tracked)],
    ...(snapshot.estimated ? [['Of these estimated', bytesText(snapshot.estimated)]] : []),
    ['Resident', bytesText(snapshot.process[1])],
    ['Profiler', bytesText(snapshot.overhead)],
    ['Mode', { inPlace: 'in place', counts: 'counts and own bytes only' }[snapshot.mode] ?? snapshot.mode],
    ['Pause', formatTime(snapshot.pause / 1000)],
  ]);
}

function shareSection(position) {
  const shown = profile.classes.slice(0, paletteSize).map((entry) =>
    ({ label: entry.name, value: entry.bytes[position], color: entry.color, hash: entry.hash }));
  const rest = [...profile.classes.slice(paletteSize), profile.other].reduce((sum, entry) => sum + entry.bytes[position], 0);
  shown.push({ label: 'all others', value: rest, color: `c${paletteSize}` });
  return section('Shares', 'Of the tracked bytes.', shareBar(shown, 'Shares of classes in the tracked bytes'));
}

function snapshotClasses(position) {
  const { classes, other, snapshots } = profile;
  const whole = snapshots[position].tracked;
  const rows = classes.map((entry) => ({
    entry, active: entry.active[position], bytes: entry.bytes[position],
    change: position > 0 ? entry.bytes[position] - entry.bytes[position - 1] : null,
  }));
  if (other.classes > 0) {
    rows.push({ entry: { name: counted(other.classes, 'smaller class', 'smaller classes'), color: `c${paletteSize}` }, active: other.active[position], bytes: other.bytes[position], change: position > 0 ? other.bytes[position] - other.bytes[position - 1] : null });
  }
  const columns = [
    classColumn((row) => row.entry),
    countColumn('Living', (row) => row.active, 'Living instances'),
    bytesColumn('Bytes', (row) => row.bytes),
    bytesColumn('Average', (row) => (row.active > 0 ? Math.floor(row.bytes / row.active) : null), 'Bytes per living instance'),
    { label: 'Share', isNumber: true, note: 'Of the tracked bytes', value: (row) => row.bytes, className: 'sharecell', cell: (row) => [cellBar(row.bytes, whole, row.entry.color), element('span', {}, formatPercent(row.bytes, whole))] },
    changeColumn('Change', (row) => row.change, formatBytes, 'Of the bytes since the snapshot before on this page'),
  ];
  return section('Classes', null, dataTable({ columns, rows, caption: `Classes at snapshot ${snapshots[position].number}`, search: 'Find a class', sort: { column: 2, descending: true } }));
}

// Which of the allocator's slabs instances keep, when the snapshot was asked for that.
function slabsSection(position) {
  const { classes, other, snapshots } = profile;
  const rows = classes.flatMap((entry) => {
    const row = entry.slabs?.find(([at]) => at === position);
    if (!row) return [];
    const [, objects, places, slabs, pinned, taken, unknown] = row;
    return [{ entry, objects, places, slabs, pinned, taken, unknown, fill: pinned > 0 ? Math.min(taken / pinned, 1) : null }];
  });
  if (rows.length === 0) return null;
  const missing = classes.filter((entry) => entry.active[position] > 0).length - rows.filter((row) => row.entry.active[position] > 0).length + other.classes;
  const note = 'A slab is a run of pages that the allocator can give back only when the last block in it is freed. One with instances of several classes counts for each.'
    + (missing > 0 ? ` ${counted(missing, 'class is', 'classes are')} left out to keep this page small.` : '');
  return section('Slabs', note, dataTable({ columns: slabColumns(rows), rows, caption: `Slabs at snapshot ${snapshots[position].number}`, search: 'Find a class', sort: { column: 4, descending: true } }));
}

function slabColumns(rows) {
  const columns = [
    classColumn((row) => row.entry),
    countColumn('Instances', (row) => row.objects, 'Living instances whose slabs are known'),
    bytesColumn('Their places', (row) => row.places, 'Bytes of these instances in the slabs'),
    countColumn('Slabs', (row) => row.slabs, 'Slabs that these instances are in'),
    bytesColumn('Pinned', (row) => row.pinned, 'Bytes of these slabs, which stay while an instance is in them'),
    { label: 'Fill', isNumber: true, note: 'How much of these slabs is taken, by blocks of any kind', value: (row) => row.fill, className: 'sharecell', cell: (row) => (row.fill === null ? '–' : [cellBar(row.taken, row.pinned, row.entry.color), element('span', {}, formatPercent(Math.min(row.taken, row.pinned), row.pinned))]) },
  ];
  if (rows.some((row) => row.unknown > 0)) columns.push(countColumn('Unknown', (row) => row.unknown, 'Instances whose slabs could not be told; in no other column'));
  return columns;
}

function snapshotProcess(snapshot) {
  const figures = facts([
    ...processFigures.filter(([, index]) => snapshot.process[index] >= 0).map(([label, index]) => [label, bytesText(snapshot.process[index])]),
    ['Minor faults', formatCount(snapshot.process[6])], ['Major faults', formatCount(snapshot.process[7])],
  ]);
  return section('The process', null, figures);
}

// What resident memory is made of, in groups, when that was recorded. A snapshot in place has not walked the whole heap and does not know
// the objects' part of the blocks: beside others that do, what was known before goes on, as when one failed.
function ladderAreas() {
  const { snapshots, ladder } = profile;
  const isWalked = (snapshot) => snapshot.ladder && snapshot.rungs[0] === ladder[0];
  const isKnown = snapshots.some(isWalked) ? isWalked : (snapshot) => snapshot.ladder;
  if (!snapshots.some(isKnown)) return [];
  let before = ladder.map(() => 0);
  const known = snapshots.map((snapshot) => {
    if (isKnown(snapshot)) before = snapshot.ladder;
    return before;
  });
  return ladder.map((label, index) => ({ label, color: `c${index}`, values: known.map((bytes) => Math.max(bytes[index], 0)) }));
}

function ladderSection(snapshot) {
  if (!snapshot.ladder) return null;
  const parts = profile.ladder.map((label, index) => ({ label, value: snapshot.ladder[index], color: `c${index}` }));
  const rows = [];
  for (let i = 0; i < snapshot.rungs.length; i += 2) rows.push({ name: snapshot.rungs[i], bytes: snapshot.rungs[i + 1] });
  const whole = snapshot.process[1];
  const columns = [
    { label: 'Rung', cell: (row) => nameText(row.name), className: 'namecell' },
    { label: 'Bytes', isNumber: true, cell: (row) => bytesText(row.bytes) },
    { label: 'Share', isNumber: true, className: 'sharecell', cell: (row) => [cellBar(row.bytes, whole), element('span', {}, formatPercent(row.bytes, whole))] },
  ];
  return section('What resident memory is made of', 'From what was walked to what the kernel counts; the rest is what no book has, and negative when books have pages that are not present.',
    shareBar(parts, 'What resident memory is made of'), dataTable({ columns, rows, caption: 'Memory ladder' }));
}
