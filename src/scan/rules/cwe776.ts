import { examples } from './rule.js';
import { flagOf } from './say.js';
import { taintRule } from './taint.js';

export const entityExpansion = taintRule({
  id: 'xml-entity-expansion',
  cwe: 'CWE-776',
  title: 'XML entity expansion',
  severity: 'medium',
  catches:
    'Untrusted documents given to parsers that expand entities without a limit of their own: `xml.etree`, `minidom`, `xml.sax`, node-expat, libxmljs with `huge`.',
  misses:
    'Newer versions of libexpat set a limit themselves; the program does not show which is installed.',
  remedy: 'Use `defusedxml`, or a parser that expands no entities.',
  danger: 'expands the entities of',
  safe: 'expands no entities of untrusted data',
  tables: {
    python: {
      sinks: [
        {
          names:
            'xml.etree.ElementTree.parse xml.etree.ElementTree.fromstring xml.etree.ElementTree.XML xml.etree.ElementTree.iterparse xml.etree.cElementTree.parse xml.etree.cElementTree.fromstring xml.dom.minidom.parse xml.dom.minidom.parseString xml.dom.pulldom.parse xml.dom.pulldom.parseString xml.dom.expatbuilder.parse xml.dom.expatbuilder.parseString xml.sax.parse xml.sax.parseString xml.sax.make_parser().parse xml.parsers.expat.ParserCreate().Parse',
        },
        {
          names:
            'defusedxml.ElementTree.parse defusedxml.ElementTree.fromstring defusedxml.ElementTree.XML defusedxml.ElementTree.iterparse defusedxml.minidom.parse defusedxml.minidom.parseString defusedxml.sax.parse defusedxml.sax.parseString defusedxml.lxml.parse defusedxml.lxml.fromstring defusedxml.pulldom.parse defusedxml.pulldom.parseString',
          select: (call) => (flagOf(call, 'forbid_entities') === false ? call.args[0] : {}),
        },
      ],
    },
    javascript: {
      sinks: [
        { names: 'node-expat.Parser().parse node-expat.Parser().write' },
        {
          names:
            'libxmljs.parseXml libxmljs2.parseXml libxmljs.parseXmlString libxmljs2.parseXmlString',
          select: (call) =>
            flagOf(call, 'noent') === true && flagOf(call, 'huge') === true ? call.args[0] : {},
        },
        {
          names:
            'xml2js.parseString xml2js.parseStringPromise fast-xml-parser.XMLParser().parse DOMParser().parseFromString',
          select: () => ({}),
        },
      ],
    },
  },
  bad: [
    ...examples(
      'python',
      'import xml.etree.ElementTree as ET\n\ndef read(text):\n    return ET.fromstring(text)\n',
      'from xml.dom import minidom\n\ndef read(text):\n    return minidom.parseString(text)\n',
      'import xml.sax\n\ndef read(text, handler):\n    xml.sax.parseString(text, handler)\n',
    ),
    ...examples(
      'javascript',
      "const expat = require('node-expat');\nfunction read(text) {\n  const parser = new expat.Parser('UTF-8');\n  parser.write(text);\n}\n",
      "const libxmljs = require('libxmljs');\nfunction read(text) {\n  return libxmljs.parseXml(text, { noent: true, huge: true });\n}\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'import defusedxml.ElementTree as ET\n\ndef read(text):\n    return ET.fromstring(text)\n',
      'from defusedxml import minidom\n\ndef read(text):\n    return minidom.parseString(text)\n',
      'import xml.etree.ElementTree as ET\n\ndef settings():\n    return ET.parse("settings.xml").getroot()\n',
    ),
    ...examples(
      'javascript',
      "const xml2js = require('xml2js');\nfunction read(text, done) {\n  xml2js.parseString(text, done);\n}\n",
      "const libxmljs = require('libxmljs');\nfunction read(text) {\n  return libxmljs.parseXml(text);\n}\n",
    ),
  ],
});
