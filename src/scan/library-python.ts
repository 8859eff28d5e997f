/** What functions and methods of Python and its usual libraries make of untrusted data. */

import type { Call } from './flow-python.js';
import { append, change, put } from './trail.js';
import {
  atMost,
  CLEAN,
  cleaned,
  elementOf,
  formatted,
  HOLE,
  joined,
  mixed,
  opaque,
  PLACES,
  TAINTED,
  type Value,
} from './values-python.js';

/** By dotted name. */
export const FUNCTIONS = new Map<string, (call: Call) => Value>();
/** By name, whatever the receiver. */
export const METHODS = new Map<string, (call: Call, receiver: Value) => Value>();

function functions(names: string, apply: (call: Call) => Value): void {
  for (const name of names.split(' ')) FUNCTIONS.set(name, apply);
}

function methods(names: string, apply: (call: Call, receiver: Value) => Value): void {
  for (const name of names.split(' ')) METHODS.set(name, apply);
}

const all = ({ args, keywords }: Call): Value => mixed(...args, ...keywords.values());
const first = ({ args }: Call): Value => args[0] ?? opaque(CLEAN);

// --- made safe ----------------------------------------------------------------------------------

functions('shlex.quote pipes.quote shlex.join', (call) => cleaned(all(call), 'shell'));
functions(
  'html.escape cgi.escape bleach.clean xml.sax.saxutils.escape xml.sax.saxutils.quoteattr django.utils.html.escape werkzeug.utils.escape',
  (call) => {
    const source = first(call);
    // What was escaped holds no tags any more, only text.
    return { ...cleaned(mixed(source), 'html'), text: HOLE };
  },
);
functions('markupsafe.escape flask.escape', (call) => ({
  ...cleaned(mixed(first(call)), 'html'),
  text: HOLE,
  markup: true,
}));
functions(
  'urllib.parse.quote urllib.parse.quote_plus urllib.quote urllib.parse.urlencode',
  (call) => {
    const value = cleaned(all(call), 'html', 'shell');
    return { ...value, taint: atMost(value.taint, 1) };
  },
);
functions(
  'psycopg2.sql.Identifier psycopg2.sql.Literal psycopg2.sql.Placeholder psycopg.sql.Identifier psycopg.sql.Literal psycopg.sql.Placeholder',
  (call) => cleaned(all(call), 'sql'),
);
functions('html.unescape', (call) => {
  const value = all(call);
  return value.escaped || value.taint.html > 0
    ? { ...value, taint: { ...value.taint, html: 2 } }
    : value;
});
functions('markupsafe.Markup flask.Markup', (call) => ({ ...joined([first(call)]), markup: true }));
functions('django.utils.html.format_html', (call) =>
  formatted({ ...first(call), markup: true }, [...call.args.slice(1), ...call.keywords.values()]),
);

/** Numbers and truths carry no text on. */
functions(
  'int float bool len ord hash abs round isinstance issubclass callable id range divmod hasattr all any complex uuid.UUID uuid.uuid4 time.time decimal.Decimal datetime.datetime.now datetime.date.today datetime.date os.getpid os.path.exists os.path.isfile os.path.isdir os.path.getsize re.match re.search re.fullmatch open sqlite3.connect secrets.token_hex logging.getLogger print',
  (call) => cleaned(all(call), ...PLACES),
);
functions('input sys.stdin.read sys.stdin.readline os.getenv os.environ.get', () =>
  opaque(TAINTED),
);

// --- passed on ----------------------------------------------------------------------------------

functions('str repr ascii format bytes bytearray', (call) => {
  const value = first(call);
  return {
    ...mixed(all(call)),
    ...(value.text !== undefined && { text: value.text }),
    constant: value.constant,
  };
});
functions('list tuple set frozenset sorted reversed iter filter', (call) => {
  const value = call.name === 'filter' ? (call.args[1] ?? first(call)) : first(call);
  if (value.items) return { ...value, items: [...value.items] };
  if (call.args.length === 0) return { ...opaque(CLEAN), items: [], constant: true };
  return { ...opaque(CLEAN), items: [elementOf(value)], repeated: true };
});
functions('enumerate', (call) => {
  const pair = { ...opaque(CLEAN), items: [opaque(CLEAN), elementOf(first(call))] };
  return { ...opaque(CLEAN), items: [pair], repeated: true };
});
functions('zip', (call) => {
  const tuple = { ...opaque(CLEAN), items: call.args.map(elementOf) };
  return { ...opaque(CLEAN), items: [tuple], repeated: true };
});
functions('next max min sum', (call) => mixed(...call.args.map(elementOf)));
functions('dict', (call) => {
  const source = first(call);
  const entries = new Map([...(source.entries ?? []), ...call.keywords]);
  return { ...opaque(source.entries ? CLEAN : source.taint), entries, constant: source.constant };
});
functions('string.Template jinja2.Template Template', (call) => joined([first(call)]));
functions(
  'sqlalchemy.text sqlalchemy.sql.text psycopg2.sql.SQL psycopg.sql.SQL textwrap.dedent',
  (call) => joined([first(call)]),
);
functions('re.sub', (call) => {
  const [pattern, replacement, text] = call.args;
  const value = mixed(replacement, text);
  // Removing all but some characters is a list of what is allowed; other changes cannot be told.
  const keeps = /^\[\^([\w\\.-]*)\]\+?$/.test(pattern?.text ?? '');
  return keeps ? cleaned(value, ...PLACES) : { ...value, taint: atMost(value.taint, 1) };
});

// --- methods ------------------------------------------------------------------------------------

methods('format format_map substitute safe_substitute render', (call, receiver) =>
  formatted(receiver, [...call.args, ...call.keywords.values()]),
);
methods('join', (call, receiver) => {
  const source = first(call);
  const items = source.items ?? [elementOf(source)];
  const inner = receiver.markup ? items.map((item) => cleaned(mixed(item), 'html')) : items;
  const parts = inner.flatMap((item, index) => (index > 0 ? [receiver, item] : [item]));
  const text = joined(parts);
  return {
    ...text,
    ...mixed(text, source, receiver),
    text: text.text ?? HOLE,
    constant: text.constant,
  };
});
methods('append add insert appendleft', (call, receiver) => {
  const value = call.args.at(-1) ?? opaque(CLEAN);
  if (receiver.items) append(receiver.items, value);
  if (!value.constant) change(receiver, 'constant', false);
  return opaque(CLEAN);
});
methods('extend', (call, receiver) => {
  const value = first(call);
  if (receiver.items) append(receiver.items, ...(value.items ?? [elementOf(value)]));
  if (!value.constant) change(receiver, 'constant', false);
  return opaque(CLEAN);
});
methods('update', (call, receiver) => {
  for (const [name, value] of [...(first(call).entries ?? []), ...call.keywords])
    if (receiver.entries) put(receiver.entries, name, value);
  change(receiver, 'constant', false);
  return opaque(CLEAN);
});
methods('get setdefault pop', (call, receiver) => {
  const key = first(call);
  const preset = call.args[1];
  if (!receiver.entries) return mixed(receiver, preset);
  const exact = key.text === undefined ? undefined : receiver.entries.get(key.text);
  if (exact) return exact;
  return mixed(...receiver.entries.values(), preset);
});
methods('items', (_call, receiver) => {
  if (!receiver.entries) return mixed(receiver);
  const pairs = [...receiver.entries].map(([name, value]) => ({
    ...opaque(CLEAN),
    items: [{ ...opaque(CLEAN), text: name }, value],
  }));
  return { ...opaque(CLEAN), items: pairs, repeated: true };
});
methods('keys', (_call, receiver) =>
  receiver.entries ? { ...opaque(CLEAN), items: [opaque(CLEAN)], repeated: true } : mixed(receiver),
);
methods('values', (_call, receiver) =>
  receiver.entries
    ? { ...opaque(CLEAN), items: [...receiver.entries.values()], repeated: true }
    : mixed(receiver),
);
methods(
  'strip lstrip rstrip lower upper title capitalize casefold encode decode expandtabs ljust rjust center zfill removeprefix removesuffix swapcase',
  (call, receiver) => ({
    ...mixed(receiver, ...call.args),
    ...(receiver.text !== undefined && { text: receiver.text }),
    constant: receiver.constant,
    ...(receiver.markup && { markup: true }),
  }),
);
/** The query with its values put in, escaped by the driver. */
methods('mogrify', ({ args, keywords }) =>
  mixed(args[0], cleaned(mixed(...args.slice(1), ...keywords.values()), 'sql')),
);
methods('replace', (call, receiver) => {
  const [from] = call.args;
  const value = {
    ...mixed(receiver, call.args[1]),
    ...(receiver.text !== undefined && { text: receiver.text }),
  };
  // Escaping by hand may or may not be complete.
  const taint = { ...value.taint };
  if (from?.text === '<' && taint.html > 1) taint.html = 1;
  if (from?.text === "'" && taint.sql > 1) taint.sql = 1;
  return { ...value, taint };
});
methods(
  'isdigit isalnum isalpha isdecimal isnumeric isidentifier startswith endswith count find index rfind hexdigest timestamp isoformat fileno exists',
  (_call, receiver) => cleaned(mixed(receiver), ...PLACES),
);
methods('split rsplit splitlines partition', (_call, receiver) => ({
  ...opaque(CLEAN),
  items: [mixed(receiver)],
  repeated: true,
}));
methods('copy', (_call, receiver) => ({
  ...receiver,
  ...(receiver.items && { items: [...receiver.items] }),
  ...(receiver.entries && { entries: new Map(receiver.entries) }),
}));
