import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import { taintsOf } from '../dataflow/index.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { safe, unknown, unsafe } from './say.js';

/** What a request gave, whole: all of its fields, whatever they are called. */
const WHOLE =
  /(?:^|\.)(?:body|query|request\.(?:json|form|values|args|data|POST|GET)|get_json\(\)|to_dict\(\)|cleaned_json)$/;
const MODEL =
  /(?:^|\.)(?:create|build|update|updateOne|insertMany|findByIdAndUpdate|findOneAndUpdate|upsert|bulkCreate|set|assign|update_attributes|objects\.create|get_or_create|filter\(\)\.update)$/;

const isWhole = (value: Value | undefined): boolean =>
  taintsOf(value).some((taint) => taint.reach('CWE-915')) &&
  [value, value?.entries?.get('...')].some((inner) => WHOLE.test(inner?.name ?? ''));

function call(call: Call): Judgement | undefined {
  const { name, args, at, receiverText } = call;
  if (name === 'setattr') {
    const reached = taintsOf(args[1]).map((taint) => taint.reach('CWE-915'));
    if (reached.some((found) => found?.level === 2))
      return unsafe(at, 'setattr sets whatever field untrusted data name');
    if (reached.some((found) => found))
      return unknown(at, 'which fields setattr sets is not known');
    return safe(at, 'setattr sets fields that the program names');
  }
  if (
    /\.(?:__dict__|\$?attributes)\.update$/.test(`.${receiverText}.update`) &&
    name.endsWith('.update')
  )
    return taintsOf(args[0]).some((taint) => taint.reach('CWE-915'))
      ? unsafe(at, 'update sets whatever fields untrusted data name')
      : safe(at, 'update sets fields that the program names');
  const constructs = at.type === 'new_expression' || /^(?:[\w.]+\.)?[A-Z]\w*$/.test(name);
  const stores =
    MODEL.test(name) && /^(?:[A-Z]|this|self)|[mM]odel|[uU]ser|objects/.test(receiverText);
  const merges = name === 'Object.assign' && args[0]?.entries === undefined;
  if (!constructs && !stores && !merges) return undefined;
  const spread = at
    .get('arguments')
    ?.named.some(({ type }) => type === 'dictionary_splat' || type === 'spread_element');
  const python = at.type === 'call';
  const whole = args.find((argument) => isWhole(argument));
  if (whole && (!python || spread))
    return unsafe(at, 'all fields that a request holds are taken over');
  const named = args.some(
    ({ entries }) => entries !== undefined && !entries.has('...') && entries.size > 0,
  );
  const listed = python ? stores && call.keywords.size > 0 : (stores || merges) && named;
  return listed ? safe(at, 'the fields that are taken over are named') : undefined;
}

export const massAssignment: Rule = {
  id: 'mass-assignment',
  cwe: 'CWE-915',
  title: 'Fields are set by those who ask',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  catches:
    'Records that take over all fields of a request (`User(**request.json)`, `User.create(req.body)`, `Object.assign(user, req.body)`), and `setattr` with a foreign name.',
  misses: 'Requests that go through a function of another file, and schemas that leave fields out.',
  remedy: 'Name the fields that may be set, one by one or in a list.',
  bad: [
    ...examples(
      'python',
      'def update(user, fields):\n    for name, value in fields.items():\n        setattr(user, name, value)\n',
      'from flask import request\n\ndef create():\n    user = User(**request.json)\n    user.save()\n',
      'def update(user, fields):\n    user.__dict__.update(fields)\n',
    ),
    ...examples(
      'javascript',
      "app.post('/users', async (req, res) => {\n  res.json(await User.create(req.body));\n});\n",
      "app.put('/users/:id', async (req, res) => {\n  const user = await load(req.params.id);\n  Object.assign(user, req.body);\n  await user.save();\n});\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'FIELDS = {"name", "email"}\n\ndef update(user, fields):\n    for name, value in fields.items():\n        if name in FIELDS:\n            setattr(user, name, value)\n',
      'from flask import request\n\ndef create():\n    return User.objects.create(name=request.json["name"], email=request.json["email"])\n',
    ),
    ...examples(
      'javascript',
      "app.post('/users', async (req, res) => {\n  const { name, email } = req.body;\n  res.json(await User.create({ name, email }));\n});\n",
      "app.put('/users/:id', async (req, res) => {\n  const user = await load(req.params.id);\n  Object.assign(user, { name: req.body.name });\n  await user.save();\n});\n",
    ),
  ],
  listen: (): Listener => ({ call }),
};
