// SPDX-License-Identifier: Apache-2.0

// Of one class: where instances were made, and the instances themselves.

const traceWeights = [[1, 'Made', formatCount], [2, 'Still living', formatCount], [3, 'Bytes at the class’s largest', formatBytes]];

function tracesSection(entry) {
  if (!entry.traces.some(([node]) => node !== -1)) {
    return section('Where they were made', null, element('p', { class: 'empty' }, 'No traces; track the class with `trace: true` to see them.'));
  }
  const state = { sitesFirst: true, weight: traceWeights[0] };
  const host = element('div');
  const draw = () => {
    const [index, , format] = state.weight;
    const root = flameTree(entry.traces, state.sitesFirst, index);
    host.replaceChildren(root.weight > 0 ? flameGraph(root, format) : element('p', { class: 'empty' }, 'Nothing to show: all are 0.'));
  };
  const tools = element('div', { class: 'tools' },
    choice('Order', [[true, 'Sites first'], [false, 'Callers first']], true, (value) => { state.sitesFirst = value; draw(); }),
    choice('Width', traceWeights.map((weight) => [weight, weight[1]]), state.weight, (value) => { state.weight = value; draw(); }));
  draw();
  return section('Where they were made', null, tools, host, siteTable(entry));
}

// Traces that have the same site, as one row each.
function siteTable(entry) {
  const sites = new Map();
  for (const [node, made, living, bytes] of entry.traces) {
    const call = node >= 0 ? siteIn(callsOf(node), entry.depths.get(node)) : { index: node, name: node === -1 ? '(no trace)' : '(smaller traces)', file: '', line: 0, image: '' };
    const site = sites.get(call.index) ?? { call, made: 0, living: 0, bytes: 0 };
    site.made += made;
    site.living += living;
    site.bytes += bytes;
    sites.set(call.index, site);
  }
  const columns = [
    { label: 'Site', value: (site) => site.call.name, text: (site) => `${site.call.name} ${site.call.file}`, className: 'namecell', cell: (site) => nameText(site.call.name) },
    { label: 'Place', value: (site) => placeOf(site.call), className: 'namecell', cell: (site) => (placeOf(site.call) === '' ? '–' : nameText(placeOf(site.call), { title: site.call.file || site.call.image })) },
    countColumn('Made', (site) => site.made), countColumn('Living', (site) => site.living, 'Alive and tracked when the recording ended'),
    bytesColumn('Bytes', (site) => site.bytes, 'At the snapshot at which the class was largest'),
  ];
  return dataTable({ columns, rows: [...sites.values()], caption: 'Sites', search: 'Find a site', sort: { column: 2, descending: true } });
}

function instancesSection(entry) {
  const rows = instancesOf(entry);
  const note = entry.keepsAll ? null
    : `${formatCount(rows.length)} of ${formatCount(entry.made)}: the largest, those that grew most, and a random sample.`;
  const columns = instanceColumns();
  const filters = [['All', null], ['Living', (row) => row.end < 0], ['Gone', (row) => row.end >= 0]];
  return section('Instances', note, dataTable({
    columns, rows: [...rows], caption: 'Instances', search: 'Find an address, type or site', sort: { column: 4, descending: true },
    detail: instanceDetail, filters: rows.length > 8 ? filters : null, empty: 'No instance matches.',
  }));
}

function instanceColumns() {
  return [
    { label: 'Instance', value: (row) => row.address || '~', text: (row) => `${row.address} ${row.type} ${siteOf(row)}`, className: 'namecell', cell: (row) => [nameText(row.type), ' ', element('code', { class: 'muted' }, row.address || '(free)')] },
    timeColumn('Born', (row) => row.birth),
    { ...timeColumn('Gone', (row) => (row.end < 0 ? null : row.end), 'When it died, or when tracking ended', 'living'), cell: (row) => endText(row) },
    timeColumn('Lifetime', (row) => (row.end < 0 ? null : row.end - row.birth), 'Of those that are gone'),
    bytesColumn('Largest', (row) => (row.sizes.length > 0 ? row.largest : null), 'Its largest size at any snapshot'),
    bytesColumn('Last', (row) => lastSize(row), 'Its size at the last snapshot that found it'),
    { label: 'Sizes', className: 'sparkcell', cell: (row) => (row.sizes.length > 2 ? sparkline(profile.snapshots.map((_, i) => sizeOf(row, i))) : '') },
    { label: 'Made at', value: (row) => siteOf(row), className: 'namecell', cell: (row) => (siteOf(row) === '' ? '–' : nameText(siteOf(row))) },
  ];
}

function endText(row) {
  if (row.end < 0) return element('span', { class: 'muted' }, 'living');
  return element('span', { title: row.isDead ? 'died' : 'no longer tracked' }, `${formatTime(row.end)}${row.isDead ? '' : ' *'}`);
}

function siteOf(row) {
  if (row.node === -1) return '';
  if (row.node < 0) return '(left out)';
  row.site ??= siteIn(callsOf(row.node), row.entry.depths.get(row.node));
  return placeOf(row.site) || row.site.name;
}

function instanceDetail(row) {
  const sizes = [];
  for (let i = 0; i < row.sizes.length; i += 2) sizes.push([row.sizes[i], row.sizes[i + 1]]);
  const sizeList = sizes.length === 0 ? element('p', { class: 'empty' }, 'No snapshot on this page found it alive.')
    : element('ul', { class: 'plain' }, sizes.map(([position, bytes]) => element('li', {}, link(snapshotHash(position), nameText(snapshotName(profile.snapshots[position]))), ': ', bytesText(bytes))));
  const parts = [element('div', {}, element('h3', {}, 'Sizes, where they changed'), sizeList)];
  if (row.node >= 0) parts.push(element('div', {}, element('h3', {}, 'Made by'), callList(callsOf(row.node))));
  return element('div', { class: 'columns' }, parts);
}

function callList(calls) {
  return element('ol', { class: 'calls' }, calls.map((call) => element('li', {}, nameText(call.name), ' ',
    placeOf(call) === '' ? null : element('span', { class: 'muted' }, nameText(placeOf(call), { title: call.file || call.image })))));
}
