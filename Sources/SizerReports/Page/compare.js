// SPDX-License-Identifier: Apache-2.0

// Two snapshots side by side: what was born, what is gone, what grew.

function comparisonHash(from, to) {
  return `#compare-${profile.snapshots[from].number}-${profile.snapshots[to].number}`;
}

function compareView(from, to) {
  const { snapshots } = profile;
  const rows = profile.classes.map((entry) => comparison(entry, from, to)).filter((row) =>
    row.objects !== 0 || row.bytes !== 0 || row.born > 0 || row.gone > 0 || row.grownBytes !== 0);
  const pick = element('div', { class: 'tools' },
    snapshotSelect('From', from, (position) => { location.hash = comparisonHash(position, to); }),
    snapshotSelect('To', to, (position) => { location.hash = comparisonHash(from, position); }),
    element('button', { type: 'button', click: () => { location.hash = comparisonHash(to, from); } }, 'Swap'));
  const view = element('div', {}, element('h1', {}, 'Compare ', nameText(snapshotName(snapshots[from])), ' with ', nameText(snapshotName(snapshots[to]))), pick);
  if (from > to) {
    view.append(element('p', { class: 'empty' }, 'The second snapshot is the earlier one; swap them to see what came and went.'));
    return view;
  }
  view.append(comparisonFacts(rows, from, to));
  if (profile.total.classes > 0 || !profile.living) view.append(comparedClasses(rows), comparedObjects(from, to));
  view.append(livingChanges(from, to) ?? '');
  return view;
}

function comparisonFacts(rows, from, to) {
  const { snapshots } = profile;
  const sum = (key) => rows.reduce((total, row) => total + (row[key] ?? 0), 0);
  const change = snapshots[to].tracked - snapshots[from].tracked;
  return facts([
    ['Tracked', element('span', { title: exactBytes(change) }, signed(change, formatBytes)), element('small', {}, ` ${formatBytes(snapshots[from].tracked)} → ${formatBytes(snapshots[to].tracked)}`)],
    ['Resident', signed(snapshots[to].process[1] - snapshots[from].process[1], formatBytes)],
    ['Born and living', formatCount(sum('born')), element('small', {}, ` ${formatBytes(sum('bornBytes'))}`)],
    ['Gone', formatCount(sum('gone')), element('small', {}, ` ${formatBytes(sum('goneBytes'))}`)],
    ['Growth of the others', signed(sum('grownBytes'), formatBytes)],
    ['Between them', formatTime(snapshots[to].time - snapshots[from].time)],
  ]);
}

function comparedClasses(rows) {
  const columns = [
    classColumn((row) => row.entry),
    changeColumn('Bytes', (row) => row.bytes, formatBytes, 'Change of the bytes of all living instances'),
    changeColumn('Living', (row) => row.objects, formatCount, 'Change of the number of living instances'),
    countColumn('Born', (row) => row.born ?? null, 'Alive at the second snapshot, not at the first'),
    bytesColumn('Born bytes', (row) => row.bornBytes ?? null, 'Of those born, at the second snapshot'),
    countColumn('Gone', (row) => row.gone ?? null, 'Alive at the first snapshot, not at the second'),
    bytesColumn('Gone bytes', (row) => row.goneBytes ?? null, 'Of those gone, at the first snapshot'),
    countColumn('Stayed', (row) => row.stayed ?? null, 'Alive at both'),
    changeColumn('Growth', (row) => row.grownBytes ?? null, formatBytes, 'Change of the bytes of those that stayed'),
  ];
  const note = profile.classes.some((entry) => !entry.pairs) ? 'A dash: left out to keep this page small; `sizer diff` knows it.' : null;
  return section('Classes', note, dataTable({ columns, rows, caption: 'Changes by class', search: 'Find a class', sort: { column: 1, descending: true }, empty: 'Nothing changed.' }));
}

function comparedObjects(from, to) {
  const rows = [];
  for (const entry of profile.classes) {
    for (const instance of instancesOf(entry)) {
      const [before, after] = [sizeOf(instance, from), sizeOf(instance, to)];
      const what = before === null ? 'born' : after === null ? 'gone' : after > before ? 'grown' : 'shrunk';
      if (before !== after) rows.push({ instance, what, before, after, change: (after ?? 0) - (before ?? 0) });
    }
  }
  const columns = [
    classColumn((row) => row.instance.entry),
    { label: 'Instance', value: (row) => row.instance.address || '~', text: (row) => `${row.instance.address} ${row.instance.type}`, cell: (row) => element('code', {}, row.instance.address || '(free)') },
    { label: 'What', value: (row) => row.what },
    bytesColumn('Before', (row) => row.before), bytesColumn('After', (row) => row.after),
    changeColumn('Change', (row) => row.change, formatBytes),
    { label: 'Made at', value: (row) => siteOf(row.instance), text: (row) => siteOf(row.instance), className: 'namecell', cell: (row) => (siteOf(row.instance) === '' ? '–' : nameText(siteOf(row.instance))) },
  ];
  const only = (what) => (row) => row.what === what;
  const filters = [['All', null], ['Born', only('born')], ['Gone', only('gone')], ['Grown', only('grown')], ['Shrunk', only('shrunk')]];
  const isAll = profile.classes.every((entry) => entry.keepsAll) && profile.other.classes === 0;
  return section('Objects', isAll ? null : 'Of the instances that have a row on this page; the table above counts all.', dataTable({
    columns, rows, caption: 'Changed objects', search: 'Find a class, address or site', sort: { column: 5, descending: true }, filters,
    detail: (row) => instanceDetail(row.instance), empty: 'None of them.',
  }));
}
