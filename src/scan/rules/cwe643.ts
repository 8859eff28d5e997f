import { examples } from './rule.js';
import { taintRule } from './taint.js';

export const xpathInjection = taintRule({
  id: 'xpath-injection',
  cwe: 'CWE-643',
  title: 'XPath injection',
  severity: 'high',
  catches: 'Untrusted text that becomes part of an XPath expression.',
  misses: 'Expressions that are put together in another file.',
  remedy:
    'Use variables (`tree.xpath("//user[@name=$name]", name=name)`), or let only plain names through.',
  danger: 'evaluates an expression made of',
  safe: 'evaluates an expression that no untrusted text is part of',
  tables: {
    python: {
      sinks: [
        {
          names: '.xpath lxml.etree.XPath lxml.etree.ETXPath elementpath.select',
          keywords: ['_path', 'path'],
        },
        {
          names: '.find .findall .findtext .iterfind',
          when: ({ args: [path] }) => /\[|\.?\/\//.test(path?.text ?? ''),
        },
      ],
    },
    javascript: {
      sinks: [
        {
          names:
            'xpath.select xpath.select1 xpath.evaluate xpath.parse document.evaluate .selectNodes .selectSingleNode xpath.useNamespaces()',
        },
        {
          names: '.evaluate',
          when: ({ args, receiverText }) => args.length >= 2 && /doc|xml/i.test(receiverText),
        },
      ],
    },
  },
  bad: [
    ...examples(
      'python',
      'def find(tree, name):\n    return tree.xpath("//user[@name=\'" + name + "\']")\n',
      "from lxml import etree\n\ndef find(document, name, password):\n    query = \"/users/user[name='%s' and password='%s']\" % (name, password)\n    return etree.XPath(query)(document)\n",
      'import xml.etree.ElementTree as ET\n\ndef find(path, name):\n    root = ET.parse(path).getroot()\n    return root.findall(f".//user[@name=\'{name}\']")\n',
    ),
    ...examples(
      'javascript',
      "const xpath = require('xpath');\nfunction find(document, name) {\n  return xpath.select(`//user[@name='${name}']`, document);\n}\n",
      "function find(name) {\n  return document.evaluate('//user[@name=\"' + name + '\"]', document, null, 0, null);\n}\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'def find(tree, name):\n    return tree.xpath("//user[@name=$name]", name=name)\n',
      'from lxml import etree\n\nFIND = etree.XPath("//user[@name=$name]")\n\ndef find(tree, name):\n    return FIND(tree, name=name)\n',
      'def find(tree, number):\n    return tree.xpath("//user[%d]" % int(number))\n',
    ),
    ...examples(
      'javascript',
      "const xpath = require('xpath');\nfunction find(document, name) {\n  if (!/^[a-z]+$/.test(name)) throw new Error('name');\n  return xpath.select(`//user[@name='${name}']`, document);\n}\n",
      "const xpath = require('xpath');\nconst all = (document) => xpath.select('//user', document);\n",
    ),
  ],
});
