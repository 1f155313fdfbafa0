// SPDX-License-Identifier: Apache-2.0

// The heap's tasks, and its waste.

function tasksView() {
  const { tasks } = heapImage;
  const view = element('div', {}, ...heapHeading('Tasks'));
  if (heapImage.failure) return view;
  view.append(facts([
    ['Tasks', formatCount(tasks.reduce((sum, task) => sum + task.count, 0))],
    ['Bytes', bytesText(tasks.reduce((sum, task) => sum + task.bytes, 0)), element('small', {}, ' their objects and slabs')],
    ...taskStates().map((state) => [state[0].toUpperCase() + state.slice(1), formatCount(tasks.filter((task) => task.state === state).reduce((sum, task) => sum + task.count, 0))]),
  ]));
  const unknown = element('span', { class: 'muted' }, '(not known)');
  const function_ = (label, of) => ({ label, value: of, text: of, className: 'namecell', cell: (row) => (of(row) === '' ? unknown.cloneNode(true) : nameText(of(row))) });
  const columns = [
    function_('Made by', (row) => row.creator),
    function_('Waits in', (row) => row.function),
    { label: 'State', value: (row) => row.state },
    countColumn('Tasks', (row) => row.count),
    bytesColumn('Bytes', (row) => row.bytes, 'Of the tasks\' objects and slabs'),
    bytesColumn('Retained', (row) => row.retained, 'With what would be freed with them'),
  ];
  const filters = [['All', null], ...taskStates().map((state) => [state, (row) => row.state === state])];
  const note = ['Tasks that were made by one function and wait at one place are one row; unfold it for the calls that wait for each other.', leftOutNote(1, 'groups')].filter(Boolean).join(' ');
  view.append(section('By the function that made them', note, dataTable({ columns, rows: [...tasks], caption: 'Tasks', search: 'Find a function', sort: { column: 5, descending: true }, detail: taskPanel, filters: filters.length > 2 ? filters : null, empty: heapImage.noTasks ? `Tasks are not known: ${heapImage.noTasks}` : 'The program had no tasks.' })));
  return view;
}

function taskStates() {
  return [...new Set(heapImage.tasks.map((task) => task.state))].sort();
}

function taskPanel(task) {
  if (task.frames.length === 0) return element('p', { class: 'empty' }, 'Its calls are not known.');
  return element('div', {}, element('h3', {}, 'Async backtrace, the innermost call first'),
    element('ol', { class: 'calls' }, task.frames.map((frame) => element('li', {}, nameText(frame)))));
}

const wasteWords = {
  slack: ['Slack', 'what the allocator\'s size classes add to what was asked for'],
  unusedCapacity: ['Unused capacity', 'room of collections that holds no elements'],
  duplicates: ['Duplicates', 'strings and arrays with the content of another one'],
  pinnedBuffers: ['Pinned buffers', 'buffers that only views of small parts keep alive'],
  emptyCollections: ['Empty collections', 'storage without elements'],
  largerClass: ['Just too large', 'instances that would fit the next smaller size class if they lost some bytes'],
};

function wasteView() {
  const { waste } = heapImage;
  const view = element('div', {}, ...heapHeading('Waste'));
  if (heapImage.failure) return view;
  const kinds = Object.keys(wasteWords).filter((kind) => waste.some((row) => row.kind === kind));
  view.append(facts(kinds.map((kind) => [wasteWords[kind][0], bytesText(waste.filter((row) => row.kind === kind).reduce((sum, row) => sum + row.wasted, 0))])));
  const columns = [
    { label: 'Why', value: (row) => wasteWords[row.kind][0], text: (row) => wasteWords[row.kind][0], cell: (row) => element('span', { title: wasteWords[row.kind][1] }, wasteWords[row.kind][0], row.excess > 0 ? element('span', { class: 'muted' }, ` by ${formatBytes(row.excess)}`) : null) },
    heapTypeColumn('Type', (row) => row.type),
    heapTypeColumn('Held by', (row) => row.holder),
    countColumn('Objects', (row) => row.count),
    bytesColumn('Wasted', (row) => row.wasted, 'What would be saved'),
    bytesColumn('Of', (row) => row.bytes, 'All bytes of these objects'),
  ];
  const filters = [['All', null], ...kinds.map((kind) => [wasteWords[kind][0], (row) => row.kind === kind])];
  const note = ['What could be smaller, by type and holder. One object may stand in several rows: the sums of kinds do not add up.', leftOutNote(2, 'records')].filter(Boolean).join(' ');
  view.append(section('By type and holder', note, dataTable({ columns, rows: [...waste], caption: 'Waste', search: 'Find a type or a holder', sort: { column: 4, descending: true }, filters: filters.length > 2 ? filters : null, empty: 'Nothing could be smaller.' })));
  return view;
}
