// What was read: boxes over the picture, in step with the list of lines.

const SVG = 'http://www.w3.org/2000/svg';
const SURE = 0.6; // words that are less are marked

const element = (id) => document.getElementById(id);
/** How sure the recogniser is of a word, or the detector where there is none. */
const sureness = (word) => word.confidence ?? word.objectness_score ?? word.crop_orientation.confidence;
const percent = (part) => `${Math.round(part * 100)} %`;

/** Two corners, or four, as points of a polygon. */
function corners(geometry) {
  if (geometry.length === 4) return geometry;
  const [[left, top], [right, bottom]] = geometry;
  return [[left, top], [right, top], [right, bottom], [left, bottom]];
}

function polygon(word, line) {
  const box = document.createElementNS(SVG, 'polygon');
  box.setAttribute('points', corners(word.geometry).map((point) => point.join(',')).join(' '));
  box.dataset.line = line;
  box.classList.toggle('unsure', sureness(word) < SURE);
  const title = document.createElementNS(SVG, 'title');
  title.textContent = `${word.value} (${percent(sureness(word))})`.trim();
  box.append(title);
  return box;
}

function item(line, index, opensBlock, kind) {
  const row = document.createElement('li');
  row.dataset.line = index;
  row.tabIndex = index ? -1 : 0;
  row.classList.toggle('new-block', opensBlock);
  const words = document.createElement('span');
  words.className = 'words';
  if (kind.line) words.textContent = kind.line(line);
  else line.words.forEach((word, place) => {
    if (place) words.append(' ');
    const text = document.createElement('span');
    text.textContent = word.value;
    if (word.confidence < SURE) {
      text.className = 'unsure-word';
      text.title = `${percent(word.confidence)} sure`;
    }
    words.append(text);
  });
  const confidence = document.createElement('span');
  confidence.className = 'confidence';
  const least = percent(Math.min(...line.words.map(sureness)));
  confidence.textContent = least;
  confidence.title = 'the least sure word';
  row.append(words, confidence);
  return row;
}

/** Mark one line in the list and in the picture; none for null. */
function mark(index) {
  for (const each of document.querySelectorAll('[data-line]')) {
    each.classList.toggle('marked', index !== null && each.dataset.line === String(index));
  }
}

/** Make one line the one that the Tab key comes to, and go there. */
function goTo(index, options) {
  const rows = [...element('lines').children];
  const row = rows[Math.max(0, Math.min(index, rows.length - 1))];
  for (const each of rows) each.tabIndex = each === row ? 0 : -1;
  row?.focus(options);
}

const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

/** Let the list and the picture follow each other; once. */
export function connect() {
  const [lines, boxes] = [element('lines'), element('boxes')];
  const lineOf = (event) => event.target.closest?.('[data-line]')?.dataset.line;
  const focused = () => document.activeElement?.closest?.('#lines [data-line]')?.dataset.line ?? null;
  // A list that is scrolled by keys slides under a pointer that rests: what is over it then, nobody chose.
  let rested = null;
  const at = (event) => `${event.screenX} ${event.screenY}`;
  document.addEventListener('pointermove', (event) => { rested = at(event); }, { passive: true });
  for (const place of [lines, boxes]) {
    place.addEventListener('pointerover', (event) => {
      if (lineOf(event) !== undefined && at(event) !== rested) mark(lineOf(event));
    });
    place.addEventListener('pointerleave', () => mark(focused()));
  }
  lines.addEventListener('focusin', (event) => mark(lineOf(event)));
  lines.addEventListener('focusout', () => mark(null));
  lines.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    if (step === undefined || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goTo(Number(lineOf(event)) + step);
  });
  boxes.addEventListener('click', (event) => {
    if (lineOf(event) === undefined) return;
    goTo(Number(lineOf(event)), { preventScroll: true });
    document.activeElement.scrollIntoView({ block: 'nearest' });
  });
}

const STAGES = {
  detection: 'find words', orientation: 'see how it is turned', crops: 'cut them out', recognition: 'read them', lines: 'put them in lines',
};

function showTimes(times) {
  const rows = Object.entries(times).flatMap(([stage, ms]) => {
    const [name, value] = [document.createElement('dt'), document.createElement('dd')];
    name.textContent = STAGES[stage] ?? stage;
    value.textContent = `${Math.round(ms)} ms`;
    return [name, value];
  });
  element('times').replaceChildren(...rows);
  const total = Object.values(times).reduce((sum, ms) => sum + ms, 0);
  element('total').textContent = `Read in ${(total / 1000).toFixed(1)} s`;
}

/**
 * Show a page that was read.
 * @param {import('../ocr/index.js').OcrDocument} read
 * @param {{line?: (line: object) => string}} kind of page, as kinds.js has it
 */
export function show(read, kind) {
  const [page] = read.pages;
  const rows = page.blocks.flatMap((block, number) => block.lines.map(
    (line, place) => [line, number > 0 && place === 0]));
  element('boxes').replaceChildren(...rows.flatMap(
    ([line], index) => line.words.map((word) => polygon(word, index))));
  element('lines').replaceChildren(...rows.map(([line, opens], index) => item(line, index, opens, kind)));
  element('lines-note').hidden = rows.length < 2;
  showTimes(read.times[0]);
  const download = element('download');
  URL.revokeObjectURL(download.href);
  const json = new Blob([JSON.stringify(read, null, 1)], { type: 'application/json' });
  download.href = URL.createObjectURL(json);
}

/** Take everything away that was read before. */
export function clear() {
  for (const id of ['boxes', 'lines', 'times']) element(id).replaceChildren();
}
