/** What functions make of data, by language: tables that the flow looks calls up in. */
import { change } from '../trail.js';
import type { SourceLanguage } from '../types.js';
import type { Call } from './flow.js';
import { derived, elementOf, HOLE, step, Taint, taintsOf, textOf, type Value } from './values.js';

/** What a model may do beside looking at its call. */
export interface Tools {
  /** Puts data into a container or buffer. */
  pour(into: Value, from: readonly (Value | undefined)[]): void;
  /** Something that an outsider chose. */
  source(): Value;
  invoke(callback: NonNullable<Value['function']>, args: readonly Value[]): Value;
}

export type Model = (call: Call, tools: Tools) => Value | undefined;

export interface Models {
  /** By full name, or by `.name` for any function or method that ends in it. */
  calls: ReadonlyMap<string, Model>;
  /** Names of data that an outsider chooses, e.g. `sys.argv`. */
  sources: ReadonlySet<string>;
}

export type Family = 'python' | 'javascript' | 'c';

/** C and C++ share their tables, and so do JavaScript and TypeScript. */
export function familyOf(language: SourceLanguage): Family {
  if (language === 'python') return 'python';
  return language === 'c' || language === 'cpp' ? 'c' : 'javascript';
}

export function modelOf(models: Models, name: string): Model | undefined {
  return models.calls.get(name) ?? models.calls.get(name.slice(name.lastIndexOf('.')));
}

/** Functions that make data fit for a place, by language. A name may begin with `.`. */
export interface Cleaner {
  place: string;
  names: Partial<Record<Family, readonly string[]>>;
}

/** The tables of a language, with what rules say makes data fit for their places. */
export function modelsOf(family: Family, cleaners: readonly Cleaner[]): Models {
  const calls = new Map(TABLES[family].calls);
  const fits = new Map<string, string[]>();
  for (const { place, names } of cleaners)
    for (const name of names[family] ?? []) fits.set(name, [...(fits.get(name) ?? []), place]);
  for (const [name, places] of fits) {
    const before = calls.get(name);
    calls.set(name, (call, tools) => cleaned(before?.(call, tools) ?? all(call), places, call));
  }
  return { calls, sources: TABLES[family].sources };
}

/** The same data, fit for some places. */
function cleaned(value: Value, places: readonly string[], call: Call): Value {
  const parents = taintsOf(value);
  if (parents.length === 0) return value;
  const taint = new Taint(() => step(call.at, `${call.name} makes it fit`), parents);
  for (const place of places) taint.makeFit(place);
  const { items: _, entries: __, ...rest } = value;
  return { ...rest, taint };
}

const all = (call: Call): Value =>
  derived(call.at, [call.receiver, ...call.args, ...call.keywords.values()]);

// --- kinds of functions -------------------------------------------------------------------------

/** Gives nothing of its arguments on: numbers, truths, digests. */
const harmless: Model = () => ({});
/** Gives its first argument, or its receiver, on as it is. */
const same: Model = (call) => {
  const value = call.receiver && call.name.startsWith('.') ? call.receiver : call.args[0];
  return (
    value && {
      ...derived(call.at, [value]),
      ...(value.text !== undefined && { text: value.text }),
      ...(value.items && { items: value.items, ...(value.repeated && { repeated: true }) }),
    }
  );
};
const source: Model = (_, tools) => tools.source();
const element: Model = (call) => elementOf(call.receiver ?? call.args[0] ?? {}, call.at);
const appends: Model = (call, tools) => {
  if (call.receiver) tools.pour(call.receiver, call.args);
  return {};
};
const splits: Model = (call) => ({
  items: [derived(call.at, [call.receiver, ...call.args])],
  repeated: true,
});

const joins: Model = (call) => {
  const own = call.receiver?.items ? call.receiver : call.args[0];
  const glue = own === call.receiver ? call.args[0] : call.receiver;
  const items = own?.items ?? [own];
  const parts = items.map(textOf).join(textOf(glue));
  return derived(call.at, [glue, ...items], { text: own?.repeated ? `${parts}${HOLE}` : parts });
};

const formats: Model = (call) => {
  const template = textOf(call.receiver);
  let next = 0;
  const text = template.replace(/\{(\w*)[^{}]*\}/g, (_, key: string) =>
    textOf(
      /^\d*$/.test(key) ? call.args[key === '' ? next++ : Number(key)] : call.keywords.get(key),
    ),
  );
  return derived(call.at, [call.receiver, ...call.args, ...call.keywords.values()], { text });
};

/** Writes arguments from `from` on into its first argument. */
const fills =
  (from: number, into = 0): Model =>
  (call, tools) => {
    const target = call.args[into];
    if (target) tools.pour(target, call.args.slice(from));
    return target;
  };

/** `sprintf(buf, format, ...)`: numbers carry no text on. */
const prints =
  (format: number): Model =>
  (call, tools) => {
    const target = call.args[0];
    const template = call.args[format];
    if (!target || !template) return {};
    const kept: (Value | undefined)[] = [template];
    let next = format + 1;
    const text = textOf(template).replace(
      /%[-+ #0]*[\d.*]*(?:hh?|ll?|[zjtL])?([a-zA-Z%])/g,
      (_, type: string) => {
        if (type === '%') return '%';
        const value = call.args[next++];
        if ('sS@'.includes(type)) kept.push(value);
        return HOLE;
      },
    );
    tools.pour(target, kept);
    change(target, 'text', text);
    return {};
  };

/** Fills buffers with what came from outside. */
const receives =
  (...targets: number[]): Model =>
  (call, tools) => {
    const outside = tools.source();
    for (const target of targets.flatMap((index) =>
      index < 0 ? call.args.slice(-index) : [call.args[index]],
    ))
      if (target) tools.pour(target, [outside]);
    return outside;
  };

/** Calls a function with the elements of its receiver. */
const maps: Model = (call, tools) => {
  const [callback, ...others] = call.args;
  const given = elementOf(call.receiver ?? {}, call.at);
  if (!callback?.function) return undefined;
  const result = tools.invoke(callback.function, [given, ...others]);
  return { items: [result], repeated: true };
};
const filters: Model = (call, tools) => {
  const given = elementOf(call.receiver ?? {}, call.at);
  if (call.args[0]?.function) tools.invoke(call.args[0].function, [given]);
  return { items: [given], repeated: true };
};

function table(rows: Record<string, Model>): Map<string, Model> {
  const calls = new Map<string, Model>();
  for (const [names, model] of Object.entries(rows))
    for (const name of names.trim().split(/\s+/)) calls.set(name, model);
  return calls;
}
const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

const TABLES: Record<Family, Models> = {
  python: {
    calls: table({
      'int float bool len ord hash abs round isinstance issubclass callable id range divmod hasattr all any complex uuid.UUID uuid.uuid4 time.time decimal.Decimal datetime.datetime.now os.getpid os.path.exists os.path.isfile os.path.isdir os.path.getsize logging.getLogger secrets.token_hex secrets.token_urlsafe ipaddress.ip_address':
        harmless,
      '.isdigit .isalnum .isalpha .isdecimal .isnumeric .isidentifier .startswith .endswith .count .find .index .rfind .hexdigest .digest .timestamp .isoformat .fileno .exists .fullmatch':
        harmless,
      'str repr ascii bytes bytearray list tuple set frozenset sorted reversed iter copy.copy copy.deepcopy textwrap.dedent .strip .lstrip .rstrip .lower .upper .title .capitalize .casefold .encode .decode .removeprefix .removesuffix .copy .expanduser':
        same,
      'input raw_input sys.stdin.read sys.stdin.readline sys.stdin.readlines os.getenv os.environ.get':
        source,
      '.format .format_map': formats,
      '.join': joins,
      '.split .rsplit .splitlines .partition .rpartition shlex.split': splits,
      '.append .add .insert .appendleft .extend .update .write .push': appends,
      'next max min .pop .popitem .setdefault': element,
      'os.path.join posixpath.join': (call) =>
        derived(call.at, call.args, { text: call.args.map(textOf).join('/') }),
      '.get': (call) => {
        const { receiver, args } = call;
        const entry =
          args[0]?.text === undefined ? undefined : receiver?.entries?.get(args[0].text);
        // A table of the program's own gives the program's own values.
        const value = entry ?? (receiver && elementOf(receiver, call.at)) ?? {};
        return args[1] ? derived(call.at, [value, args[1]]) : value;
      },
      '.items': ({ receiver = {}, at }) => {
        const value = elementOf(receiver, at);
        // Keys that the program did not write down are as foreign as the values.
        return { items: [{ items: [receiver.entries ? {} : value, value] }], repeated: true };
      },
      enumerate: ({ args, at }) => ({
        items: [{ items: [{}, elementOf(args[0] ?? {}, at)] }],
        repeated: true,
      }),
      '.keys': (call) => (call.receiver?.entries ? {} : undefined),
      '.values': (call) =>
        call.receiver?.entries
          ? { items: [...call.receiver.entries.values()], repeated: true }
          : undefined,
      zip: (call) => ({
        items: [{ items: call.args.map((argument) => elementOf(argument, call.at)) }],
        repeated: true,
      }),
      dict: (call) => ({ entries: new Map([...(call.args[0]?.entries ?? []), ...call.keywords]) }),
      're.compile': (call) =>
        call.args[0]?.text === undefined ? undefined : { pattern: call.args[0].text },
      're.sub': (call) => {
        const [pattern, replacement, text] = call.args;
        // Removing all but some characters is a list of what is allowed.
        const keeps = /^\[\^(?:[\w\s-]|\\[wd.-])+\]\+?$/.test(pattern?.text ?? '');
        return keeps ? {} : derived(call.at, [replacement, text], { doubtful: true });
      },
    }),
    sources: words(
      'sys.argv os.environ flask.request flask.request.args flask.request.form flask.request.json flask.request.values flask.request.data flask.request.cookies flask.request.headers flask.request.files bottle.request request',
    ),
  },
  javascript: {
    calls: table({
      'parseInt parseFloat Number Boolean isNaN BigInt Date.now Math.floor Math.round Math.random Array.isArray crypto.randomUUID .indexOf .includes .startsWith .endsWith .test .has .localeCompare .getTime .toFixed .every .some':
        harmless,
      'String Object Promise.resolve util.promisify structuredClone Array.from Object.freeze Object.assign Buffer.from .toString .trim .trimStart .trimEnd .toLowerCase .toUpperCase .slice .substring .substr .normalize .valueOf .reverse .sort .flat .json .text':
        same,
      prompt: source,
      '.concat path.join path.posix.join': (call) =>
        derived(call.at, [call.receiver, ...call.args], {
          text: [...(call.name === '.concat' ? [call.receiver] : []), ...call.args]
            .map(textOf)
            .join(call.name === '.concat' ? '' : '/'),
        }),
      '.join': joins,
      '.split .match .matchAll': splits,
      '.push .unshift .add .append': appends,
      '.set': (call, tools) => {
        if (call.receiver) tools.pour(call.receiver, call.args.slice(1));
        return call.receiver;
      },
      '.pop .shift .at .get': element,
      '.map .flatMap': maps,
      '.filter .find': filters,
      '.forEach .then': maps,
      'Object.keys': (call) =>
        call.args[0]?.entries ? { items: [{}], repeated: true } : undefined,
      'Object.values': (call) =>
        call.args[0]?.entries
          ? { items: [...call.args[0].entries.values()], repeated: true }
          : undefined,
      require: (call) =>
        call.args[0]?.text === undefined
          ? undefined
          : { name: call.args[0].text.replace(/^node:/, '') },
      RegExp: (call) =>
        call.args[0]?.text === undefined ? undefined : { pattern: call.args[0].text },
      '.replace .replaceAll': (call) => {
        const [pattern] = call.args;
        const keeps = /^\/?\[\^(?:[\w\s-]|\\[wd.-])+\]\+?(?:\/[a-z]*g[a-z]*)?$/.test(
          pattern?.pattern ?? '',
        );
        // Escaping by hand may or may not be complete.
        return keeps
          ? {}
          : derived(call.at, [call.receiver, call.args[1]], {
              doubtful: pattern?.pattern !== undefined,
            });
      },
    }),
    sources: words(
      'process.argv process.env location.hash location.search location.href window.location window.location.hash window.location.search window.location.href document.location document.URL document.referrer document.cookie window.name',
    ),
  },
  c: {
    calls: table({
      'atoi atol atoll atof strtol strtoul strtoll strtoull strtod strlen strcmp strncmp strcasecmp memcmp access stat lstat isdigit isalnum isalpha std::stoi std::stol .size .length .empty .find':
        harmless,
      'likely unlikely __builtin_expect': (call) => call.args[0],
      'strdup strndup realpath basename dirname strchr strrchr strstr .c_str .str .data .substr std::string std::move':
        same,
      getenv: source,
      'gets fgets read recv recvfrom getline': (call, tools) =>
        receives(call.name === 'gets' || call.name === 'fgets' || call.name === 'getline' ? 0 : 1)(
          call,
          tools,
        ),
      fread: receives(0),
      scanf: receives(-1),
      fscanf: receives(-2),
      sscanf: (call, tools) => {
        for (const target of call.args.slice(2)) tools.pour(target, [call.args[0]]);
        return {};
      },
      'strcpy strncpy strcat strncat stpcpy memcpy memmove strlcpy strlcat': fills(1),
      sprintf: prints(1),
      'snprintf vsnprintf': prints(2),
      asprintf: prints(1),
      '.append .push_back .emplace_back .insert': appends,
    }),
    sources: words('argv environ'),
  },
};
