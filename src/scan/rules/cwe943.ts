import type { Call, Value } from '../dataflow/index.js';
import { examples } from './rule.js';
import { taintRule } from './taint.js';

/** What a request body or a query string was read from: it may hold an object with operators. */
const READ = /(?:^|\.)(?:body|query|params|json|get_json|args|cookies)(?:\(\))?(?:\.\w+)*$/;
const OPERATORS =
  /^\$(?:eq|in|nin|ne|gt|gte|lt|lte|regex|set|or|and|not|push|inc|unset|elemMatch)$/;

/** The parts of a filter that an outsider may turn into an operator. */
function partsOf(filter: Value | undefined, depth = 0): Value[] {
  if (!filter || depth > 4) return [];
  if (!filter.entries)
    return depth === 0 || (filter.name !== undefined && READ.test(filter.name)) ? [filter] : [];
  return [...filter.entries].flatMap(([key, value]) => {
    if (key === '$where' || key === '$function' || key === '...') return [value];
    // `$eq` takes whatever it is given as a value.
    if (key === '$eq') return [];
    if (OPERATORS.test(key))
      return (value.items ?? [value]).flatMap((item) => partsOf(item, depth + 1));
    return partsOf(value, depth + 1);
  });
}
const filter = ({ args, keywords }: Call): Value => ({
  items: partsOf(args[0] ?? keywords.get('filter')),
});

/** A collection of MongoDB or a model of Mongoose, by what it is called. */
const isCollection = ({ args, receiverText, name }: Call): boolean =>
  args.length > 0 &&
  !args[0]?.function &&
  (!/\.(?:find|update|count|distinct|aggregate)$/.test(name) ||
    args[0]?.entries !== undefined ||
    /collection|mongo|\bdb\b|users?$|^[A-Z]\w*$|Model$/.test(receiverText));

export const nosqlInjection = taintRule({
  id: 'nosql-injection',
  cwe: 'CWE-943',
  title: 'Injection into a query of a document store',
  severity: 'high',
  catches:
    'Filters of MongoDB that untrusted data are, or that hold what a request gave as it is, which may be an operator such as `{"$ne": null}`; code in `$where`.',
  misses:
    'Filters that are put together in another file; parameters of a bare function count as plain values within a filter.',
  remedy:
    'Make a text of each value (`str(name)`, `String(name)`), or compare with `$eq`; do without `$where`.',
  danger: 'takes a filter made of',
  safe: 'takes a filter that holds plain values only',
  tables: {
    python: {
      sinks: [
        {
          names:
            '.find .find_one .find_one_and_update .find_one_and_delete .find_one_and_replace .update_one .update_many .delete_one .delete_many .count_documents .replace_one',
          when: isCollection,
          select: filter,
        },
      ],
    },
    javascript: {
      sinks: [
        {
          names:
            '.find .findOne .findOneAndUpdate .findOneAndDelete .findOneAndReplace .updateOne .updateMany .deleteOne .deleteMany .countDocuments .replaceOne .exists .where',
          when: isCollection,
          select: filter,
        },
      ],
    },
  },
  cleaners: {
    python: 'str bson.ObjectId bson.objectid.ObjectId ObjectId',
    javascript:
      'String .toString ObjectId mongoose.Types.ObjectId mongo-sanitize express-mongo-sanitize',
  },
  guard: (test, holds) => {
    // `typeof name === 'string'` loses the value on the way; `isinstance(name, str)` does not.
    if (test.kind !== 'call' || !holds || test.call.name !== 'isinstance') return undefined;
    return test.call.args[1]?.name === 'str' ? test.call.args[0] : undefined;
  },
  bad: [
    ...examples(
      'python',
      'from flask import Flask, request\n\ndef login(db):\n    data = request.get_json()\n    return db.users.find_one({"name": data["name"], "password": data["password"]})\n',
      'def find(collection, name):\n    return collection.find({"$where": "this.name == \'" + name + "\'"})\n',
      'import json\n\ndef search(db, text):\n    return list(db.items.find(json.loads(text)))\n',
    ),
    ...examples(
      'javascript',
      "app.post('/login', async (req, res) => {\n  const user = await User.findOne({ name: req.body.name, password: req.body.password });\n  res.json(user);\n});\n",
      "function find(db, name) {\n  return db.collection('users').find({ $where: `this.name == '${name}'` });\n}\n",
      "app.get('/items', async (req, res) => {\n  res.json(await items.findOne(req.query));\n});\n",
    ),
  ],
  good: [
    ...examples(
      'python',
      'from flask import Flask, request\n\ndef login(db):\n    data = request.get_json()\n    return db.users.find_one({"name": str(data["name"])})\n',
      'def find(collection, name: str):\n    return collection.find_one({"name": name})\n',
      'from flask import request\n\ndef find(db):\n    name = request.json["name"]\n    if not isinstance(name, str):\n        raise ValueError(name)\n    return db.users.find_one({"name": {"$eq": name}})\n',
    ),
    ...examples(
      'javascript',
      "app.post('/login', async (req, res) => {\n  const user = await User.findOne({ name: String(req.body.name) });\n  res.json(user);\n});\n",
      "app.post('/login', async (req, res) => {\n  res.json(await User.findOne({ name: { $eq: req.body.name } }));\n});\n",
    ),
  ],
});
