// SPDX-License-Identifier: Apache-2.0

// The last heap image that was recorded: what lives by type, who holds it, what retains what.

const heapImage = readHeap();

// Its rows as objects, texts in the place of their numbers; null when the profile has no image.
function readHeap() {
  const read = profile.heap;
  if (!read) return null;
  const text = (index) => profile.texts[index];
  const types = read.types.map((row) => ({
    ...row, name: text(row.name), retained: row.retained < 0 ? null : row.retained,
    root: row.root === undefined ? null : text(row.root), path: row.path ? heapSteps(row.path) : [],
  }));
  const leaks = read.leaks.map((row) => ({
    ...row, start: text(row.start), cycle: heapSteps(row.cycle), observers: row.observers.map(text),
    births: triples(row.births).map(([node, objects, depth]) => ({ node, objects, depth })),
  }));
  const tasks = read.tasks.map((row) => ({ ...row, function: text(row.function), creator: text(row.creator), frames: row.frames.map(text) }));
  const waste = read.waste.map((row) => ({ ...row, type: text(row.type), holder: text(row.holder) }));
  const growth = read.growth.map((row) => ({ ...row, path: text(row.path), type: text(row.type) }));
  return { ...read, types, leaks, tasks, waste, growth };
}

function triples(numbers) {
  return Array.from({ length: numbers.length / 3 }, (_, i) => numbers.slice(3 * i, 3 * i + 3));
}

function heapSteps(numbers) {
  return triples(numbers).map(([label, type, isSure]) => ({ label: profile.texts[label], type: profile.texts[type], isSure: isSure > 0, isLeftOut: isSure === 2 }));
}

function heapSnapshotName() {
  const position = profile.snapshots.findIndex((snapshot) => snapshot.number === heapImage.snapshot);
  return position < 0 ? `#${heapImage.snapshot}` : snapshotName(profile.snapshots[position]);
}

// What stands above each of the heap's views.
function heapHeading(title) {
  return [
    element('h1', {}, title),
    element('p', { class: 'note' }, 'The heap at snapshot ', nameText(heapSnapshotName()),
      heapImage.images > 1 ? `, the last of ${formatCount(heapImage.images)} images.` : ', the only image.'),
    heapImage.failure ? element('p', { class: 'warning' }, nameText(heapImage.failure)) : null,
  ].filter((child) => child !== null);
}

function leftOutNote(position, what) {
  const count = heapImage.more[position];
  return count > 0 ? `${formatCount(count)} smaller ${what} have no row.` : null;
}

// One sentence for the overview.
function heapSentence() {
  if (!heapImage) return null;
  return element('p', { class: 'sentence' }, nameText(heapImage.sentence), ' ', link('#heap', 'What lives, and who holds it'), ' · ', link('#leaks', 'What leaks'));
}

function heapView() {
  const view = element('div', {}, ...heapHeading('Heap'), heapFacts());
  if (!heapImage.failure) view.append(...[retainedSection(), heapTypesSection(), growthSection()].filter((each) => each !== null));
  return view;
}

function heapFacts() {
  const leaked = heapImage.leaks.filter((leak) => leak.grade !== 'visible').reduce((sum, leak) => sum + leak.objects, 0);
  return facts([
    ['Swift objects', formatCount(heapImage.objects)],
    ['Bytes', bytesText(heapImage.bytes), element('small', {}, ' with the raw blocks that they own')],
    ['References', formatCount(heapImage.edges)],
    ['In leaks', link('#leaks', counted(leaked, 'object', 'objects'))],
  ]);
}

// The dominator tree as the flame graph draws trees: wide is what retains much.
function retainedSection() {
  if (!heapImage.tree || heapImage.tree.length === 0) return null;
  const root = { weight: 0, children: new Map() };
  const nodes = [];
  for (let i = 0; i < heapImage.tree.length; i += 6) {
    const [parent, type, objects, , retained, isLeaked] = heapImage.tree.slice(i, i + 6);
    const name = `${isLeaked && parent < 0 ? 'leaked: ' : ''}${objects > 1 ? `${formatCount(objects)} × ` : ''}${profile.texts[type]}`;
    const node = { weight: retained, children: new Map(), call: { index: type, name, file: '', line: 0, image: '' } };
    const above = parent < 0 ? root : nodes[parent];
    above.children.set(nodes.length, node);
    if (parent < 0) root.weight += retained;
    nodes.push(node);
  }
  root.weight = Math.max(root.weight, heapImage.bytes);
  const [objects] = heapImage.treeRest;
  const note = 'A box holds what hangs below it: free the upper one, and all of it goes. Objects of one type below one box are one box.'
    + (objects > 0 ? ` ${counted(objects, 'object', 'objects')} with little below them have none.` : '');
  return section('What retains what', note, flameGraph(root, formatBytes, { label: 'What retains what', whole: 'the whole heap', one: 'a box' }));
}

function heapTypeColumn(label, of) {
  return { label, value: of, text: of, className: 'namecell', cell: (row) => (of(row) === '' ? element('span', { class: 'muted' }, '–') : nameText(of(row))) };
}

function heapTypesSection() {
  const [count, objects, bytes] = heapImage.otherTypes;
  const columns = [
    heapTypeColumn('Type', (row) => row.name),
    countColumn('Objects', (row) => row.count),
    bytesColumn('Bytes', (row) => row.bytes, 'Of the objects and the raw blocks that they own'),
    bytesColumn('Retained', (row) => row.retained, 'What would be freed with the objects'),
    { label: 'Share', isNumber: true, note: 'Of all bytes, what is retained', value: (row) => row.retained, className: 'sharecell', cell: (row) => (row.retained === null ? '–' : [cellBar(row.retained, heapImage.bytes), element('span', {}, formatPercent(row.retained, heapImage.bytes))]) },
    bytesColumn('Slack', (row) => row.slack, 'What the allocator adds to what was asked for'),
    bytesColumn('Unused', (row) => row.unused, 'Capacity of collections that holds no elements'),
  ];
  const note = 'Unfold a type to see who holds the instance that is nearest to a root.'
    + (count > 0 ? ` ${counted(count, 'smaller type has', 'smaller types have')} no row, with ${counted(objects, 'object', 'objects')} and ${formatBytes(bytes)}.` : '');
  return section('Types', note, dataTable({ columns, rows: [...heapImage.types], caption: 'Types of the heap', search: 'Find a type', sort: { column: 3, descending: true }, detail: whyPanel }));
}

// A way from a root, one reference a line.
function whyPanel(row) {
  if (row.path.length === 0) return element('p', { class: 'empty' }, 'Nothing is known of who holds it.');
  const lines = row.path.map((step, index) => (step.isLeftOut ? element('li', { class: 'muted' }, step.type) : element('li', {},
    index === 0 ? nameText(row.root || 'unknown holder', { class: 'holder' }) : nameText(step.label, { class: 'holder' }),
    step.isSure ? null : element('span', { class: 'warning', title: 'A word that looks like a reference; it may be something else.' }, ' ?'),
    element('span', { class: 'muted' }, ' → '), nameText(step.type))));
  return element('div', {}, element('h3', {}, 'Who holds it'), element('ol', { class: 'way' }, lines));
}

function growthSection() {
  if (heapImage.images < 2) return null;
  const columns = [
    heapTypeColumn('Place', (row) => row.path),
    heapTypeColumn('Type', (row) => row.type),
    countColumn('First', (row) => row.objects[0], 'Objects in the first image that was compared'),
    countColumn('Last', (row) => row.objects.at(-1), 'Objects in the last image'),
    bytesColumn('Retained', (row) => row.retained, 'In the last image'),
  ];
  const note = ['Places that grew in every image: caches, queues, leaks; nothing says which.', leftOutNote(3, 'places')].filter(Boolean).join(' ');
  return section('What grows', note, dataTable({ columns, rows: [...heapImage.growth], caption: 'What grows', search: 'Find a place', sort: { column: 4, descending: true }, empty: 'Nothing grew in every image.' }));
}
