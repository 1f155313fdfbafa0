// SPDX-License-Identifier: Apache-2.0

// Tables that sort, search and page.
//
// A column is {label, value(row), cell(row), isNumber, note, text(row), className}: `value` is what sorts, `cell` what is shown
// (the value, formatted, unless given), `text` what a search looks in.

const pageLength = 25;

function dataTable({ columns, rows, sort, caption, search, detail, empty, filters }) {
  const state = { columns, rows, caption, detail, empty, sort: sort ?? null, query: '', filter: null, page: 0 };
  state.body = element('tbody');
  state.head = element('thead');
  state.status = element('span', { class: 'muted', role: 'status' });
  state.pager = element('div', { class: 'pager' });
  const tools = element('div', { class: 'tools' });
  if (search && rows.length > 8) tools.append(searchField(state, search));
  if (filters) tools.append(filterChoice(state, filters));
  showTable(state);
  const table = element('table', {}, element('caption', { class: 'hidden' }, caption), state.head, state.body);
  return element('div', { class: 'datatable' }, tools.children.length > 0 ? tools : null, element('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption }, table), state.pager);
}

function searchField(state, label) {
  const input = element('input', { type: 'search', placeholder: label, 'aria-label': label, spellcheck: 'false' });
  input.addEventListener('input', () => {
    state.query = input.value.toLowerCase();
    state.page = 0;
    showTable(state);
  });
  return input;
}

function filterChoice(state, filters) {
  return choice('Show', filters.map(([text], index) => [index, text]), 0, (index) => {
    state.filter = filters[index][1];
    state.page = 0;
    showTable(state);
  });
}

function showTable(state) {
  const found = matching(state);
  sortRows(found, state.columns, state.sort);
  const pages = Math.max(1, Math.ceil(found.length / pageLength));
  state.page = Math.min(state.page, pages - 1);
  const shown = found.slice(state.page * pageLength, (state.page + 1) * pageLength);
  // A button that has the focus must not lose it to a new one.
  const focused = [...state.head.querySelectorAll('button')].indexOf(document.activeElement);
  state.head.replaceChildren(element('tr', {}, state.columns.map((column, index) => headCell(state, column, index))));
  if (focused >= 0) state.head.querySelectorAll('button')[focused]?.focus();
  state.body.replaceChildren(...shown.flatMap((row) => bodyRows(state, row)));
  if (shown.length === 0) {
    state.body.append(element('tr', {}, element('td', { colspan: state.columns.length, class: 'empty' }, state.empty ?? 'Nothing matches.')));
  }
  showPager(state, found.length, pages);
}

function matching(state) {
  const searched = state.columns.filter((column) => column.text);
  return state.rows.filter((row) => (state.filter === null || state.filter === undefined || state.filter(row))
    && (state.query === '' || searched.some((column) => column.text(row).toLowerCase().includes(state.query))));
}

// What has no value goes last, whichever the direction.
function sortRows(rows, columns, sort) {
  if (!sort) return;
  const { value } = columns[sort.column];
  const sign = sort.descending ? -1 : 1;
  const keyed = rows.map((row, index) => ({ row, index, key: value(row) }));
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.index - b.index;
    return (a.key < b.key ? -sign : a.key > b.key ? sign : 0) || a.index - b.index;
  });
  keyed.forEach((item, index) => { rows[index] = item.row; });
}

function headCell(state, column, index) {
  const isSorted = state.sort?.column === index;
  const attributes = { scope: 'col', class: column.isNumber ? 'number' : null, title: column.note };
  if (!column.value) return element('th', attributes, column.label);
  const press = () => {
    state.sort = { column: index, descending: isSorted ? !state.sort.descending : Boolean(column.isNumber) };
    state.page = 0;
    showTable(state);
  };
  attributes['aria-sort'] = isSorted ? (state.sort.descending ? 'descending' : 'ascending') : 'none';
  return element('th', attributes, element('button', { type: 'button', click: press }, column.label,
    element('span', { class: 'arrow', 'aria-hidden': 'true' }, isSorted ? (state.sort.descending ? '↓' : '↑') : '')));
}

function bodyRows(state, row) {
  const cells = state.columns.map((column) =>
    element('td', { class: [column.isNumber ? 'number' : '', column.className ?? ''].join(' ').trim() || null }, column.cell ? column.cell(row) : String(column.value(row))));
  const line = element('tr', {}, cells);
  if (!state.detail) return [line];
  const more = element('tr', { class: 'detail', hidden: true });
  const toggle = element('button', { type: 'button', class: 'toggle', 'aria-expanded': 'false', 'aria-label': 'Details' });
  toggle.addEventListener('click', () => {
    if (more.children.length === 0) more.append(element('td', { colspan: state.columns.length }, state.detail(row)));
    more.hidden = !more.hidden;
    toggle.setAttribute('aria-expanded', !more.hidden);
  });
  const content = element('div', {});
  content.append(...cells[0].childNodes);
  cells[0].append(element('div', { class: 'unfolding' }, toggle, content));
  return [line, more];
}

function showPager(state, count, pages) {
  const turn = (page, label, text) => element('button', {
    type: 'button', 'aria-label': label, disabled: page < 0 || page >= pages, 'data-page': label, click: () => {
      state.page = page;
      showTable(state);
      state.pager.querySelector(`[data-page="${label}"]:not(:disabled)`)?.focus();
    },
  }, text);
  const from = state.page * pageLength;
  state.status.textContent = count > pageLength
    ? `${formatCount(from + 1)}–${formatCount(Math.min(from + pageLength, count))} of ${formatCount(count)}`
    : state.query || state.filter ? counted(count, 'row', 'rows') : '';
  state.pager.hidden = state.status.textContent === '';
  const turns = pages > 1 ? [
    turn(0, 'First page', '«'), turn(state.page - 1, 'Previous page', '‹'),
    state.status, turn(state.page + 1, 'Next page', '›'), turn(pages - 1, 'Last page', '»'),
  ] : [state.status];
  // With one page, first and last lead nowhere.
  state.pager.replaceChildren(...turns);
  if (pages > 1) {
    state.pager.firstChild.disabled = state.page === 0;
    state.pager.lastChild.disabled = state.page === pages - 1;
  }
}

function classColumn(of = (row) => row) {
  return {
    label: 'Class', value: (row) => of(row).name, text: (row) => of(row).name, className: 'namecell',
    cell: (row) => named(swatch(of(row).color), of(row).hash ? link(of(row).hash, nameText(of(row).name)) : nameText(of(row).name)),
  };
}

function countColumn(label, value, note) {
  return { label, isNumber: true, note, value, cell: (row) => (value(row) === null ? '–' : formatCount(value(row))) };
}

function bytesColumn(label, value, note) {
  return { label, isNumber: true, note, value, cell: (row) => (value(row) === null ? '–' : bytesText(value(row))) };
}

function timeColumn(label, value, note, missing = '–') {
  return { label, isNumber: true, note, value, cell: (row) => (value(row) === null ? missing : formatTime(value(row))) };
}

function changeColumn(label, value, format, note) {
  return {
    label, isNumber: true, note, value,
    cell: (row) => (value(row) === null ? '–' : element('span', { class: value(row) > 0 ? 'more' : value(row) < 0 ? 'less' : 'muted', title: format === formatBytes ? exactBytes(value(row)) : null }, signed(value(row), format))),
  };
}
