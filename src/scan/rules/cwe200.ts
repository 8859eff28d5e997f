import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { safe, unsafe } from './say.js';

const ANSWERS =
  /(?:^|\.)(?:jsonify|make_response|Response|HttpResponse|JsonResponse|JSONResponse|render_template|render)$/;
const SENDS = /^(?:res|response|reply)(?:\.\w+\([^)]*\))*$/;
const SECRET =
  /^(?:.*_)?(?:passw(?:or)?d(?:_hash)?|passwd|secret(?:_key)?|ssn|private_?key|api_?key|credit_?card(?:_number)?|cvv)$/i;
const isSecret = (name: string): boolean => SECRET.test(name.replace(/([a-z])([A-Z])/g, '$1_$2'));
const ENVIRONMENT = /^(?:os\.environ|process\.env)(?:\(\)|\.copy\(\))?$/;
/** Folders that hold more than pages. */
const ROOTS = /^(?:\.|\.\/|\/|\.\.|__dirname|~)$/;

function holds(value: Value, at: Call['at']): string | undefined {
  for (const inner of [value, ...(value.items ?? []), ...(value.entries?.values() ?? [])])
    if (ENVIRONMENT.test(inner.name ?? '')) return 'the environment';
  for (const key of value.entries?.keys() ?? []) if (isSecret(key)) return key;
  const member = at
    .get('arguments')
    ?.walk((node) => /^call/.test(node.type))
    .find((node) => /^(?:attribute|property)$/.test(node.field ?? '') && isSecret(node.text));
  return member?.text;
}

function call({ name, args, keywords, at, receiverText }: Call): Judgement | undefined {
  if (
    name === 'express.static' ||
    name === 'serve-static' ||
    name === 'serve-index' ||
    name === 'koa-static'
  ) {
    const folder = args[0]?.text ?? args[0]?.name ?? '';
    if (name === 'serve-index') return unsafe(at, 'anyone may list the files');
    return ROOTS.test(folder)
      ? unsafe(at, `${name} serves all of the program`)
      : safe(at, `${name} serves a folder of its own`);
  }
  const sends = /\.(?:send|json|end|write)$/.test(name) && SENDS.test(receiverText);
  if (!sends && !ANSWERS.test(name)) return undefined;
  for (const value of [...args, ...keywords.values()]) {
    const what = holds(value, at);
    if (what !== undefined) return unsafe(at, `the answer shows ${what}`);
  }
  const [first] = args;
  return first?.entries || first?.text !== undefined || [...keywords.keys()].length > 0
    ? safe(at, 'the answer shows no secret')
    : undefined;
}

export const informationExposure: Rule = {
  id: 'information-exposure',
  cwe: 'CWE-200',
  title: 'Secrets are shown',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  catches:
    'Answers to requests that hold the environment, or fields that are called a password, key or secret; folders of the program that are served whole.',
  misses:
    'Records that are sent whole, whose fields the program does not show, and secrets under other names.',
  remedy: 'Name the fields that may be seen, and serve a folder that holds nothing else.',
  bad: [
    ...examples(
      'python',
      'import os\nfrom flask import Flask, jsonify\n\napp = Flask(__name__)\n\n@app.route("/status")\ndef status():\n    return jsonify(environment=dict(os.environ), settings=os.environ)\n',
      'from flask import jsonify\n\ndef show(user):\n    return jsonify({"name": user.name, "password": user.password})\n',
    ),
    ...examples(
      'javascript',
      "app.get('/status', (req, res) => {\n  res.json(process.env);\n});\n",
      "app.get('/user', (req, res) => {\n  const user = find(req.query.id);\n  res.json({ name: user.name, passwordHash: user.passwordHash });\n});\n",
      "const express = require('express');\nconst app = express();\napp.use(express.static('.'));\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'from flask import jsonify\n\ndef status():\n    return jsonify(status="ok")\n',
      'from flask import jsonify\n\ndef show(user):\n    return jsonify({"name": user.name, "email": user.email})\n',
    ),
    ...examples(
      'javascript',
      "app.get('/user', (req, res) => {\n  const user = find(req.query.id);\n  res.json({ name: user.name });\n});\n",
      "const express = require('express');\nconst app = express();\napp.use(express.static('public'));\n",
    ),
  ],
  listen: (): Listener => ({ call }),
};
