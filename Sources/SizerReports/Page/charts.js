// SPDX-License-Identifier: Apache-2.0

// Small charts that need no pointer: shares, distributions, trends.

// One bar of parts: [{label, value, color, hash}].
function shareBar(parts, label) {
  const whole = parts.reduce((sum, part) => sum + Math.max(part.value, 0), 0);
  const shown = parts.filter((part) => part.value > 0);
  if (whole === 0) return element('p', { class: 'empty' }, 'Nothing to show: all parts are 0 bytes.');
  return element('figure', { class: 'share' }, shareSegments(shown, whole, label), shareLegend(shown, whole));
}

function shareSegments(parts, whole, label) {
  let start = 0;
  const segments = parts.map((part) => {
    const width = (part.value / whole) * 1000;
    const segment = svg('rect', { x: start, y: 0, width: Math.max(width - 1.5, 0.5), height: 24, class: `fill ${part.color}` },
      svg('title', {}, `${part.label}: ${formatBytes(part.value)}, ${formatPercent(part.value, whole)}`));
    start += width;
    return segment;
  });
  return svg('svg', { viewBox: '0 0 1000 24', preserveAspectRatio: 'none', class: 'segments', role: 'img', 'aria-label': label }, segments);
}

function shareLegend(parts, whole) {
  return element('ul', { class: 'legend' }, parts.map((part) => element('li', {},
    swatch(part.color), part.hash ? link(part.hash, nameText(part.label)) : nameText(part.label),
    element('span', { class: 'muted', title: exactBytes(part.value) }, ` ${formatBytes(part.value)} · ${formatPercent(part.value, whole)}`))));
}

function swatch(color) {
  return svg('svg', { class: 'swatch', viewBox: '0 0 10 10', 'aria-hidden': 'true' },
    svg('rect', { width: 10, height: 10, rx: 2, class: `fill ${color}` }));
}

// A bar inside a table's cell.
function cellBar(part, whole, color = 'accent') {
  const width = whole > 0 ? Math.min(Math.max(part / whole, 0), 1) * 100 : 0;
  return svg('svg', { class: 'cellbar', viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { width: 100, height: 10, class: 'track' }), svg('rect', { width, height: 10, class: `fill ${color}` }));
}

function sparkline(numbers) {
  const largest = Math.max(...numbers, 1);
  const across = linear([0, Math.max(numbers.length - 1, 1)], [1, 99]);
  const up = linear([0, largest], [19, 1]);
  const drawn = numbers.length === 1 ? [numbers[0], numbers[0]] : numbers;
  const points = drawn.map((number, i) => (number === null ? null : [across(i), up(number)]));
  return svg('svg', { class: 'spark', viewBox: '0 0 100 20', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('path', { d: linePath(points), class: 'line accent' }));
}

// The range of sizes that a bucket of `ClassSummary.bucket` holds: [least, most].
function bucketRange(bucket) {
  const least = (index) => (index < 8 ? index : (4 + (index % 4)) * 2 ** (Math.floor(index / 4) - 1));
  return [least(bucket), least(bucket + 1) - 1];
}

// Quarters of a power of two become halves, and then whole powers, until there are no more than 28 bars.
function distributionBars(row) {
  let bars = [];
  for (let i = 1; i < row.length; i += 2) bars.push({ bucket: row[i], slot: row[i], count: row[i + 1], range: bucketRange(row[i]) });
  for (let width = 2; bars.length > 0 && slots(bars) > 28; width *= 2) bars = merged(bars, width);
  return bars;
}

function slots(bars) {
  return bars.at(-1).slot - bars[0].slot + 1;
}

function merged(bars, width) {
  const result = [];
  for (const bar of bars) {
    const slot = Math.floor(bar.bucket / width);
    const last = result.at(-1);
    if (last?.slot === slot) last.count += bar.count;
    else result.push({ ...bar, slot, range: [bucketRange(slot * width)[0], bucketRange(slot * width + width - 1)[1]] });
  }
  return result;
}

function histogram(row, label) {
  const bars = distributionBars(row);
  if (bars.length === 0) return element('p', { class: 'empty' }, 'No living instance at this snapshot.');
  return drawnToWidth('chart', (host, width) => {
    host.replaceChildren(drawHistogram(bars, width, label));
  });
}

function drawHistogram(bars, width, label) {
  const height = 190;
  const left = 56;
  const wide = Math.min((width - left - 8) / slots(bars), 72);
  const top = Math.max(...bars.map((bar) => bar.count));
  const up = linear([0, top], [height - 36, 18]);
  const every = Math.ceil(70 / wide);
  const grid = marks(top, 4, false).map((mark) => gridLine(left, width - 8, up(mark), formatCount(mark)));
  const drawn = bars.flatMap((bar) => {
    const x = left + (bar.slot - bars[0].slot) * wide;
    const [least, most] = bar.range;
    const said = `${formatBytes(least)}${most > least ? ` to ${formatBytes(most)}` : ''}: ${counted(bar.count, 'instance', 'instances')}`;
    return [
      svg('rect', { x: x + 1, y: up(bar.count), width: Math.max(wide - 2, 1), height: Math.max(up(0) - up(bar.count), 1), class: 'fill accent' },
        svg('title', {}, said)),
      (bar.slot - bars[0].slot) % every === 0
        ? svg('text', { x: x + wide / 2, y: height - 18, 'text-anchor': 'middle' }, formatBytes(least)) : null,
      bars.length <= 12 ? svg('text', { x: x + wide / 2, y: up(bar.count) - 5, 'text-anchor': 'middle', class: 'value' }, formatCount(bar.count)) : null,
    ];
  });
  return svg('svg', { viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': label }, grid, drawn.filter(Boolean),
    svg('text', { x: left, y: height - 2, class: 'muted' }, 'size of one instance, from'));
}

function gridLine(from, to, y, text) {
  return svg('g', { class: 'grid' }, svg('line', { x1: from, x2: to, y1: y, y2: y }),
    svg('text', { x: from - 6, y: y + 4, 'text-anchor': 'end' }, text));
}
