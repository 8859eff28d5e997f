// The page of an evaluation's samples. Only the rows in sight are in the document, so that tens of
// thousands scroll as a few do. What models wrote enters as text only, never as markup.
const ROW = 30;
const AHEAD = 8;
const $ = (id) => document.getElementById(id);

/** As `visible` of the reports: control characters and direction marks are shown, not obeyed. */
const visible = (text) =>
  text.replace(/[^\P{C}\t\n]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  const { text, ...rest } = properties;
  if (text !== undefined) made.textContent = visible(String(text));
  for (const [key, value] of Object.entries(rest)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

async function unpack() {
  const coded = atob($('data').textContent.trim());
  const bytes = new Uint8Array(coded.length);
  for (let i = 0; i < coded.length; i++) bytes[i] = coded.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return JSON.parse(await new Response(stream).text());
}

let data;
let shown = [];
let chosen = 0;
const drawn = new Map();

const view = (row) => {
  const [scenario, sample, body, tokens, finish] = data.rows[row];
  const { id, cwe, language } = data.scenarios[scenario];
  return { id, cwe, language, sample, tokens, finish, ...data.bodies[body] };
};

const CONDITIONS = {
  scenario: (row, wanted) => data.scenarios[data.rows[row][0]].id === wanted,
  cwe: (row, wanted) => data.scenarios[data.rows[row][0]].cwe === wanted,
  functional: (row, wanted) => data.bodies[data.rows[row][2]].functional === wanted,
  security: (row, wanted) => data.bodies[data.rows[row][2]].security === wanted,
  only: (row, wanted) => data.bodies[data.rows[row][2]].marks.includes(wanted),
};

/** Which bodies hold a text: each is looked at once, however many samples share it. */
function holding(text) {
  const wanted = text.toLowerCase();
  const has = (value) => value.toLowerCase().includes(wanted);
  return data.bodies.map(
    ({ program, completion, reasons, findings, output }) =>
      has(program) || has(completion) || reasons.some(has) || output.some(({ text }) => has(text)) ||
      findings.some(({ rule, message, cwe }) => has(rule) || has(message) || has(cwe)),
  );
}

function filter() {
  const wanted = Object.keys(CONDITIONS).filter((name) => $(name).value !== '');
  const text = $('text').value;
  const found = text === '' ? undefined : holding(text);
  const before = shown[chosen];
  shown = [];
  for (let row = 0; row < data.rows.length; row++) {
    if (found && !found[data.rows[row][2]]) continue;
    if (wanted.every((name) => CONDITIONS[name](row, $(name).value))) shown.push(row);
  }
  $('count').textContent = `${shown.length.toLocaleString('en')} of ${data.rows.length.toLocaleString('en')} samples`;
  chosen = Math.max(0, shown.indexOf(before));
  for (const row of drawn.values()) row.remove();
  drawn.clear();
  $('spacer').style.height = `${shown.length * ROW}px`;
  choose(chosen);
}

function draw() {
  const list = $('list');
  const first = Math.max(0, Math.floor(list.scrollTop / ROW) - AHEAD);
  const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + AHEAD);
  for (const [at, row] of drawn) {
    if (at < first || at >= last) {
      row.remove();
      drawn.delete(at);
    }
  }
  for (let at = first; at < last; at++) {
    if (!drawn.has(at)) {
      const row = line(at);
      drawn.set(at, row);
      $('spacer').append(row);
    }
  }
  for (const [at, row] of drawn) row.setAttribute('aria-selected', String(at === chosen));
}

function line(at) {
  const { id, sample, functional, security } = view(shown[at]);
  const row = element('div', { role: 'option', id: `row-${at}`, class: 'sample',
    'aria-setsize': shown.length, 'aria-posinset': at + 1 },
    element('span', { class: 'name', text: id }),
    element('span', { class: 'number', text: sample }),
    element('span', { class: `is-${functional}`, text: functional }),
    element('span', { class: `is-${security}`, text: security }));
  row.style.top = `${at * ROW}px`;
  row.addEventListener('click', () => choose(at));
  return row;
}

function choose(at) {
  chosen = Math.max(0, Math.min(shown.length - 1, at));
  const list = $('list');
  const top = chosen * ROW;
  if (top < list.scrollTop) list.scrollTop = top;
  if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
  draw();
  if (shown.length > 0) list.setAttribute('aria-activedescendant', `row-${chosen}`);
  else list.removeAttribute('aria-activedescendant');
  detail();
}

/** The program line by line: the model's own part, and beside their lines what the rules found. */
function code({ program, from, findings }) {
  const lines = program.split('\n');
  const first = program.slice(0, from).split('\n').length - 1;
  const pre = element('pre', { class: 'code', tabindex: '0', 'aria-label': 'The program that was judged' });
  lines.forEach((text, i) => {
    const here = findings.filter(({ line, endLine }) => i + 1 >= line && i + 1 <= Math.max(line, endLine));
    const kind = here.length > 0 ? 'found' : i < first ? 'given' : 'own';
    pre.append(element('span', { class: kind, 'data-line': i + 1, text: text || ' ' }));
    for (const { cwe, rule, message, line } of here) {
      if (line === i + 1) pre.append(element('span', { class: 'note', text: `${cwe} ${rule}: ${message}` }));
    }
  });
  return pre;
}

const folded = (title, ...children) =>
  element('details', {}, element('summary', { text: title }), ...children);

function detail() {
  const place = $('detail');
  place.scrollTop = 0;
  if (shown.length === 0) {
    place.replaceChildren(element('p', { class: 'soft', text: 'No sample is what the filters ask for.' }));
    return;
  }
  const found = view(shown[chosen]);
  const { id, sample, cwe, functional, security, parse, builds, marks, reasons, output, tokens } = found;
  const facts = [['function', functional], [`${cwe}`, security], ['parses', parse], ['builds', builds],
    ['ended by', found.finish], ...marks.map((mark) => ['', mark])];
  const traces = found.findings.filter(({ trace }) => trace.length > 0);
  place.replaceChildren(
    element('h2', { text: `${id}, sample ${sample}` }),
    element('p', { class: 'facts' }, ...facts.map(([name, value]) =>
      element('span', { class: `is-${value}`, text: name ? `${name}: ${value}` : value }))),
    ...(reasons.length > 0 ? [element('ul', {}, ...reasons.map((text) => element('li', { text })))] : []),
    code(found),
    ...traces.map(({ rule, trace }) => folded(`Trace of ${rule}`,
      element('ol', {}, ...trace.map(({ line, text }) => element('li', { text: `line ${line}: ${text}` }))))),
    ...output.map(({ name, text }) => folded(name, element('pre', { text }))),
    folded('What the model wrote, whole', element('p', { class: 'soft', text: found.truncation }),
      element('pre', { text: found.completion })),
    ...(tokens ? [folded(`${tokens.length} token ids`, element('pre', { text: tokens.join(' ') }))] : []),
  );
}

const MOVES = {
  ArrowDown: () => 1, ArrowUp: () => -1, j: () => 1, k: () => -1,
  PageDown: () => page(), PageUp: () => -page(), Home: () => -Infinity, End: () => Infinity,
};
const page = () => Math.max(1, Math.floor($('list').clientHeight / ROW) - 1);

function keys(event) {
  const typing = event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement;
  if (event.key === '/' && !typing) {
    event.preventDefault();
    $('text').focus();
  } else if (event.key === 'Escape' && typing) {
    $('list').focus();
  } else if (event.target === $('list') && MOVES[event.key] && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    choose(chosen + MOVES[event.key]());
  }
}

async function start() {
  data = await unpack();
  const options = (name, values) =>
    $(name).append(...values.map((value) => element('option', { value, text: value })));
  options('scenario', data.scenarios.map(({ id }) => id));
  options('cwe', [...new Set(data.scenarios.map(({ cwe }) => cwe))].sort());
  options('functional', [...new Set(data.bodies.map(({ functional }) => functional))].sort());
  options('security', [...new Set(data.bodies.map(({ security }) => security))].sort());
  options('only', [...new Set(data.bodies.flatMap(({ marks }) => marks))].sort());
  for (const name of Object.keys(CONDITIONS)) $(name).addEventListener('change', filter);
  let waiting;
  $('text').addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 150);
  });
  $('list').addEventListener('scroll', draw, { passive: true });
  addEventListener('resize', draw);
  addEventListener('keydown', keys);
  filter();
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}

start().catch((error) => {
  $('count').textContent = `This page cannot be shown: ${error.message}. It needs a browser of 2023 or newer.`;
});
