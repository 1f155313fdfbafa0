// SPDX-License-Identifier: Apache-2.0

// Elements. Text only ever becomes a text node or an attribute's value: nothing here reads markup.

const svgNamespace = 'http://www.w3.org/2000/svg';

function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(svgNamespace, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || (value === false && !key.startsWith('aria-'))) continue;
    if (typeof value === 'function') node.addEventListener(key, value);
    else if (key.startsWith('aria-')) node.setAttribute(key, value);
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

// A name that comes from the program: its direction stays its own business. Where it is too long for its line, it breaks behind a dot.
function nameText(text, attributes = {}) {
  const parts = text.split(/(?<=\.)/, 64);
  const whole = parts.join('') === text ? parts : [text];
  const content = whole.flatMap((part, index) => (index === 0 ? [part] : [element('wbr'), part]));
  return element('bdi', { title: text.length > 80 ? text : null, ...attributes }, text.trim() === '' ? '(no name)' : content);
}

// A name with what stands before it; it wraps in a column of its own.
function named(mark, ...content) {
  return element('span', { class: 'named' }, mark, element('span', {}, ...content));
}

function bytesText(number, format = formatBytes) {
  return element('span', { title: exactBytes(number) }, format(number));
}

function link(hash, ...children) {
  return element('a', { href: hash }, ...children);
}

function section(title, note, ...children) {
  return element('section', {}, element('h2', {}, title), note ? element('p', { class: 'note' }, note) : null, ...children);
}

function facts(pairs) {
  return element('dl', { class: 'facts' }, pairs.map(([term, ...values]) =>
    element('div', {}, element('dt', {}, term), element('dd', {}, ...values))));
}

// A row of buttons of which one is pressed.
function choice(label, options, selected, onChoose) {
  const group = element('div', { class: 'choice', role: 'group', 'aria-label': label });
  for (const [value, text] of options) {
    const press = () => {
      for (const button of group.children) button.setAttribute('aria-pressed', button === pressed);
      onChoose(value);
    };
    const pressed = element('button', { type: 'button', 'aria-pressed': value === selected, click: press }, text);
    group.append(pressed);
  }
  return group;
}

function snapshotSelect(label, selected, onChoose) {
  const options = profile.snapshots.map((snapshot, position) =>
    element('option', { value: position, selected: position === selected }, snapshotName(snapshot)));
  const select = element('select', { change: () => onChoose(Number(select.value)) }, options);
  return element('label', { class: 'field' }, element('span', {}, label), select);
}

// Calls `draw(width)` when the element gets a width, and again whenever that changes.
function drawnToWidth(className, draw) {
  const host = element('div', { class: className });
  let width = 0;
  new ResizeObserver(() => {
    const now = Math.round(host.clientWidth);
    if (now === width || now === 0) return;
    width = now;
    draw(host, width);
  }).observe(host);
  return host;
}
