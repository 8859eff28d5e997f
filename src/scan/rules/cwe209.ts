import type { Judgement } from '../dataflow/index.js';
import type { SyntaxNode } from '../parse.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { safe, unsafe } from './say.js';

const ANSWERS =
  /(?:^|\.)(?:jsonify|make_response|Response|HttpResponse\w*|JsonResponse|JSONResponse|PlainTextResponse|HTMLResponse|HTTPException|abort)$/;
const SENDS = /^(?:res|response|reply)(?:\.\w+\([^)]*\))*\.(?:send|json|end|write|render)$/;

/** The clause that catches an error around a node, with the name that it gives it. */
function handlerOf(at: SyntaxNode): { name: string | undefined } | undefined {
  for (let node = at.parent; node; node = node.parent) {
    if (node.type === 'catch_clause') return { name: node.get('parameter')?.text };
    if (node.type === 'except_clause' || node.type === 'except_group_clause')
      return {
        name: node
          .walk((inner) => inner.type === 'block')
          .find(({ type }) => type === 'as_pattern_target')?.text,
      };
    if (/function|lambda|method_definition/.test(node.type)) {
      // Middleware of Express for errors takes four arguments, the error first.
      const parameters = node.get('parameters')?.named ?? [];
      return parameters.length === 4 && /^e(?:rr(?:or)?)?$/.test(parameters[0]!.text)
        ? { name: parameters[0]!.text }
        : undefined;
    }
  }
  return undefined;
}

/** Whether an answer holds the error itself, its stack or its message. */
function showsError(answer: SyntaxNode, name: string | undefined): boolean {
  return answer
    .walk((node) => node.type === 'function_expression')
    .some((node) => {
      if (
        /^(?:traceback\.format_exc|format_exc|traceback\.format_exception|sys\.exc_info|inspect\.trace)$/.test(
          node.text,
        )
      )
        return node.parent?.type === 'call';
      if (name === undefined || node.text !== name || !/identifier/.test(node.type)) return false;
      // `error.status` or `type(error)` say nothing of the program.
      const around = node.parent;
      const member = around?.get('property')?.text ?? around?.get('attribute')?.text;
      if (member !== undefined && node.field === 'object')
        return /^(?:stack|message|args|stderr|stdout|output|__traceback__|sqlMessage|sql)$/.test(
          member,
        );
      const key = node.field === 'key' || node.field === 'name';
      const kind = around?.parent?.get('function')?.text;
      return !key && kind !== 'type' && kind !== 'isinstance';
    });
}

function check(nodes: readonly SyntaxNode[]): Judgement[] {
  return nodes.flatMap((at): Judgement[] => {
    const callee = /^call/.test(at.type) ? (at.get('function')?.text ?? '') : '';
    const returns = at.type === 'return_statement' && isRoute(at);
    const sent = ANSWERS.test(callee) || SENDS.test(callee);
    if (!returns && !sent) return [];
    const handler = handlerOf(at);
    if (!handler) return [];
    return showsError(at.get('arguments') ?? at, handler.name)
      ? [unsafe(at, 'the answer shows what went wrong within the program')]
      : [safe(at, 'the answer to an error says nothing of the program')];
  });
}

/** Within a function that a decorator such as `@app.route` makes a handler of requests. */
function isRoute(at: SyntaxNode): boolean {
  for (let node = at.parent; node; node = node.parent)
    if (node.type === 'decorated_definition')
      return node.children.some(
        (child) =>
          child.type === 'decorator' &&
          /\.(?:route|get|post|put|delete|patch|errorhandler)\b|api_view/.test(child.text),
      );
  return false;
}

export const errorExposure: Rule = {
  id: 'error-exposure',
  cwe: 'CWE-209',
  title: 'Error messages show the program',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'low',
  catches: 'Answers to requests that hold a caught error, its message or its stack.',
  misses: 'Errors that a template shows, or that pass through a function of another file.',
  remedy: 'Log the error, and answer with words of your own.',
  bad: [
    ...examples(
      'python',
      'from flask import Flask, jsonify\n\napp = Flask(__name__)\n\n@app.route("/")\ndef show():\n    try:\n        return jsonify(load())\n    except Exception as error:\n        return jsonify({"error": str(error)}), 500\n',
      'import traceback\nfrom flask import Flask\n\napp = Flask(__name__)\n\n@app.route("/")\ndef show():\n    try:\n        return load()\n    except Exception:\n        return traceback.format_exc(), 500\n',
      'from django.http import HttpResponse\n\ndef show(request):\n    try:\n        return load(request)\n    except ValueError as e:\n        return HttpResponse(f"failed: {e}", status=500)\n',
    ),
    ...examples(
      'javascript',
      "app.get('/', async (req, res) => {\n  try {\n    res.json(await load());\n  } catch (error) {\n    res.status(500).send(error.stack);\n  }\n});\n",
      'app.use((err, req, res, next) => {\n  res.status(500).json({ error: err.message, stack: err.stack });\n});\n',
    ),
  ],
  good: [
    ...examples(
      'python',
      'import logging\nfrom flask import Flask, jsonify\n\napp = Flask(__name__)\n\n@app.route("/")\ndef show():\n    try:\n        return jsonify(load())\n    except Exception as error:\n        logging.exception(error)\n        return jsonify({"error": "could not load"}), 500\n',
      'from django.http import HttpResponse\n\ndef show(request):\n    try:\n        return load(request)\n    except ValueError:\n        return HttpResponse("failed", status=500)\n',
    ),
    ...examples(
      'javascript',
      "app.get('/', async (req, res) => {\n  try {\n    res.json(await load());\n  } catch (error) {\n    console.error(error);\n    res.status(500).send('could not load');\n  }\n});\n",
      "app.use((err, req, res, next) => {\n  res.status(err.status ?? 500).json({ error: 'failed' });\n});\n",
    ),
  ],
  check: ({ nodes }) => ({ findings: check(nodes), complete: true }),
};
