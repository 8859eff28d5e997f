import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import { taintsOf } from '../dataflow/index.js';
import type { SyntaxNode } from '../parse.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { flagOf, lastName, optionOf, safe, unknown, unsafe } from './say.js';

const ORIGIN = /^access-control-allow-origin$/i;

function judge(value: Value | undefined, at: SyntaxNode): Judgement {
  const all = value?.items ?? [value];
  if (all.some((item) => item?.text === '*' || item?.pattern === '.*' || item?.pattern === '/.*/'))
    return unsafe(at, 'every origin may read the answers');
  const reached = taintsOf(value).map((taint) => taint.reach('CWE-942'));
  if (reached.some((found) => found?.level === 2))
    return unsafe(at, 'whatever origin asks may read the answers');
  if (reached.some((found) => found) || value?.function)
    return unknown(at, 'which origins may read the answers is not known');
  return safe(at, 'only origins of the program’s own may read the answers');
}

/** Middleware of Express, and the extensions of Flask and FastAPI. */
function call(call: Call): Judgement | undefined {
  const { name, args, at } = call;
  if (
    ORIGIN.test(args[0]?.text ?? '') &&
    /\.(?:set|setHeader|header|append|add|add_header|send_header|set_header|__setitem__)$/.test(
      name,
    )
  )
    return judge(args[1], at);
  if (name === 'cors') {
    const origin = optionOf(call, 'origin');
    if (origin?.truth === false) return safe(at, 'no other origin may read the answers');
    if (!origin || flagOf(call, 'origin') === true)
      return args[0] && !args[0].entries
        ? unknown(at, 'the options of cors are not known')
        : unsafe(at, 'cors lets every origin read the answers unless it is told which');
    return judge(origin, at);
  }
  if (/^flask_cors\.(?:CORS|cross_origin)$/.test(name)) {
    const { keywords } = call;
    const resources = [...(keywords.get('resources')?.entries?.values() ?? [])];
    const origins =
      keywords.get('origins') ?? resources.map(({ entries }) => entries?.get('origins'))[0];
    return origins
      ? judge(origins, at)
      : unsafe(at, `${lastName(name)} lets every origin read the answers unless it is told which`);
  }
  const middleware = /\.add_middleware$/.test(name) && /CORSMiddleware$/.test(args[0]?.name ?? '');
  if (!middleware) return undefined;
  const pattern = optionOf(call, 'allow_origin_regex')?.text;
  if (pattern !== undefined && /^\^?\.[*+]/.test(pattern))
    return unsafe(at, 'every origin may read the answers');
  return judge(optionOf(call, 'allow_origins'), at);
}

export const permissiveCors: Rule = {
  id: 'permissive-cors',
  cwe: 'CWE-942',
  title: 'Every origin may read the answers',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  catches:
    'Cross-origin access for `*`, or for whatever origin asks: headers, `cors()`, flask-cors, the middleware of FastAPI and the setting of Django.',
  misses: 'Functions that decide on origins, and settings of a server in front.',
  remedy: 'List the origins, and compare the one that asks with the list before it is sent back.',
  bad: [
    ...examples(
      'python',
      'from flask import Flask\nfrom flask_cors import CORS\n\napp = Flask(__name__)\nCORS(app, origins="*", supports_credentials=True)\n',
      'from flask import make_response, request\n\ndef answer():\n    response = make_response("ok")\n    response.headers["Access-Control-Allow-Origin"] = request.headers.get("Origin")\n    return response\n',
      'from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\n\napp = FastAPI()\napp.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)\n',
      'CORS_ALLOW_ALL_ORIGINS = True\n',
    ),
    ...examples(
      'javascript',
      "const express = require('express');\nconst cors = require('cors');\nconst app = express();\napp.use(cors());\n",
      "app.use((req, res, next) => {\n  res.setHeader('Access-Control-Allow-Origin', req.headers.origin);\n  res.setHeader('Access-Control-Allow-Credentials', 'true');\n  next();\n});\n",
      "import cors from 'cors';\napp.use(cors({ origin: true, credentials: true }));\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'from flask import Flask\nfrom flask_cors import CORS\n\napp = Flask(__name__)\nCORS(app, origins=["https://example.com"])\n',
      'from flask import make_response, request\n\nALLOWED = {"https://example.com"}\n\ndef answer():\n    response = make_response("ok")\n    origin = request.headers.get("Origin")\n    if origin in ALLOWED:\n        response.headers["Access-Control-Allow-Origin"] = origin\n    return response\n',
      'from fastapi import FastAPI\nfrom fastapi.middleware.cors import CORSMiddleware\n\nORIGINS = ["https://example.com"]\napp = FastAPI()\napp.add_middleware(CORSMiddleware, allow_origins=ORIGINS)\n',
    ),
    ...examples(
      'javascript',
      "const cors = require('cors');\napp.use(cors({ origin: 'https://example.com' }));\n",
      "const ALLOWED = ['https://example.com'];\napp.use((req, res, next) => {\n  const { origin } = req.headers;\n  if (ALLOWED.includes(origin)) res.setHeader('Access-Control-Allow-Origin', origin);\n  next();\n});\n",
    ),
  ],
  listen: (): Listener => ({
    call,
    assign: ({ text, at }, value) => {
      if (/^CORS_(?:ALLOW_ALL_ORIGINS|ORIGIN_ALLOW_ALL)$/.test(text))
        return value.truth === true
          ? unsafe(at, 'every origin may read the answers')
          : safe(at, 'origins are listed');
      const key = /\[['"]([\w-]+)['"]\]$/.exec(text)?.[1] ?? '';
      return ORIGIN.test(key) ? judge(value, at) : undefined;
    },
  }),
};
