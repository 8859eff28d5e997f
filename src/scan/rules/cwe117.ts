import type { Call, Value } from '../dataflow/index.js';
import { examples } from './rule.js';
import { taintRule } from './taint.js';

const LOGGER = /(?:^|[._])(?:log|logger|logging|winston|pino|bunyan)$/i;
const logs = ({ receiverText }: Call): boolean => LOGGER.test(receiverText);

/** What of a message is shown as it is: `%r` and `!r` show line ends as `\n`. */
function shown({ args, at }: Call): Value {
  if (/\{[^{}]*!r\}/.test(at.text)) return { items: args.slice(1) };
  const kinds = [...(args[0]?.text ?? '').matchAll(/%[-+ #0]*[\d.*]*([a-zA-Z])/g)].map(
    ([, kind]) => kind,
  );
  return {
    items: args.filter((_, index) => index === 0 || !/[rdiufxX]/.test(kinds[index - 1] ?? '')),
  };
}

/** Takes the line ends out. */
const cutsLines = ({ name, args: [what] }: Call): boolean =>
  (/\.replace$/.test(name) && /^(?:\r\n|\n|\r|\\n)$/.test(what?.text ?? '')) ||
  (/\.replaceAll$/.test(name) && what?.text === '\n') ||
  (/\.(?:replace|replaceAll|sub)$/.test(name) &&
    /\\[nrs]|\\W|\\x00|[\n\r]|\[\^/.test(
      what?.pattern ?? (name === 're.sub' ? what?.text : '') ?? '',
    ));

export const logInjection = taintRule({
  id: 'log-injection',
  cwe: 'CWE-117',
  title: 'Log injection',
  severity: 'low',
  catches: 'Untrusted text that is logged with its line ends, which may forge entries.',
  misses: 'Loggers that encode line ends, which the program does not show, and `console.log`.',
  remedy: 'Take the line ends out, or log with `%r`, `repr` or `JSON.stringify`.',
  danger: 'logs the line ends of',
  safe: 'logs no line ends of untrusted data',
  tables: {
    python: {
      sinks: [
        {
          names:
            '.debug .info .warning .warn .error .critical .exception .log logging.debug logging.info logging.warning logging.error logging.critical logging.exception',
          when: (call) => logs(call) || call.name.startsWith('logging.'),
          select: shown,
        },
      ],
    },
    javascript: {
      sinks: [
        {
          names: '.debug .info .warn .error .fatal .trace .log',
          when: logs,
          select: ({ args }) => ({ items: args.filter(({ entries }) => !entries) }),
        },
      ],
    },
  },
  cleaners: {
    python: 'repr json.dumps urllib.parse.quote',
    javascript: 'JSON.stringify encodeURIComponent',
  },
  cleans: cutsLines,
  bad: [
    ...examples(
      'python',
      'import logging\n\ndef login(name):\n    logging.info("login of " + name)\n',
      'import logging\n\nlog = logging.getLogger(__name__)\n\ndef login(name):\n    log.warning("login of %s failed", name)\n',
      'from flask import current_app, request\n\ndef visit():\n    agent = request.headers.get("User-Agent")\n    current_app.logger.info(f"visit by {agent}")\n',
    ),
    ...examples(
      'javascript',
      "const winston = require('winston');\nconst logger = winston.createLogger({});\nfunction login(name) {\n  logger.info('login of ' + name);\n}\n",
      "app.get('/', (req, res) => {\n  req.log.warn(`visit by ${req.query.name}`);\n});\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'import logging\n\ndef login(name):\n    logging.info("login of %r", name)\n',
      'import logging\n\nlog = logging.getLogger(__name__)\n\ndef login(name):\n    name = name.replace("\\r\\n", "").replace("\\n", "")\n    log.warning("login of %s failed", name)\n',
      'import logging\n\ndef visit(number):\n    logging.info("visit %d", number)\n',
    ),
    ...examples(
      'javascript',
      "function login(logger, name) {\n  logger.info('login of ' + JSON.stringify(name));\n}\n",
      "function login(logger, name) {\n  logger.info('login of ' + name.replace(/[\\r\\n]/g, ''));\n}\n",
    ),
  ],
});
