import type { Call } from '../dataflow/index.js';
import { examples } from './rule.js';
import { taintRule } from './taint.js';

/** A text is run as code; a function is only called. */
const isText = ({ args: [first] }: Call): boolean => first?.text !== undefined;

export const codeInjection = taintRule({
  id: 'code-injection',
  cwe: 'CWE-094',
  title: 'Code injection',
  severity: 'critical',
  catches:
    'Untrusted text that is run as code (`eval`, `exec`, `new Function`, `vm`) or read as a template (`render_template_string`, `jinja2.Template`, `ejs.render`).',
  misses: 'Code that is written to a file first, and modules that are loaded by name.',
  remedy:
    'Read data as data (`ast.literal_eval`, `JSON.parse`), choose among functions by name, and give values to a fixed template.',
  danger: 'runs as code',
  safe: 'runs no untrusted text as code',
  tables: {
    python: {
      sinks: [
        {
          names:
            'eval exec compile execfile builtins.eval builtins.exec numexpr.evaluate pandas.eval timeit.timeit code.InteractiveInterpreter().runcode .runsource',
        },
        {
          names:
            'flask.render_template_string render_template_string flask.templating.render_template_string jinja2.Template .from_string mako.template.Template django.template.Template bottle.template tornado.template.Template',
        },
        { names: 'ast.literal_eval', select: () => ({}) },
      ],
    },
    javascript: {
      sinks: [
        {
          names:
            'eval globalThis.eval window.eval vm.runInNewContext vm.runInThisContext vm.runInContext vm.Script vm.compileFunction',
        },
        { names: 'Function', arguments: 'all' },
        { names: 'setTimeout setInterval window.setTimeout window.setInterval', when: isText },
        {
          names:
            'ejs.render ejs.compile pug.render pug.compile handlebars.compile Handlebars.compile mustache.render Mustache.render nunjucks.renderString lodash.template _.template dot.template',
        },
        { names: 'JSON.parse', select: () => ({}) },
      ],
    },
  },
  bad: [
    ...examples(
      'python',
      'def calculate(expression):\n    return eval(expression)\n',
      'def run(source):\n    code = compile(source, "<input>", "exec")\n    exec(code, {"__builtins__": {}})\n',
      'from flask import Flask, render_template_string, request\n\napp = Flask(__name__)\n\n@app.route("/hello")\ndef hello():\n    name = request.args.get("name")\n    return render_template_string(f"<h1>Hello {name}</h1>")\n',
    ),
    ...examples(
      'javascript',
      "function calculate(expression) {\n  return eval('(' + expression + ')');\n}\n",
      'function compile(body) {\n  return new Function("x", `return ${body}`);\n}\n',
      "import vm from 'node:vm';\nexport const run = (code) => vm.runInNewContext(code, {});\n",
      "const ejs = require('ejs');\napp.get('/', (req, res) => {\n  res.end(ejs.render('<p>' + req.query.name + '</p>'));\n});\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'import ast\n\ndef read(text):\n    return ast.literal_eval(text)\n',
      'def calculate(x):\n    return eval("x * 2", {}, {"x": x})\n',
      'OPERATIONS = ("1 + 1", "2 * 3")\n\ndef calculate(expression):\n    if expression not in OPERATIONS:\n        raise ValueError(expression)\n    return eval(expression)\n',
      'from flask import Flask, render_template_string, request\n\napp = Flask(__name__)\n\n@app.route("/hello")\ndef hello():\n    return render_template_string("<h1>Hello {{ name }}</h1>", name=request.args.get("name"))\n',
    ),
    ...examples(
      'javascript',
      'function read(text) {\n  return JSON.parse(text);\n}\n',
      "const vm = require('vm');\nfunction start(options) {\n  return vm.runInNewContext('value * 2', { value: options.value });\n}\n",
      'function later(name) {\n  setTimeout("tick()", 100);\n  return name;\n}\n',
      "const ejs = require('ejs');\napp.get('/', (req, res) => {\n  res.end(ejs.render('<p><%= name %></p>', { name: req.query.name }));\n});\n",
    ),
  ],
});
