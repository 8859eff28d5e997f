/** What the functions of the C library write, return and leave behind, as far as buffers go. */
import type { CRun, LibraryCall, NumberValue, PointerValue, Value } from './flow-c.js';
import { Linear, ZERO } from './linear.js';
import { change } from './trail.js';

type Model = (run: CRun, call: LibraryCall) => Value;

/** Models by function name. */
export const LIBRARY = new Map<string, Model>();

function model(names: string, apply: Model): void {
  for (const name of names.split(' ')) LIBRARY.set(name, apply);
}

function pointer(run: CRun, call: LibraryCall, index: number): PointerValue {
  return run.asPointer(call.args[index] ?? run.constant(0), 'memory');
}

function count(run: CRun, call: LibraryCall, index: number): NumberValue {
  return run.number(call.args[index] ?? run.constant(0));
}

/** Bytes before the NUL, from where the pointer stands. */
function lengthOf(value: PointerValue): Linear {
  return value.block.length.minus(value.offset);
}

/** A write of a text of which nothing but its own length says how long it is. */
function writeUnbounded(run: CRun, call: LibraryCall, target: PointerValue, need: Linear): void {
  run.access('write', target, need, call.line, {
    what: call.name,
    unbounded: `${call.name} writes into ${target.block.name} without a bound`,
    loose: `what ${call.name} writes may be longer than ${target.block.name}`,
  });
}

/** A write that its own argument limits to `bound` bytes. */
function writeBounded(
  run: CRun,
  call: LibraryCall,
  target: PointerValue,
  bound: Linear,
  options: { need?: Linear; or?: Linear; minor?: boolean } = {},
): void {
  const [pointerSize] =
    bound.terms.find(([{ name }]) => name.endsWith('the size of a pointer')) ?? [];
  const wrong = pointerSize
    ? `the bound of ${call.name} is ${pointerSize.name}`
    : `the bound of ${call.name} is not limited to the size of ${target.block.name}`;
  run.access('write', target, options.need ?? bound, call.line, {
    what: call.name,
    unbounded: wrong,
    loose: wrong,
    bound,
    ...(options.or && { or: options.or }),
    ...(options.minor && { minor: true }),
  });
}

/** The block of the target now ends `after` bytes behind where the pointer stands, at the latest. */
function leaves(run: CRun, target: PointerValue, after: Linear | undefined): void {
  run.setLength(target.block, after && target.offset.plus(after));
}

function taint(target: PointerValue, ...sources: (Value | undefined)[]): void {
  const trusted = sources.every((source) => source?.kind === 'pointer' && source.block.trusted);
  if (target.block.literal === undefined) change(target.block, 'trusted', trusted);
}

const DIRECTIVE =
  /%([-+ #0']*)(\*|\d+)?(?:\.(\*|\d*))?(?:hh|h|ll|l|j|z|t|L)?([diouxXcsfFeEgGaApnm%])/g;

/** Number of arguments that a format consumes. */
export function formatArity(format: string): number {
  let arity = 0;
  for (const [, , width, precision, conversion] of format.matchAll(DIRECTIVE)) {
    if (width === '*') arity++;
    if (precision === '*') arity++;
    if (conversion !== '%' && conversion !== 'm') arity++;
  }
  return arity;
}

/** Digits of a number that is known to lie in a range; otherwise those of its type. */
function digitsOf(run: CRun, value: Value | undefined, widest: number): number {
  if (value?.kind !== 'number') return widest;
  if (value.form.value !== undefined) return String(value.form.value).length;
  if (!run.facts.prove(value.form.times(-1))) return widest;
  for (let digits = 1; digits < 10; digits++)
    if (run.facts.prove(value.form.minus(10 ** digits - 1))) return digits;
  return widest;
}

/**
 * Bytes that a format can print, without the NUL, and whether all of its text is the program's own.
 * Without a literal format nothing limits it.
 */
function printed(run: CRun, call: LibraryCall, at: number): { length: Linear; trusted: boolean } {
  const format = call.args[at];
  const text = format?.kind === 'pointer' ? format.block.literal : undefined;
  const unlimited = () => run.fresh(`the output of ${call.name}`, { unsigned: true }).form;
  if (text === undefined || call.name.startsWith('v'))
    return { length: unlimited(), trusted: false };
  let next = at + 1;
  let trusted = true;
  const literal = text.replace(DIRECTIVE, '').length;
  let length = new Linear(literal);
  for (const [whole, flags, width, precision, conversion] of text.matchAll(DIRECTIVE)) {
    const star = (): NumberValue => count(run, call, next++);
    const minimum = width === '*' ? star().form : new Linear(Number(width ?? 0));
    const limit =
      precision === undefined
        ? undefined
        : precision === '*'
          ? star().form
          : new Linear(Number(precision));
    if (conversion === '%') {
      length = length.plus(1);
      continue;
    }
    if (conversion === 'm') {
      length = length.plus(unlimited());
      continue;
    }
    const argument = call.args[next++];
    let part: Linear;
    const long = /l|j|z|t/.test(whole.slice(0, -1));
    switch (conversion) {
      case 's': {
        const source = run.asPointer(argument ?? run.constant(0), 'a string');
        trusted &&= source.block.trusted;
        part = lengthOf(source);
        if (limit && !run.facts.prove(part.minus(limit))) part = limit;
        break;
      }
      case 'c':
        part = new Linear(1);
        trusted = false;
        break;
      case 'd':
      case 'i':
        part = new Linear(digitsOf(run, argument, long ? 20 : 11));
        break;
      case 'u':
        part = new Linear(digitsOf(run, argument, long ? 20 : 10));
        break;
      case 'x':
      case 'X':
        part = new Linear((long ? 16 : 8) + (flags?.includes('#') ? 2 : 0));
        break;
      case 'o':
        part = new Linear((long ? 22 : 11) + 1);
        break;
      case 'p':
        part = new Linear(18);
        break;
      case 'n':
        part = ZERO;
        break;
      case 'f':
      case 'F':
        part = (limit ?? new Linear(6)).plus(311);
        break;
      default:
        part = (limit ?? new Linear(6)).plus(26);
    }
    if (conversion !== 's' && limit && 'diouxX'.includes(conversion ?? ''))
      part = part.plus(limit.value === undefined || limit.value > (part.value ?? 0) ? limit : 0);
    const wider = run.facts.prove(minimum.minus(part));
    length = length.plus(
      wider
        ? part
        : part.value !== undefined && run.facts.prove(part.minus(minimum))
          ? minimum
          : part.plus(minimum),
    );
  }
  return { length, trusted };
}

/** CWE-134: the format of a call has to be text of the program. */
function judgeFormat(run: CRun, call: LibraryCall, at: number): void {
  const format = call.args[at];
  if (format === undefined) return;
  const trusted = format.kind === 'pointer' && format.block.trusted;
  const name = format.kind === 'pointer' ? format.block.name : 'a value';
  if (trusted) run.report('format', 'safe', call.line, `the format of ${call.name} is a literal`);
  else
    run.report(
      'format',
      'unsafe',
      call.line,
      `the format of ${call.name} is ${name}, not a literal`,
    );
}

/** Text goes out without being read as a format. */
function output(run: CRun, call: LibraryCall): Value {
  run.report('output', 'safe', call.line, `${call.name} takes no format`);
  return run.fresh(`${call.name}()`);
}

// --- formatted output -------------------------------------------------------------------------

const FORMATS: [string, number][] = [
  ['printf vprintf wprintf warn warnx vwarn vwarnx printk', 0],
  ['fprintf vfprintf dprintf vdprintf fwprintf syslog vsyslog err errx verr verrx', 1],
  ['error', 2],
];
for (const [functions, at] of FORMATS)
  model(functions, (run, call) => {
    judgeFormat(run, call, at);
    return run.fresh(`${call.name}()`);
  });

model('asprintf vasprintf', (run, call) => {
  judgeFormat(run, call, 1);
  run.report('write', 'safe', call.line, `${call.name} allocates what it writes`);
  return run.fresh(`${call.name}()`);
});

model('sprintf vsprintf', (run, call) => {
  judgeFormat(run, call, 1);
  const target = pointer(run, call, 0);
  const { length, trusted } = printed(run, call, 1);
  writeUnbounded(run, call, target, length.plus(1));
  leaves(run, target, length);
  change(target.block, 'trusted', trusted);
  return run.fresh(`${call.name}()`, { atLeast: 0, atMost: length });
});

model('snprintf vsnprintf', (run, call) => {
  judgeFormat(run, call, 2);
  const bound = count(run, call, 1).form;
  const { length, trusted } = printed(run, call, 2);
  // What it would have written, had there been room: this may well be more than the bound.
  const result = run.fresh(`${call.name}()`, { atLeast: 0, atMost: length });
  if (call.args[0]?.kind !== 'pointer') return result;
  const target = pointer(run, call, 0);
  writeBounded(run, call, target, bound);
  leaves(run, target, bound.minus(1));
  run.facts.add(target.block.length.minus(target.offset).minus(length));
  change(target.block, 'trusted', trusted);
  return result;
});

// --- strings ----------------------------------------------------------------------------------

model('strcpy stpcpy', (run, call) => {
  const [target, source] = [pointer(run, call, 0), pointer(run, call, 1)];
  const length = lengthOf(source);
  writeUnbounded(run, call, target, length.plus(1));
  leaves(run, target, length);
  taint(target, source);
  return call.name === 'stpcpy' ? { ...target, offset: target.offset.plus(length) } : target;
});

model('strncpy stpncpy strlcpy', (run, call) => {
  const [target, source] = [pointer(run, call, 0), pointer(run, call, 1)];
  const bound = count(run, call, 2).form;
  const length = lengthOf(source);
  writeBounded(run, call, target, bound);
  leaves(run, target, bound);
  run.facts.add(target.block.length.minus(target.offset).minus(length));
  taint(target, source);
  return call.name === 'strlcpy' ? run.constant(length, true) : target;
});

model('strcat', (run, call) => {
  const [target, source] = [pointer(run, call, 0), pointer(run, call, 1)];
  const length = lengthOf(target).plus(lengthOf(source));
  writeUnbounded(run, call, target, length.plus(1));
  leaves(run, target, length);
  taint(target, target, source);
  return target;
});

model('strncat', (run, call) => {
  const [target, source] = [pointer(run, call, 0), pointer(run, call, 1)];
  const bound = count(run, call, 2).form;
  const before = lengthOf(target);
  const added = lengthOf(source);
  // It appends up to `bound` bytes and then a NUL.
  writeBounded(run, call, target, bound, {
    need: before.plus(bound).plus(1),
    or: before.plus(added).plus(1),
  });
  leaves(run, target, before.plus(bound));
  run.facts.add(target.block.length.minus(target.offset).minus(before).minus(added));
  taint(target, target, source);
  return target;
});

model('strlcat', (run, call) => {
  const [target, source] = [pointer(run, call, 0), pointer(run, call, 1)];
  writeBounded(run, call, target, count(run, call, 2).form);
  const length = lengthOf(target).plus(lengthOf(source));
  leaves(run, target, length);
  taint(target, target, source);
  return run.constant(length, true);
});

model('strlen', (run, call) => run.constant(lengthOf(pointer(run, call, 0)), true));

model('strnlen', (run, call) => {
  const result = run.fresh('strnlen()', { unsigned: true, atMost: count(run, call, 1).form });
  run.facts.add(result.form.minus(lengthOf(pointer(run, call, 0))));
  return result;
});

model('strcspn strspn', (run, call) =>
  run.fresh(`${call.name}()`, { unsigned: true, atMost: lengthOf(pointer(run, call, 0)) }),
);

model('strchr strrchr strstr strpbrk memchr strcasestr', (run, call) => {
  const source = pointer(run, call, 0);
  const at = run.fresh(`${call.name}()`, { unsigned: true, atMost: lengthOf(source) });
  return { ...source, offset: source.offset.plus(at.form) };
});

model('strtok', (run) => run.pointer(run.block('strtok()', undefined)));

model('strdup strndup', (run, call) => {
  const source = pointer(run, call, 0);
  run.report('write', 'safe', call.line, `${call.name} allocates what it writes`);
  const length = lengthOf(source);
  return run.pointer(run.block(`${call.name}()`, length.plus(1), { length }));
});

model('getenv', (run) => run.pointer(run.block('getenv()', undefined)));
model('gettext _ N_', (run, call) => call.args[0] ?? run.constant(0));

// --- memory -----------------------------------------------------------------------------------

model('memcpy memmove mempcpy', (run, call) => {
  const [target, source] = [pointer(run, call, 0), pointer(run, call, 1)];
  const bound = count(run, call, 2).form;
  writeBounded(run, call, target, bound);
  if (source.block.declared && source.block.literal === undefined)
    run.access('read', source, bound, call.line, {
      what: call.name,
      unbounded: `${call.name} may read beyond ${source.block.name}`,
      loose: `${call.name} may read beyond ${source.block.name}`,
    });
  leaves(run, target, undefined);
  taint(target, source);
  return target;
});

model('memset explicit_bzero bzero', (run, call) => {
  const target = pointer(run, call, 0);
  writeBounded(run, call, target, count(run, call, call.name === 'memset' ? 2 : 1).form, {
    minor: true,
  });
  const filler = call.name === 'memset' ? call.args[1] : run.constant(0);
  leaves(run, target, filler?.kind === 'number' && filler.form.value === 0 ? ZERO : undefined);
  return target;
});

model('memcpy_s strcpy_s strcat_s', (run, call) => {
  const target = pointer(run, call, 0);
  writeBounded(run, call, target, count(run, call, 1).form);
  leaves(run, target, undefined);
  taint(target, call.args[2]);
  return run.fresh(`${call.name}()`);
});

model('malloc alloca xmalloc', (run, call) => allocated(run, count(run, call, 0).form));
model('realloc', (run, call) => allocated(run, count(run, call, 1).form));
model('calloc', (run, call) => allocated(run, product(run, call, 0, 1), ZERO));
model('free', (run) => run.constant(0));

function allocated(run: CRun, capacity: Linear, length?: Linear): PointerValue {
  return run.pointer(
    run.block('the allocation', capacity, {
      declared: true,
      allocated: true,
      ...(length && { length }),
    }),
  );
}

function product(run: CRun, call: LibraryCall, a: number, b: number): Linear {
  const [x, y] = [count(run, call, a).form, count(run, call, b).form];
  if (x.value !== undefined) return y.times(x.value);
  if (y.value !== undefined) return x.times(y.value);
  return run.fresh('a product', { opaque: true, unsigned: true }).form;
}

// --- input ------------------------------------------------------------------------------------

model('gets', (run, call) => {
  const target = pointer(run, call, 0);
  run.report('write', 'unsafe', call.line, `gets reads into ${target.block.name} without a bound`, {
    unbounded: true,
  });
  leaves(run, target, undefined);
  taint(target, undefined);
  return target;
});

model('fgets', (run, call) => {
  const target = pointer(run, call, 0);
  const bound = count(run, call, 1).form;
  writeBounded(run, call, target, bound);
  leaves(run, target, bound.minus(1));
  // Where it reads nothing it returns NULL; input is taken to hold no NUL.
  run.facts.add(new Linear(1).minus(target.block.length));
  taint(target, undefined);
  return target;
});

model('fread', (run, call) => {
  const target = pointer(run, call, 0);
  writeBounded(run, call, target, product(run, call, 1, 2));
  leaves(run, target, undefined);
  taint(target, undefined);
  return run.fresh('fread()', { unsigned: true, atMost: count(run, call, 2).form });
});

/** Functions that write `bound` bytes of input, with the index of target and bound. */
const INPUTS: [string, number, number][] = [
  ['read recv recvfrom pread', 1, 2],
  ['readlink', 1, 2],
  ['getcwd gethostname getrandom getdomainname', 0, 1],
  ['strftime', 0, 1],
  ['inet_ntop', 2, 3],
];
for (const [functions, at, limit] of INPUTS)
  model(functions, (run, call) => {
    const target = pointer(run, call, at);
    const bound = count(run, call, limit).form;
    writeBounded(run, call, target, bound);
    leaves(run, target, undefined);
    taint(target, undefined);
    return run.fresh(`${call.name}()`, { atLeast: -1, atMost: bound });
  });

model('getline getdelim', (run, call) => {
  run.report('write', 'safe', call.line, `${call.name} allocates what it writes`);
  return run.fresh(`${call.name}()`);
});

const SCAN = /%(\*?)(\d+)?(?:hh|h|ll|l|j|z|t|L)?(m?)(s|c|\[\^?\]?[^\]]*\]|[diouxXfFeEgGaApn%])/g;

/** Number of arguments that a scanf format fills. */
export function scanArity(format: string): number {
  return [...format.matchAll(SCAN)].filter(([, skip, , , kind]) => !skip && kind !== '%').length;
}

const SCANS: [string, number][] = [
  ['scanf vscanf', 0],
  ['fscanf sscanf', 1],
];
for (const [functions, at] of SCANS)
  model(functions, (run, call) => {
    const format = call.args[at];
    const text = format?.kind === 'pointer' ? format.block.literal : undefined;
    const source = call.name === 'sscanf' ? lengthOf(pointer(run, call, 0)) : undefined;
    if (text === undefined)
      run.report('write', 'unknown', call.line, `the format of ${call.name} is not known`);
    let next = at + 1;
    for (const [, skip, width, allocates, conversion] of (text ?? '').matchAll(SCAN)) {
      if (skip || conversion === '%') continue;
      const target = pointer(run, call, next++);
      if (!conversion || !'s[c'.includes(conversion[0]!)) continue;
      if (allocates) {
        run.report('write', 'safe', call.line, `${call.name} allocates what it writes`);
        continue;
      }
      const isText = conversion !== 'c';
      if (!isText && width === undefined) continue;
      const limit = width === undefined ? source : new Linear(Number(width));
      const length = limit ?? run.fresh(`the input of ${call.name}`, { unsigned: true }).form;
      run.access('write', target, length.plus(isText ? 1 : 0), call.line, {
        what: call.name,
        unbounded: `${call.name} reads a text into ${target.block.name} without a width`,
        loose: `the width that ${call.name} reads does not fit ${target.block.name}`,
      });
      leaves(run, target, length);
      taint(target, undefined);
    }
    return run.fresh(`${call.name}()`);
  });

// --- text out, and numbers ----------------------------------------------------------------------

model('puts fputs fputc putc putchar write fwrite send perror fputws', output);

model('atoi atol atoll strtol strtoll getc fgetc getchar rand random', (run, call) =>
  run.fresh(`${call.name}()`),
);
model('strtoul strtoull time', (run, call) => run.fresh(`${call.name}()`, { unsigned: true }));

model('MIN min fmin', (run, call) => {
  const [a, b] = [count(run, call, 0), count(run, call, 1)];
  const result = run.fresh(`${call.name}()`, {
    unsigned: a.unsigned && b.unsigned,
    atMost: a.form,
  });
  run.facts.add(result.form.minus(b.form));
  for (const limit of [a, b]) if (!run.facts.prove(limit.form.times(-1))) return result;
  run.facts.add(result.form.times(-1));
  return result;
});

model('MAX max fmax', (run, call) => {
  const result = run.fresh(`${call.name}()`, { atLeast: count(run, call, 0).form });
  run.facts.add(count(run, call, 1).form.minus(result.form));
  return result;
});

model('abs labs', (run, call) => {
  const { form } = count(run, call, 0);
  if (run.facts.prove(form.times(-1))) return run.constant(form);
  return run.fresh(`${call.name}()`, { atLeast: 0 });
});

// Characters are tested and changed without touching memory.
model(
  'isalnum isalpha isdigit isspace isupper islower isprint isxdigit ispunct toupper tolower strcmp strncmp strcasecmp strncasecmp memcmp fflush fclose assert',
  (run, call) => run.fresh(`${call.name}()`),
);
