import type { Call, Judgement, Listener } from '../dataflow/index.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { flagOf, optionOf, safe, unknown, unsafe } from './say.js';

/** The development server of Flask, Quart, Bottle, Dash and their like. */
const RUNS =
  /^(?:(?:flask\.Flask|quart\.Quart|dash\.Dash|bottle\.Bottle|sanic\.Sanic)\(\)|app|application|bottle)?\.?run(?:_server)?$/;
const APPLICATION =
  /^(?:flask\.Flask|fastapi\.FastAPI|starlette\.applications\.Starlette|tornado\.web\.Application|aiohttp\.web\.Application)$/;

const HANDLERS = new Set(['errorhandler', 'express.errorHandler']);

const hears = (name: string): boolean =>
  HANDLERS.has(name) || RUNS.test(name) || APPLICATION.test(name);

function call(call: Call): Judgement | undefined {
  const { name, at, receiverText } = call;
  if (HANDLERS.has(name)) return inDevelopment(at);
  const runs = RUNS.test(name) && (name !== '.run' || /app/i.test(receiverText));
  if (!runs && !APPLICATION.test(name)) return undefined;
  if (!optionOf(call, 'debug'))
    return runs ? safe(at, `${name.replace(/^\./, '')} runs without the debugger`) : undefined;
  const on = flagOf(call, 'debug');
  if (on === undefined) return unknown(at, 'whether the debugger is on is not known');
  return on
    ? unsafe(at, 'debug is on: errors show the program, and let anyone run code in it')
    : safe(at, 'debug is off');
}

/** `if (process.env.NODE_ENV === 'development') app.use(errorhandler())`. */
function inDevelopment(at: Judgement['at']): Judgement {
  for (let node = at.parent; node; node = node.parent)
    if (
      node.type === 'if_statement' &&
      /NODE_ENV|\.get\(['"]env['"]\)/.test(node.get('condition')?.text ?? '')
    )
      return safe(at, 'the error handler is used in development only');
  return unsafe(at, 'the error handler shows the stack to everyone');
}

/** `app.debug`, `app.config["DEBUG"]`, and `DEBUG` of the settings of Django. */
const SETTING = /^(?:DEBUG|TEMPLATE_DEBUG)$|\.debug$|\[['"](?:DEBUG|FLASK_DEBUG)['"]\]$/;

export const debugInformation: Rule = {
  id: 'debug-mode',
  cwe: 'CWE-215',
  title: 'Debugging information is shown',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'medium',
  catches:
    'Web applications that are run with their debugger: `debug=True`, `DEBUG = True`, `errorhandler()` outside of development.',
  misses: 'Debuggers that the environment switches on.',
  remedy: 'Leave it off, and let the environment of development switch it on.',
  bad: [
    ...examples(
      'python',
      'from flask import Flask\n\napp = Flask(__name__)\n\nif __name__ == "__main__":\n    app.run(host="0.0.0.0", debug=True)\n',
      'from flask import Flask\n\ndef create():\n    app = Flask(__name__)\n    app.config["DEBUG"] = True\n    return app\n',
      'DEBUG = True\nALLOWED_HOSTS = ["example.com"]\n',
      'from fastapi import FastAPI\n\nVERBOSE = True\napp = FastAPI(debug=VERBOSE)\n',
    ),
    ...examples(
      'javascript',
      "const express = require('express');\nconst errorhandler = require('errorhandler');\nconst app = express();\napp.use(errorhandler());\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'from flask import Flask\n\napp = Flask(__name__)\n\nif __name__ == "__main__":\n    app.run(host="0.0.0.0")\n',
      'from flask import Flask\n\napp = Flask(__name__)\napp.run(debug=False)\n',
      'DEBUG = False\nALLOWED_HOSTS = ["example.com"]\n',
    ),
    ...examples(
      'javascript',
      "const express = require('express');\nconst errorhandler = require('errorhandler');\nconst app = express();\nif (process.env.NODE_ENV === 'development') {\n  app.use(errorhandler());\n}\n",
    ),
  ],
  listen: ({ family }): Listener => ({
    call,
    hears,
    assign: ({ text, at }) => {
      if (family !== 'python' || !SETTING.test(text)) return undefined;
      const written = at.parent?.get('right')?.type;
      if (written === 'true') return unsafe(at, `${text} is on: errors show the program`);
      return written === 'false' ? safe(at, `${text} is off`) : undefined;
    },
  }),
};
