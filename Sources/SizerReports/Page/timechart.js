// SPDX-License-Identifier: Apache-2.0

// Figures over time: stacked areas, lines above them, and a cursor that pointer and arrow keys move from point to point.
//
// A chart is {label, times, areas: [{label, color, values, hash}], lines: [{label, className, values}], format, isBytes,
// describe(position), onOpen(position), selected}. Values may be null where nothing is known.

function timeChart(chart) {
  const state = { position: chart.selected ?? chart.times.length - 1, tip: element('div', { class: 'tip', hidden: true }) };
  const host = drawnToWidth('chart timechart', (box, width) => {
    state.parts = drawTimeChart(chart, width);
    box.replaceChildren(state.parts.root, state.tip);
    moveCursor(chart, state, state.position, false);
    listenToPointer(chart, state);
  });
  host.tabIndex = 0;
  host.setAttribute('role', 'slider');
  host.setAttribute('aria-label', chart.label);
  host.setAttribute('aria-valuemin', 1);
  host.setAttribute('aria-valuemax', chart.times.length);
  host.addEventListener('keydown', (event) => steerCursor(chart, state, event));
  host.addEventListener('blur', () => moveCursor(chart, state, chart.selected ?? state.position, false));
  state.host = host;
  return host;
}

function drawTimeChart(chart, width) {
  const height = chart.height ?? (width < 500 ? 220 : 300);
  const frame = { left: width < 500 ? 58 : 66, right: width - 12, top: 12, bottom: height - 26 };
  const layers = stacked(chart.areas ?? []);
  const largest = Math.max(1, ...layers.flatMap((layer) => layer.upper), ...(chart.lines ?? []).flatMap((line) => line.values));
  const { times } = chart;
  const span = times.length > 1 ? [times[0], times.at(-1)] : [times[0] - 1, times[0] + 1];
  const across = linear(span, [frame.left, frame.right]);
  const up = linear([0, largest], [frame.bottom, frame.top]);
  const cursor = svg('line', { class: 'cursor', y1: frame.top, y2: frame.bottom });
  const root = svg('svg', { viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' },
    marks(largest, height < 250 ? 4 : 7, chart.isBytes).map((mark) => gridLine(frame.left, frame.right, up(mark), chart.format(mark))),
    timeAxis(span, across, frame, times.length), drawLayers(layers, times, across, up, frame), drawLines(chart, across, up, frame), cursor);
  return { root, cursor, across, up, frame, width };
}

// Each area's lower and upper border.
function stacked(areas) {
  let lower = null;
  return areas.map((area) => {
    const from = lower ?? area.values.map(() => 0);
    lower = area.values.map((value, i) => from[i] + (value ?? 0));
    return { ...area, lower: from, upper: lower };
  });
}

// One snapshot is as wide as the chart: there is no other time to compare it with.
function placed(values, times, across, up, frame) {
  const points = values.map((value, i) => (value === null ? null : [across(times[i]), up(value)]));
  return points.length === 1 && points[0] ? [[frame.left, points[0][1]], [frame.right, points[0][1]]] : points;
}

function drawLayers(layers, times, across, up, frame) {
  return layers.map((layer) => svg('path', {
    d: areaPath(placed(layer.upper, times, across, up, frame), placed(layer.lower, times, across, up, frame)), class: `area ${layer.color}`,
  }));
}

function drawLines(chart, across, up, frame) {
  return (chart.lines ?? []).map((line) =>
    svg('path', { d: linePath(placed(line.values, chart.times, across, up, frame)), class: `line ${line.className}` }));
}

function timeAxis(span, across, frame, count) {
  const shown = count > 1 ? timeMarks(span, Math.max(2, Math.floor((frame.right - frame.left) / 90))) : [(span[0] + span[1]) / 2];
  return svg('g', { class: 'axis' }, svg('line', { x1: frame.left, x2: frame.right, y1: frame.bottom, y2: frame.bottom }),
    shown.map((time) => svg('text', { x: across(time), y: frame.bottom + 18, 'text-anchor': anchorAt(across(time), frame) }, formatTime(time))));
}

function anchorAt(x, frame) {
  return x > frame.right - 24 ? 'end' : x < frame.left + 24 ? 'start' : 'middle';
}

function listenToPointer(chart, state) {
  const { root, width } = state.parts;
  const positionOf = (event) => {
    const box = root.getBoundingClientRect();
    return nearest(chart.times, state.parts.across, ((event.clientX - box.left) / box.width) * width);
  };
  root.addEventListener('pointermove', (event) => moveCursor(chart, state, positionOf(event), true));
  root.addEventListener('pointerleave', () => {
    moveCursor(chart, state, chart.selected ?? state.position, false);
  });
  if (chart.onOpen) root.addEventListener('click', (event) => chart.onOpen(positionOf(event)));
}

function nearest(times, across, x) {
  let best = 0;
  times.forEach((time, i) => {
    if (Math.abs(across(time) - x) < Math.abs(across(times[best]) - x)) best = i;
  });
  return best;
}

function steerCursor(chart, state, event) {
  const last = chart.times.length - 1;
  const moves = {
    ArrowLeft: state.position - 1, ArrowDown: state.position - 1, ArrowRight: state.position + 1, ArrowUp: state.position + 1,
    PageDown: state.position - 10, PageUp: state.position + 10, Home: 0, End: last,
  };
  if (event.key in moves) moveCursor(chart, state, Math.min(Math.max(moves[event.key], 0), last), true);
  else if (event.key === 'Enter' && chart.onOpen) chart.onOpen(state.position);
  else if (event.key === 'Escape') state.tip.hidden = true;
  else return;
  event.preventDefault();
}

function moveCursor(chart, state, position, showTip) {
  if (chart.times.length === 0) return;
  state.position = position;
  const { cursor, across, width } = state.parts;
  const x = chart.times.length === 1 ? width / 2 : across(chart.times[position]);
  // Without a choice there is nothing to point at until somebody does.
  cursor.setAttribute('visibility', showTip || chart.selected !== undefined ? 'visible' : 'hidden');
  cursor.setAttribute('x1', x);
  cursor.setAttribute('x2', x);
  state.host?.setAttribute('aria-valuenow', position + 1);
  state.host?.setAttribute('aria-valuetext', chart.describe(position));
  state.tip.hidden = !showTip;
  if (!showTip) return;
  state.tip.replaceChildren(...tipContent(chart, position));
  const room = width - state.tip.offsetWidth - 8;
  state.tip.style.left = `${Math.max(8, Math.min(x > width / 2 ? x - state.tip.offsetWidth - 14 : x + 14, room))}px`;
}

function tipContent(chart, position) {
  const row = (mark, label, value) => element('li', {}, mark, element('span', { class: 'grow' }, nameText(label)), element('b', {}, value));
  const lines = (chart.lines ?? []).map((line) =>
    row(lineMark(line.className), line.label, line.values[position] === null ? '–' : chart.format(line.values[position])));
  const areas = (chart.areas ?? []).filter((area) => area.values[position] > 0).reverse().map((area) =>
    row(swatch(area.color), area.label, chart.format(area.values[position])));
  return [element('strong', {}, nameText(chart.describe(position))), element('ul', {}, lines, areas)];
}

function lineMark(className) {
  return svg('svg', { class: 'swatch', viewBox: '0 0 10 10', 'aria-hidden': 'true' },
    svg('path', { d: 'M0,5L10,5', class: `line ${className}` }));
}

function chartLegend(chart) {
  return element('ul', { class: 'legend' },
    (chart.lines ?? []).map((line) => element('li', {}, lineMark(line.className), line.label)),
    (chart.areas ?? []).map((area) => element('li', {}, swatch(area.color), area.hash ? link(area.hash, nameText(area.label)) : nameText(area.label))));
}
