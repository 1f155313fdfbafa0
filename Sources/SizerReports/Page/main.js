// SPDX-License-Identifier: Apache-2.0

// Which view the address names, the bar above it, and the theme.

function viewFor(hash) {
  const { snapshots } = profile;
  const positionOf = (number) => snapshots.findIndex((snapshot) => snapshot.number === Number(number));
  const snapshot = /^#snapshot-(\d+)$/.exec(hash);
  if (snapshot && positionOf(snapshot[1]) >= 0) return ['snapshots', snapshotView(positionOf(snapshot[1]))];
  const compare = /^#compare-(\d+)-(\d+)$/.exec(hash);
  if (compare && positionOf(compare[1]) >= 0 && positionOf(compare[2]) >= 0) return ['compare', compareView(positionOf(compare[1]), positionOf(compare[2]))];
  const named = /^(#class-.*?)(?:@(\d+))?$/.exec(hash);
  const entry = named && profile.classes.find((candidate) => candidate.hash === named[1]);
  if (entry) return ['classes', classView(entry, named[2] && positionOf(named[2]) >= 0 ? positionOf(named[2]) : undefined)];
  if (hash === '#classes') return ['classes', classesView()];
  const heap = { '#heap': heapView, '#leaks': leaksView, '#tasks': tasksView, '#waste': wasteView }[hash];
  if (heap && heapImage) return [hash.slice(1), heap()];
  return ['overview', overviewView()];
}

const page = document.getElementById('page');
const bar = element('header', { class: 'bar' });

function showView(isFirst) {
  const [name, view] = viewFor(location.hash);
  page.replaceChildren(view);
  showBar(name);
  const heading = view.querySelector('h1');
  document.title = name === 'overview' ? profile.title : `${heading.textContent} · ${profile.title}`;
  heading.tabIndex = -1;
  if (isFirst) return;
  // As after loading a page: a screen reader starts at the heading, and so does the tab key.
  heading.focus({ preventScroll: true });
  restoreScroll();
}

// Going back shows the place one came from.
const scrolled = new Map();
let shownHash = location.hash;

function restoreScroll() {
  const isSameClass = location.hash.split('@')[0] === shownHash.split('@')[0] && location.hash.startsWith('#class-');
  if (!isSameClass) window.scrollTo(0, scrolled.get(location.hash) ?? 0);
  shownHash = location.hash;
}

function showBar(current) {
  const last = profile.snapshots.length - 1;
  const entries = [['overview', '#overview', 'Overview']];
  if (profile.total.classes > 0 || !profile.living) entries.push(['classes', '#classes', 'Classes']);
  if (last >= 0) entries.splice(1, 0, ['snapshots', snapshotHash(last), 'Snapshots']);
  if (last >= 1) entries.push(['compare', comparisonHash(0, last), 'Compare']);
  if (heapImage) entries.push(['heap', '#heap', 'Heap'], ['leaks', '#leaks', 'Leaks'], ['tasks', '#tasks', 'Tasks'], ['waste', '#waste', 'Waste']);
  const links = entries.map(([name, hash, text]) => element('a', { href: hash, 'aria-current': name === current ? 'page' : null }, text));
  bar.replaceChildren(element('nav', { 'aria-label': 'Views' }, links), themeButton());
}

// Until one is chosen the theme is the system's.
function themeButton() {
  const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  const label = 'Change between light and dark';
  return element('button', {
    type: 'button', class: 'theme', 'aria-label': label, title: label, click: () => setTheme(isDark() ? 'light' : 'dark'),
  }, '◐');
}

// Storage is refused to some files; the choice then lasts as long as the page.
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  try { localStorage.setItem('sizer-theme', theme); } catch { return; }
}

function storedTheme() {
  try { return localStorage.getItem('sizer-theme'); } catch { return null; }
}

if (['light', 'dark'].includes(storedTheme())) document.documentElement.dataset.theme = storedTheme();
document.body.prepend(element('a', { class: 'skip', href: '#page', click: (event) => {
  event.preventDefault();
  page.querySelector('h1').focus();
} }, 'Skip to content'), bar);
history.scrollRestoration = 'manual';
window.addEventListener('scroll', () => { if (location.hash === shownHash) scrolled.set(shownHash, window.scrollY); }, { passive: true });
window.addEventListener('hashchange', () => showView(false));
showView(true);
