import type { Call } from '../dataflow/index.js';
import { examples } from './rule.js';
import { taintRule } from './taint.js';

/** `yaml.load` is safe with a loader that makes plain data only. */
const unsafeLoader = ({ args, keywords }: Call): boolean | undefined => {
  const loader = args[1] ?? keywords.get('Loader');
  if (!loader) return true;
  return loader.name === undefined ? undefined : !/Safe|Base/.test(loader.name);
};

export const deserialization = taintRule({
  id: 'unsafe-deserialization',
  cwe: 'CWE-502',
  title: 'Deserialisation of untrusted data',
  severity: 'critical',
  catches:
    'Untrusted data given to a format that can make any object: pickle, marshal, YAML with the full loader, node-serialize.',
  misses: 'Data that are signed first and checked in another file.',
  remedy: 'Use a format of plain data: `json.loads`, `yaml.safe_load`, `JSON.parse`.',
  danger: 'makes objects of',
  safe: 'makes objects of no untrusted data',
  tables: {
    python: {
      sinks: [
        {
          names:
            'pickle.loads pickle.load cPickle.loads cPickle.load _pickle.loads dill.loads dill.load marshal.loads marshal.load shelve.open jsonpickle.decode joblib.load pandas.read_pickle yaml.unsafe_load yaml.full_load yaml.unsafe_load_all',
        },
        { names: 'yaml.load yaml.load_all', when: unsafeLoader },
        // Plain data only: shown safe by what it is.
        { names: 'yaml.safe_load json.loads json.load ast.literal_eval', select: () => ({}) },
      ],
    },
    javascript: {
      sinks: [
        {
          names:
            'node-serialize.unserialize serialize-to-js.deserialize funcster.deepDeserialize cryo.parse v8.deserialize',
        },
        {
          names: 'js-yaml.load',
          when: ({ args }) =>
            /DEFAULT_FULL|unsafe/i.test(args[1]?.entries?.get('schema')?.name ?? ''),
        },
        { names: 'JSON.parse', select: () => ({}) },
      ],
    },
  },
  bad: [
    ...examples(
      'python',
      'import pickle\n\ndef load(data):\n    return pickle.loads(data)\n',
      'import yaml\n\ndef load(text):\n    return yaml.load(text, Loader=yaml.Loader)\n',
    ),
    ...examples(
      'javascript',
      "const serialize = require('node-serialize');\nfunction load(cookie) {\n  return serialize.unserialize(Buffer.from(cookie, 'base64').toString());\n}\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'import yaml\n\ndef load(text):\n    return yaml.safe_load(text)\n',
      'import json\n\ndef load(text):\n    return json.loads(text)\n',
    ),
    ...examples('javascript', 'function load(text) {\n  return JSON.parse(text);\n}\n'),
  ],
});
