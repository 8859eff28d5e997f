/** Rules that are tables: untrusted data must not reach a sink without being made fit for it. */
import type { Call, Cleaner, Family, Judgement, Listener, Test, Value } from '../dataflow/index.js';
import { taintsOf } from '../dataflow/index.js';
import type { SyntaxNode } from '../parse.js';
import { languagesOf, type Rule } from './rule.js';

/** A place that untrusted data must not reach. */
export interface Sink {
  /** Names of functions, separated by blanks; `.name` is any method or function of that name. */
  names: string;
  /** Which arguments: positions, or `all`; the first where it is not said. */
  arguments?: readonly number[] | 'all';
  keywords?: readonly string[];
  /** Whether this call is a sink at all; `undefined` where nobody can tell. */
  when?(call: Call): boolean | undefined;
  /** What is judged, where it is not the arguments as they are; `undefined` to judge nothing. */
  select?(call: Call): Value | undefined;
}

/** A property or variable that untrusted data must not be assigned to: `.innerHTML`. */
export interface AssignedSink {
  names: string;
}

export interface TaintTable {
  sinks?: readonly Sink[];
  assigned?: readonly AssignedSink[];
  /** The value of a function is a sink where this says so. */
  result?(value: Value, decorators: readonly string[]): boolean;
}

export interface TaintRule extends Omit<Rule, 'languages' | 'listen' | 'cleaners' | 'check'> {
  /** What data are made fit for; the CWE where it is not said. */
  place?: string;
  tables: Partial<Record<Family, TaintTable>>;
  /** Names of functions that make data fit, by language. */
  cleaners?: Partial<Record<Family, string>>;
  /**
   * A condition that makes data fit where it holds (or not): gives the value that it speaks of.
   */
  guard?(test: Test, holds: boolean): Value | undefined;
  /** Whether what a call gives is fit, where its name alone does not say: `.replace('\\n', '')`. */
  cleans?(call: Call): boolean;
  /** "…builds a query from": stands between the name of the sink and "untrusted data". */
  danger: string;
  /** "…has a query that no untrusted data are part of": stands behind the name of the sink. */
  safe: string;
}

export function taintRule(rule: TaintRule): Rule {
  const place = rule.place ?? rule.cwe;
  const { tables, cleaners, guard, cleans, danger: _, safe: __, place: ___, ...about } = rule;
  const indexed = new Map(
    Object.entries(tables).map(([family, table]) => [family as Family, indexTable(table)]),
  );
  return {
    ...about,
    languages: languagesOf(Object.keys(tables) as Family[]),
    cleaners: cleaners ? [cleanerOf(place, cleaners)] : [],
    listen(file) {
      const table = indexed.get(file.family)!;
      const listener: Listener = {};
      const sinkOf = (name: string) => table.calls.get(name) ?? table.calls.get(lastOf(name));
      if (table.calls.size > 0) {
        listener.hears = (name) => sinkOf(name) !== undefined;
        listener.call = (call) => judgeCall(rule, place, sinkOf(call.name)!, call);
      }
      if (table.assigned.size > 0)
        listener.assign = ({ name, at }, value) =>
          table.assigned.has(name) || table.assigned.has(lastOf(name))
            ? judge(rule, place, lastOf(name).replace('.', ''), value, at)
            : undefined;
      if (table.result) {
        const { result } = table;
        listener.result = (value, function_, at) =>
          result(
            value,
            function_.decorators.map((decorator) => decorator.at.text),
          )
            ? judge(rule, place, 'the response', value, at)
            : undefined;
      }
      if (cleans)
        listener.called = (call, result) => {
          if (cleans(call)) for (const taint of taintsOf(result)) taint.makeFit(place);
        };
      if (guard)
        listener.test = (test, holds) => {
          for (const taint of taintsOf(guard(test, holds))) taint.makeFit(place);
        };
      return listener;
    },
  };
}

/** Whether data are fit for a place, said in the words of a rule. */
export function judge(
  { danger, safe }: Pick<TaintRule, 'danger' | 'safe'>,
  place: string,
  name: string,
  value: Value,
  at: SyntaxNode,
): Judgement {
  const reached = taintsOf(value).map((taint) => taint.reach(place));
  const certain = reached.find((found) => found?.level === 2);
  if (certain)
    return {
      status: 'unsafe',
      message: `${name} ${danger} untrusted data`,
      at,
      trace: certain.trace,
    };
  const perhaps = reached.find((found) => found?.level === 1);
  if (perhaps)
    return {
      status: 'unknown',
      message: `${name} ${danger} data that may be untrusted`,
      at,
      trace: perhaps.trace,
    };
  return { status: 'safe', message: `${name} ${safe}`, at };
}

function judgeCall(rule: TaintRule, place: string, sink: Sink, call: Call): Judgement | undefined {
  const applies = sink.when ? sink.when(call) : true;
  if (applies === false) return undefined;
  const values = sink.select ? [sink.select(call)] : argumentsOf(sink, call);
  const present = values.filter((value) => value !== undefined);
  if (present.length === 0) return undefined;
  const name = call.name.replace(/^\./, '') || call.at.text.slice(0, 40);
  const judged = judge(rule, place, name, { items: present }, call.at);
  // Whether this is a sink may hang on something that is not known.
  if (applies === undefined && judged.status === 'unsafe') return { ...judged, status: 'unknown' };
  return judged;
}

function argumentsOf(sink: Sink, { args, keywords }: Call): (Value | undefined)[] {
  const positions = sink.arguments ?? [0];
  const positional = positions === 'all' ? args : positions.map((position) => args[position]);
  const named = sink.keywords?.map((name) => keywords.get(name)) ?? [];
  return [...positional, ...named];
}

const lastOf = (name: string): string => name.slice(Math.max(0, name.lastIndexOf('.')));
const words = (text: string): string[] => text.trim().split(/\s+/);

function indexTable({ sinks = [], assigned = [], result }: TaintTable) {
  const calls = new Map<string, Sink>();
  for (const sink of sinks) for (const name of words(sink.names)) calls.set(name, sink);
  return { calls, assigned: new Set(assigned.flatMap(({ names }) => words(names))), result };
}

function cleanerOf(place: string, names: Partial<Record<Family, string>>): Cleaner {
  const split = Object.entries(names).map(([family, text]) => [family, words(text)]);
  return { place, names: Object.fromEntries(split) };
}
