// SPDX-License-Identifier: Apache-2.0

// Where instances were made, as a flame graph. Sites first: the call that made an instance is in the first row and its callers
// hang below; callers first: the other way round, from the thread's first call down.

const flameRowHeight = 22;
const flameRows = 40;

// `rows` are [node, made, living, bytes]; node -1 has no trace, -2 none on this page.
function flameTree(rows, sitesFirst, weightIndex) {
  const root = { label: 'all', weight: 0, children: new Map() };
  for (const row of rows) {
    const weight = row[weightIndex];
    if (weight === 0) continue;
    const calls = row[0] >= 0 ? callsOf(row[0]) : [{ index: row[0], name: row[0] === -1 ? '(no trace)' : '(smaller traces)', file: '', line: 0, image: '' }];
    if (!sitesFirst) calls.reverse();
    root.weight += weight;
    let at = root;
    for (const call of calls) {
      if (!at.children.has(call.index)) at.children.set(call.index, { call, weight: 0, children: new Map() });
      at = at.children.get(call.index);
      at.weight += weight;
    }
  }
  return root;
}

const traceWords = { label: 'Flame graph of traces', whole: 'all traces', one: 'a call' };

function flameGraph(root, format, words = traceWords) {
  const state = { root, top: root, format, words };
  const said = element('p', { class: 'flamepath', 'aria-live': 'polite' });
  const host = drawnToWidth('chart flame', (box, width) => drawFlame(state, box, width, said));
  return element('div', {}, host, said);
}

function drawFlame(state, box, width, said) {
  const boxes = flameBoxes(state.top, width);
  const height = flameRowHeight * (1 + Math.max(...boxes.map((item) => item.depth)));
  const again = (node) => {
    state.top = node;
    drawFlame(state, box, width, said);
    box.querySelector('[tabindex="0"]')?.focus();
  };
  const groups = boxes.map((item, index) => flameBox(state, item, index, again, said));
  const root = svg('svg', { viewBox: `0 0 ${width} ${height}`, height, role: 'tree', 'aria-label': state.words.label }, groups);
  root.addEventListener('keydown', (event) => steerFlame(event, boxes, groups, () => again(state.root)));
  box.replaceChildren(root);
  said.textContent = state.top === state.root ? `Choose ${state.words.one} to look closer.` : 'Choose the top row, or press Escape, to see all again.';
}

// What is at least a pixel wide: {node, x, width, depth, parent}.
function flameBoxes(top, width) {
  const boxes = [{ node: top, x: 0, width, depth: 0, parent: 0 }];
  for (let at = 0; at < boxes.length; at += 1) {
    const box = boxes[at];
    let { x } = box;
    const children = box.depth < flameRows ? [...box.node.children.values()].sort((a, b) => b.weight - a.weight) : [];
    for (const node of children) {
      const wide = (node.weight / box.node.weight) * box.width;
      if (wide >= 1) boxes.push({ node, x, width: wide, depth: box.depth + 1, parent: at });
      x += wide;
    }
  }
  return boxes;
}

function flameBox(state, box, index, again, said) {
  const { node } = box;
  const name = node.call ? node.call.name : state.words.whole;
  const place = node.call ? placeOf(node.call) : '';
  const share = formatPercent(node.weight, state.root.weight);
  const text = `${name}${place ? ` · ${place}` : ''} · ${state.format(node.weight)} · ${share}`;
  const letters = Math.floor((box.width - 10) / 7.3);
  const zoom = () => again(index === 0 ? state.root : node);
  return svg('g', {
    role: 'treeitem', 'aria-level': box.depth + 1, 'aria-label': text, tabindex: index === 0 ? 0 : -1,
    class: `flamebox tint${node.call ? Math.abs(node.call.index * 7) % 4 : 4}`, click: zoom,
    focus: () => { said.textContent = text; }, pointerenter: () => { said.textContent = text; },
  }, svg('title', {}, text),
  svg('rect', { x: box.x, y: box.depth * flameRowHeight, width: Math.max(box.width - 1, 0.5), height: flameRowHeight - 1 }),
  letters > 2 ? svg('text', { x: box.x + 5, y: box.depth * flameRowHeight + 15 }, shortCall(name, letters)) : null);
}

// The end of a name tells more than its beginning, which is its module.
function shortCall(name, letters) {
  return name.length <= letters ? name : `${[...name].slice(0, Math.max(letters - 1, 1)).join('')}…`;
}

function steerFlame(event, boxes, groups, reset) {
  const at = groups.indexOf(document.activeElement);
  if (event.key === 'Escape') return reset();
  if (at < 0) return;
  if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault();
    groups[at].dispatchEvent(new Event('click'));
    return;
  }
  const find = {
    ArrowDown: () => boxes.findIndex((box, i) => i > 0 && box.parent === at),
    ArrowUp: () => boxes[at].parent,
    ArrowRight: () => boxes.findIndex((box, i) => i > at && box.depth === boxes[at].depth),
    ArrowLeft: () => boxes.findLastIndex((box, i) => i < at && box.depth === boxes[at].depth),
  }[event.key];
  if (!find) return;
  event.preventDefault();
  const next = find();
  if (next < 0) return;
  groups[at].setAttribute('tabindex', -1);
  groups[next].setAttribute('tabindex', 0);
  groups[next].focus();
}
