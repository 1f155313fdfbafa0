// SPDX-License-Identifier: Apache-2.0

// What nothing outside holds: groups of one shape, how sure it is, the cycle as a drawing, where its objects were made.

const gradeWords = {
  proved: 'Proved: two images show it closed, and nothing sees it.',
  visible: 'Closed, but visible: nothing holds it, and something still sees it.',
  suspected: 'Suspected: closed in one image, or only if references count that are not sure.',
};

function leaksView() {
  const view = element('div', {}, ...heapHeading('Leaks'), leaksFacts());
  if (heapImage.failure) return view;
  const columns = [
    { label: 'Cycle', value: (row) => row.start, text: (row) => [row.start, ...row.cycle.map((step) => step.type)].join(' '), className: 'namecell', cell: (row) => nameText(cycleName(row)) },
    { label: 'Grade', value: (row) => Object.keys(gradeWords).indexOf(row.grade), cell: (row) => element('span', { class: `grade ${row.grade}`, title: gradeWords[row.grade] }, row.grade) },
    countColumn('Groups', (row) => row.groups, 'Groups of this shape'),
    countColumn('Objects', (row) => row.objects, 'In all of them, with those that hang below'),
    bytesColumn('Bytes', (row) => row.bytes),
  ];
  const note = [
    heapImage.proof ? 'Two images were compared, between which every thread went on.'
      : 'One image proves nothing: optimised code stores a reference before it counts it. Record a second one.',
    leftOutNote(0, 'shapes'),
  ].filter(Boolean).join(' ');
  const filters = [['All', null], ...Object.keys(gradeWords).filter((grade) => heapImage.leaks.some((leak) => leak.grade === grade)).map((grade) => [grade, (row) => row.grade === grade])];
  const table = dataTable({ columns, rows: [...heapImage.leaks], caption: 'Leaks', search: 'Find a type', sort: { column: 4, descending: true }, detail: leakPanel, filters: filters.length > 2 ? filters : null, empty: 'Everything that lives is held by something.' });
  view.append(section('Groups', note, table));
  // What is most is what one has come to see.
  table.querySelector('.toggle')?.click();
  return view;
}

function leaksFacts() {
  return facts(Object.keys(gradeWords).map((grade) => {
    const found = heapImage.leaks.filter((leak) => leak.grade === grade);
    const bytes = found.reduce((sum, leak) => sum + leak.bytes, 0);
    return [`${grade[0].toUpperCase()}${grade.slice(1)}`, counted(found.reduce((sum, leak) => sum + leak.groups, 0), 'group', 'groups'), element('small', {}, ` ${formatBytes(bytes)}`)];
  }));
}

// The types on the way round, each once.
function cycleName(leak) {
  const types = [...new Set([leak.start, ...leak.cycle.filter((step) => !step.isLeftOut).map((step) => step.type)])];
  return types.length > 4 ? `${types.slice(0, 3).join(' ⇄ ')} ⇄ ${formatCount(types.length - 3)} more` : types.join(' ⇄ ');
}

function leakPanel(leak) {
  const parts = [element('p', {}, gradeWords[leak.grade])];
  if (leak.observers.length > 0) parts.push(element('p', {}, 'Seen by: ', ...leak.observers.flatMap((observer, i) => [i > 0 ? ', ' : '', nameText(observer)])));
  if (leak.cycle.length > 0) parts.push(element('h3', {}, 'The cycle'), cycleDrawing(leak));
  parts.push(element('h3', {}, 'Where its objects were made'), leakBirths(leak));
  parts.push(element('p', { class: 'muted' }, 'Signature ', element('code', {}, leak.signature), leak.address ? [', one of the objects is at ', element('code', {}, leak.address)] : null, '.'));
  return element('div', {}, parts);
}

function leakBirths(leak) {
  if (leak.births.length === 0) return element('p', { class: 'empty' }, 'Not known: none of its classes was tracked with traces.');
  return element('ul', { class: 'plain' }, leak.births.map(({ node, objects, depth }) => {
    if (node < 0) return element('li', {}, `${formatCount(objects)} × (a trace that this page has no room for)`);
    const calls = callsOf(node);
    const call = siteIn(calls, depth);
    const details = element('details', {}, element('summary', {}, `${formatCount(objects)} × `, nameText(call.name), element('span', { class: 'muted' }, ` ${placeOf(call)}`)), callList(calls));
    return element('li', {}, details);
  }));
}

const cycleShown = 9;
const boxHeight = 30;
const stepHeight = 74;

// Boxes one below the other, an arrow from each to the next, and one from the last round to the first.
function cycleDrawing(leak) {
  return drawnToWidth('chart cycle', (box, width) => {
    const wide = Math.min(width, 620);
    box.replaceChildren(drawCycle(leak, wide));
  });
}

function drawCycle(leak, width) {
  const steps = leak.cycle;
  const boxes = [leak.start, ...steps.slice(0, -1).map((step) => step.type)];
  const labels = steps.map((step) => `${step.label}${step.isSure ? '' : ' ?'}`);
  if (boxes.length > cycleShown) {
    // The page itself may have no more than the first and the last steps.
    const cut = boxes.length - cycleShown + 1;
    boxes.splice(cycleShown - 2, cut, `${counted(leak.steps - cycleShown + 1, 'object', 'objects')} more`);
    labels.splice(cycleShown - 2, cut - 1);
  }
  const right = width - 70;
  const height = boxHeight + (boxes.length - 1) * stepHeight + (boxes.length === 1 ? 34 : 8);
  const letters = Math.max(4, Math.floor((right - 20) / 7.4));
  const parts = boxes.map((name, i) => cycleBox(name, i, right, letters));
  for (let i = 0; i + 1 < boxes.length; i += 1) parts.push(cycleArrow(labels[i], i, letters));
  parts.push(...returnArrow(labels.at(-1), boxes.length, right, width));
  const text = `${boxes[0]}${boxes.slice(1).map((name, i) => `, ${labels[i]} to ${name}`).join('')}, ${labels.at(-1)} back`;
  return svg('svg', { viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': `Cycle: ${text}` }, parts);
}

function cycleBox(name, row, right, letters) {
  const y = 1 + row * stepHeight;
  return svg('g', { class: 'cyclebox' }, svg('title', {}, name),
    svg('rect', { x: 1, y, width: right - 1, height: boxHeight, rx: 6 }),
    svg('text', { x: 11, y: y + 20, class: 'value' }, shortCall(name, letters)));
}

function cycleArrow(label, row, letters) {
  const y = 1 + row * stepHeight + boxHeight;
  const end = 1 + (row + 1) * stepHeight;
  return svg('g', { class: 'cyclearrow' }, svg('title', {}, label),
    svg('path', { d: `M22,${y}V${end - 7}` }), arrowHead(22, end, 0),
    svg('text', { x: 34, y: (y + end) / 2 + 4 }, shortCall(label, letters - 4)));
}

function returnArrow(label, count, right, width) {
  const from = 1 + (count - 1) * stepHeight + boxHeight / 2;
  const to = 1 + boxHeight / 2;
  const far = width - 18;
  const path = count === 1
    ? `M${right - 30},${1 + boxHeight}V${boxHeight + 22}H${far}V${to}H${right + 7}`
    : `M${right},${from}H${far}V${to}H${right + 7}`;
  const end = count === 1 ? right - 40 : right - 10;
  return [svg('g', { class: 'cyclearrow' }, svg('title', {}, label), svg('path', { d: path }), arrowHead(right, to, 90),
    svg('text', { x: end, y: count === 1 ? boxHeight + 20 : from - boxHeight / 2 - 8, 'text-anchor': 'end' }, shortCall(label, 40)))];
}

function arrowHead(x, y, turn) {
  return svg('path', { class: 'head', d: 'M0,0L-4.5,-8L4.5,-8Z', transform: `translate(${x},${y}) rotate(${turn})` });
}
