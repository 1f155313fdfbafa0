// SPDX-License-Identifier: Apache-2.0

// All that lives, by type, as tables of the whole heap tell it: over time, at a snapshot, between two of them.

// What has no table is between those that have one; the figures of before go on there.
function livingBytes(position) {
  const { living } = profile;
  return living.types.reduce((sum, row) => sum + row.bytes[position], living.other.bytes[position]);
}

function livingCount(position) {
  const { living } = profile;
  return living.types.reduce((sum, row) => sum + row.count[position], living.other.count[position]);
}

function livingFacts() {
  const { living, snapshots } = profile;
  const last = living.at.at(-1);
  const peak = living.at.reduce((best, position) => (livingBytes(position) > livingBytes(best) ? position : best));
  return [
    ['Swift objects at the end', bytesText(livingBytes(last)), element('small', {}, ` ${counted(livingCount(last), 'object', 'objects')}`)],
    ['Swift objects at most', link(snapshotHash(peak), bytesText(livingBytes(peak)))],
    ['Tables of the heap', formatCount(living.at.length), element('small', {}, ` in ${formatTime(snapshots.at(-1).time)}`)],
  ];
}

function livingSection() {
  const { living, snapshots } = profile;
  const totals = snapshots.map((_, position) => (position < living.at[0] ? null : livingBytes(position)));
  const known = (values) => values.map((value, position) => (position < living.at[0] ? null : value));
  const shown = living.types.slice(0, paletteSize);
  const areas = shown.map((row, index) => ({ label: row.name, color: `c${index}`, values: known(row.bytes) }));
  const rest = totals.map((total, position) => (total === null ? null : total - shown.reduce((sum, row) => sum + row.bytes[position], 0)));
  const count = living.types.length + living.other.types - shown.length;
  if (count > 0) areas.push({ label: counted(count, 'other type', 'other types'), color: `c${paletteSize}`, values: rest });
  const host = element('div');
  const show = (kind) => {
    const lines = [{ label: 'All Swift objects', className: 'strong', values: totals }];
    if (kind === 'resident') lines.push({ label: 'Process, resident', className: 'dashed', values: snapshots.map((snapshot) => snapshot.process[1]) });
    const chart = {
      label: 'The heap over time', times: snapshots.map((snapshot) => snapshot.time), areas, lines, format: formatBytes, isBytes: true,
      describe: (i) => `${snapshotName(snapshots[i])} · ${formatTime(snapshots[i].time)}`, onOpen: (i) => { location.hash = snapshotHash(i); },
    };
    host.replaceChildren(timeChart(chart), chartLegend(chart));
  };
  show('types');
  const tools = element('div', { class: 'tools' }, choice('Scale', [['types', 'Types alone'], ['resident', 'With resident memory']], 'types', show));
  const note = 'All Swift objects of the process and the raw blocks that they own, by type, tracked or not.';
  return section('The heap over time', note, tools, host);
}

function livingTypeColumn() {
  return { label: 'Type', value: (row) => row.name, text: (row) => row.name, className: 'namecell', cell: (row) => nameText(row.name) };
}

function livingRest() {
  const { types } = profile.living.other;
  return types > 0 ? `${counted(types, 'smaller type has', 'smaller types have')} no row.` : null;
}

function livingGrowth() {
  const { living } = profile;
  const [first, last] = [living.at[0], living.at.at(-1)];
  const columns = [
    livingTypeColumn(),
    countColumn('Objects', (row) => row.count[last], 'At the end'),
    bytesColumn('Bytes', (row) => row.bytes[last], 'At the end, with the raw blocks that they own'),
    bytesColumn('At most', (row) => Math.max(...row.bytes)),
    changeColumn('More objects', (row) => row.count[last] - row.count[first], formatCount, 'From the first table to the last'),
    changeColumn('More bytes', (row) => row.bytes[last] - row.bytes[first], formatBytes, 'From the first table to the last'),
    { label: 'Bytes over time', cell: (row) => sparkline(row.bytes.slice(first)), className: 'sparkcell' },
  ];
  return section('What lives, and what grew', livingRest(), dataTable({ columns, rows: [...living.types], caption: 'What lives, and what grew', search: 'Find a type', sort: { column: living.at.length > 1 ? 5 : 2, descending: true } }));
}

// At a snapshot that has a table.
function livingAtSection(position) {
  const { living } = profile;
  if (!living?.at.includes(position)) return null;
  const whole = livingBytes(position);
  const rows = living.types.filter((row) => row.count[position] > 0);
  const columns = [
    livingTypeColumn(),
    countColumn('Objects', (row) => row.count[position]),
    bytesColumn('Bytes', (row) => row.bytes[position], 'With the raw blocks that they own'),
    { label: 'Share', isNumber: true, note: 'Of all Swift objects', value: (row) => row.bytes[position], className: 'sharecell', cell: (row) => [cellBar(row.bytes[position], whole), element('span', {}, formatPercent(row.bytes[position], whole))] },
  ];
  return section('All that lives', livingRest(), dataTable({ columns, rows, caption: 'All that lives', search: 'Find a type', sort: { column: 2, descending: true } }));
}

function livingChanges(from, to) {
  const { living } = profile;
  if (!living?.at.includes(from) || !living.at.includes(to)) return null;
  const rows = living.types.filter((row) => row.count[from] !== row.count[to] || row.bytes[from] !== row.bytes[to]);
  const columns = [
    livingTypeColumn(),
    changeColumn('Bytes', (row) => row.bytes[to] - row.bytes[from], formatBytes),
    changeColumn('Objects', (row) => row.count[to] - row.count[from], formatCount),
    bytesColumn('Before', (row) => row.bytes[from]), bytesColumn('After', (row) => row.bytes[to]),
  ];
  return section('All that lives', livingRest(), dataTable({ columns, rows, caption: 'Changes of all that lives', search: 'Find a type', sort: { column: 1, descending: true }, empty: 'Nothing changed.' }));
}
