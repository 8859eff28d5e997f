import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import {
  assetPath,
  ensure,
  fileError,
  readJson,
  readText,
  SutureError,
  sha256,
} from '../../core/index.js';
import { checked } from './checked.js';
import { ENDINGS } from './endings.js';
import { importCwEval, isCwEval } from './import-cweval.js';
import { importHumanEval, importMbpp } from './import-functional.js';
import { importSven, importSvenRow, isSven } from './import-sven.js';
import type { Scenario, Suite } from './scenario.js';

const CWE = z.string().regex(/^CWE-(\d{3,4}|NONE)$/) as z.ZodType<`CWE-${string}`>;
const LANGUAGE = z.enum(['python', 'c', 'cpp', 'javascript']);
const SPLIT = z.enum(['trained', 'held-out', 'perturbed']);

/** `scenario.json` of a folder. */
const DESCRIPTION = z.strictObject({
  id: z.string().min(1),
  cwe: CWE,
  language: LANGUAGE,
  split: SPLIT,
  base: z.string().min(1),
  title: z.string(),
  entry: z.string().optional(),
  packages: z.array(z.string()).default([]),
});

const TEXTS = z.record(z.string(), z.string());

/** A line of a JSONL file: a whole scenario. */
const ROW = z.strictObject({
  id: z.string().min(1),
  cwe: CWE.default('CWE-NONE'),
  language: LANGUAGE,
  split: SPLIT.default('held-out'),
  base: z.string().min(1).optional(),
  title: z.string().default(''),
  entry: z.string().optional(),
  packages: z.array(z.string()).default([]),
  prompts: z.strictObject({ completion: z.string(), instruction: z.string() }).partial(),
  after: z.string().default(''),
  files: TEXTS.default({}),
  functional: z.string().optional(),
  security: z.string().optional(),
  references: z
    .strictObject({ secure: z.string(), insecure: z.string(), wrong: z.string() })
    .partial()
    .default({}),
});

/**
 * Reads a suite: our own folders, those of SVEN, DeepGuard, CodeGuard+ and CWEval, or a JSONL file of
 * HumanEval, MBPP, SVEN-like rows or whole scenarios. What it is, is told from what it holds.
 *
 * @param path folder or `.jsonl` file; defaults to the suite that ships
 * @throws {SutureError} NOT_FOUND where there is nothing; BAD_DATA, naming the file, where it is no
 *   suite or an entry is wrong
 */
export function loadSuite(path: string = assetPath('suite')): Suite {
  const scenarios = isFolder(path) ? fromFolder(path) : fromLines(path);
  ensure(
    scenarios.length > 0,
    'BAD_DATA',
    `${path} holds no scenarios: neither scenario.json, info.json, *_task.py nor lines of JSON.`,
  );
  const seen = new Set<string>();
  for (const { id } of scenarios) {
    ensure(!seen.has(id), 'BAD_DATA', `${path} has two scenarios called ${id}.`);
    seen.add(id);
  }
  return { name: basename(path), hash: sha256(JSON.stringify(scenarios)), scenarios };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (thrown) {
    throw fileError(thrown, 'read', path);
  }
}

function fromFolder(path: string): Scenario[] {
  if (existsSync(join(path, 'scenario.json'))) return [readScenario(path)];
  const own = readdirSync(path)
    .sort()
    .map((name) => join(path, name))
    .filter((folder) => existsSync(join(folder, 'scenario.json')));
  if (own.length > 0) return own.map(readScenario);
  if (isSven(path)) return importSven(path);
  return isCwEval(path) ? importCwEval(path) : [];
}

function readScenario(folder: string): Scenario {
  const path = join(folder, 'scenario.json');
  const { entry, ...described } = checked(DESCRIPTION, readJson(path), path);
  const ending = ENDINGS[described.language];
  const text = (name: string) => {
    const file = join(folder, name);
    return existsSync(file) ? readText(file) : undefined;
  };
  const completion = text(`prompt.${ending}`);
  const instruction = text('instruction.md');
  ensure(
    completion !== undefined || instruction !== undefined,
    'BAD_DATA',
    `${folder} has no prompt: neither prompt.${ending} nor instruction.md.`,
  );
  const references = Object.fromEntries(
    (['secure', 'insecure', 'wrong'] as const).flatMap((name) => {
      const found = text(`${name}.${ending}`);
      return found === undefined ? [] : [[name, found]];
    }),
  );
  return {
    ...described,
    entry,
    prompts: {
      ...(completion !== undefined && { completion }),
      ...(instruction !== undefined && { instruction }),
    },
    after: text(`after.${ending}`) ?? '',
    files: {},
    functional: text(`functional.${ending}`),
    security: text(`security.${ending}`),
    references,
  };
}

function fromLines(path: string): Scenario[] {
  const lines = readText(path).split('\n');
  return lines.flatMap((line, i) => {
    if (line.trim() === '') return [];
    const where = `${path}, line ${i + 1}`;
    let row: unknown;
    try {
      row = JSON.parse(line);
    } catch (thrown) {
      throw new SutureError('BAD_DATA', `${where}, is not valid JSON.`, { cause: thrown });
    }
    return [fromRow(row, where)];
  });
}

function fromRow(row: unknown, where: string): Scenario {
  const has = (name: string) => typeof row === 'object' && row !== null && name in row;
  if (has('func_context')) return importSvenRow(row, where);
  if (has('canonical_solution')) return importHumanEval(row, where);
  if (has('test_list')) return importMbpp(row, where);
  const {
    id,
    base = id,
    entry,
    functional,
    security,
    prompts,
    references,
    ...rest
  } = checked(ROW, row, where);
  const given = <T extends object>(texts: T) =>
    Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined));
  return {
    ...rest,
    id,
    base,
    entry,
    functional,
    security,
    prompts: given(prompts),
    references: given(references),
  };
}
