import type { Call, Judgement, Listener, Value } from '../dataflow/index.js';
import { mark, taintsOf } from '../dataflow/index.js';
import { examples, JAVASCRIPT, PYTHON, type Rule } from './rule.js';
import { flagOf, safe, unknown, unsafe } from './say.js';

const LXML = /^lxml\.etree\.(?:parse|fromstring|XML|fromstringlist|iterparse|HTML)$/;
/** These never fetch external entities. */
const SOUND =
  /^(?:defusedxml\..*|xml\.etree\.(?:c?ElementTree)\.(?:parse|fromstring|XML|iterparse)|xml\.dom\.minidom\.(?:parse|parseString))$/;
const PLAIN =
  /^(?:xml2js\.parseString|xml2js\.parseStringPromise|xml2js\.Parser\(\)\.parseString(?:Promise)?|fast-xml-parser\.XMLParser\(\)\.parse|DOMParser\(\)\.parseFromString|(?:@xmldom\/)?xmldom\.DOMParser\(\)\.parseFromString)$/;
const SAX = /^xml\.sax\.(?:make_parser\(\)\.parse|parse|parseString)$/;

/** Whether a parser of lxml was made to resolve entities; it does unless it is told otherwise. */
const MARK = 'cwe611';

function parserOf({ args, keywords }: Call): Value | undefined {
  return keywords.get('parser') ?? args[1];
}

function call(call: Call): Judgement | undefined {
  const { name, args, at, receiver } = call;
  if (SOUND.test(name) || PLAIN.test(name)) return safe(at, `${name} fetches no external entities`);
  if (LXML.test(name)) {
    const direct = name.endsWith('.iterparse') ? flagOf(call, 'resolve_entities') : undefined;
    const parser = parserOf(call);
    const resolves =
      direct ?? (name.endsWith('.HTML') ? false : parser ? parser.marks?.get(MARK) : true);
    if (resolves === false) return safe(at, `${name} resolves no entities`);
    if (resolves === undefined)
      return unknown(at, `what the parser of ${name} resolves is not known`);
    const reached = taintsOf(args[0]).some((taint) => taint.reach('CWE-611'));
    return reached
      ? unsafe(at, `${name} resolves external entities of untrusted XML`)
      : safe(at, `${name} reads XML of the program’s own`);
  }
  if (/\.setFeature$/.test(name) && /external_[gp]es/.test(args[0]?.name ?? args[0]?.text ?? '')) {
    if (args[1]?.truth === false) return safe(at, 'external entities are switched off');
    mark(receiver, MARK, true);
    return unsafe(at, 'external entities are switched on');
  }
  if (SAX.test(name)) {
    return receiver?.marks?.get(MARK)
      ? undefined
      : safe(at, `${name} fetches no external entities`);
  }
  if (/^libxmljs2?\.(?:parseXml|parseXmlString|parseXmlAsync)$/.test(name)) {
    if (flagOf(call, 'noent') === true || flagOf(call, 'replaceEntities') === true)
      return unsafe(at, `${name} resolves external entities`);
    return safe(at, `${name} resolves no entities`);
  }
  return undefined;
}

function called(call: Call, result: Value): void {
  if (!/^lxml\.etree\.(?:XMLParser|ETCompatXMLParser|HTMLParser)$/.test(call.name)) return;
  const given = call.keywords.get('resolve_entities');
  const resolves = call.name.endsWith('HTMLParser')
    ? false
    : !given
      ? true
      : given.text === 'internal'
        ? false
        : flagOf(call, 'resolve_entities');
  mark(result, MARK, resolves);
}

export const externalEntities: Rule = {
  id: 'xml-external-entities',
  cwe: 'CWE-611',
  title: 'XML external entities',
  languages: [...PYTHON, ...JAVASCRIPT],
  severity: 'high',
  catches:
    'Parsers that fetch what an untrusted document names: lxml with its usual parser, SAX with external entities switched on, libxmljs with `noent`.',
  misses: 'Parsers that were made in another file, and XSLT.',
  remedy:
    'Use `defusedxml`, or `etree.XMLParser(resolve_entities=False)`; leave `noent` off in libxmljs.',
  bad: [
    ...examples(
      'python',
      'from lxml import etree\n\ndef read(text):\n    return etree.fromstring(text)\n',
      'from lxml import etree\n\ndef read(path):\n    parser = etree.XMLParser(resolve_entities=True, no_network=False)\n    return etree.parse(path, parser)\n',
      'import xml.sax\nfrom xml.sax.handler import feature_external_ges\n\ndef read(stream, handler):\n    parser = xml.sax.make_parser()\n    parser.setFeature(feature_external_ges, True)\n    parser.setContentHandler(handler)\n    parser.parse(stream)\n',
    ),
    ...examples(
      'javascript',
      "const libxmljs = require('libxmljs');\nfunction read(text) {\n  return libxmljs.parseXml(text, { noent: true });\n}\n",
      "import { parseXml } from 'libxmljs2';\nexport function read(text) {\n  const options = { noent: true, nonet: false };\n  return parseXml(text, options);\n}\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'from defusedxml.ElementTree import fromstring\n\ndef read(text):\n    return fromstring(text)\n',
      'from lxml import etree\n\ndef read(text):\n    parser = etree.XMLParser(resolve_entities=False, no_network=True)\n    return etree.fromstring(text, parser)\n',
      'import xml.sax\nfrom xml.sax.handler import feature_external_ges\n\ndef read(stream, handler):\n    parser = xml.sax.make_parser()\n    parser.setFeature(feature_external_ges, False)\n    parser.setContentHandler(handler)\n    parser.parse(stream)\n',
    ),
    ...examples(
      'javascript',
      "const libxmljs = require('libxmljs');\nfunction read(text) {\n  return libxmljs.parseXml(text, { noent: false });\n}\n",
      "const xml2js = require('xml2js');\nfunction read(text, done) {\n  xml2js.parseString(text, done);\n}\n",
    ),
  ],
  listen: (): Listener => ({ call, called }),
};
