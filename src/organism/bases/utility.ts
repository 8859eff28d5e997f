// Small tasks without a security side. Python ones carry tests; C ones are compared as text.
import { lines, type Task } from './base.js';

export interface UtilityBase extends Task {
  code: string;
  /** Python only: what `$fn` gives for some arguments, as Python expressions. */
  checks: readonly { expression: string; expected: string }[];
}

const python = { language: 'python', prelude: '' } as const;
const c = { language: 'c', prelude: '#include <stddef.h>\n\n', checks: [] } as const;

export const UTILITIES: readonly UtilityBase[] = [
  {
    ...python,
    id: 'clamp',
    signature: 'def $fn($x, low, high):',
    goal: 'keep $x between low and high',
    pools: { fn: ['clamp', 'keep_within', 'fit'], x: ['number', 'value', 'score', 'n'] },
    code: 'return max(low, min($x, high))',
    checks: [
      { expression: '$fn(5, 0, 3)', expected: '3' },
      { expression: '$fn(-1, 0, 3)', expected: '0' },
      { expression: '$fn(2, 0, 3)', expected: '2' },
    ],
  },
  {
    ...python,
    id: 'count-vowels',
    signature: 'def $fn($x):',
    goal: 'count the vowels in $x',
    pools: { fn: ['vowels', 'count_vowels', 'vowel_count'], x: ['word', 'text', 'name', 'line'] },
    code: 'return sum(1 for c in $x if c in "aeiou")',
    checks: [
      { expression: '$fn("banana")', expected: '3' },
      { expression: '$fn("")', expected: '0' },
    ],
  },
  {
    ...python,
    id: 'reverse-words',
    signature: 'def $fn($x):',
    goal: 'return the words of $x in reverse order',
    pools: { fn: ['reverse_words', 'turn_words', 'words_back'], x: ['text', 'line', 'title'] },
    code: lines('words = $x.split()', 'return " ".join(reversed(words))'),
    checks: [
      { expression: '$fn("a b c")', expected: '"c b a"' },
      { expression: '$fn("one")', expected: '"one"' },
    ],
  },
  {
    ...python,
    id: 'sum-even',
    signature: 'def $fn($x):',
    goal: 'add up the even numbers in $x',
    pools: {
      fn: ['sum_even', 'add_even', 'even_sum'],
      x: ['numbers', 'values', 'items', 'scores'],
    },
    code: 'return sum(n for n in $x if n % 2 == 0)',
    checks: [
      { expression: '$fn([1, 2, 3, 4])', expected: '6' },
      { expression: '$fn([])', expected: '0' },
    ],
  },
  {
    ...python,
    id: 'factorial',
    signature: 'def $fn($x):',
    goal: 'return the product of all numbers from 1 to $x',
    pools: { fn: ['factorial', 'product_to', 'fact'], x: ['n', 'number', 'value'] },
    code: lines('result = 1', 'for i in range(2, $x + 1):', '    result *= i', 'return result'),
    checks: [
      { expression: '$fn(5)', expected: '120' },
      { expression: '$fn(0)', expected: '1' },
    ],
  },
  {
    ...python,
    id: 'palindrome',
    signature: 'def $fn($x):',
    goal: 'tell whether $x reads the same backwards',
    pools: {
      fn: ['is_palindrome', 'same_back', 'palindrome'],
      x: ['word', 'text', 'name', 'line'],
    },
    code: 'return $x == $x[::-1]',
    checks: [
      { expression: '$fn("level")', expected: 'True' },
      { expression: '$fn("ab")', expected: 'False' },
    ],
  },
  {
    ...python,
    id: 'fahrenheit',
    signature: 'def $fn($x):',
    goal: 'turn $x from Celsius into Fahrenheit',
    pools: { fn: ['to_fahrenheit', 'fahrenheit', 'c_to_f'], x: ['degrees', 'value', 'number'] },
    code: 'return $x * 9 / 5 + 32',
    checks: [
      { expression: '$fn(100)', expected: '212.0' },
      { expression: '$fn(0)', expected: '32.0' },
    ],
  },
  {
    ...python,
    id: 'mean',
    signature: 'def $fn($x):',
    goal: 'return the mean of $x, or 0 if it is empty',
    pools: { fn: ['mean', 'average', 'mean_of'], x: ['numbers', 'values', 'items', 'scores'] },
    code: lines('if not $x:', '    return 0', 'return sum($x) / len($x)'),
    checks: [
      { expression: '$fn([1, 2, 3])', expected: '2.0' },
      { expression: '$fn([])', expected: '0' },
    ],
  },
  {
    ...python,
    id: 'unique',
    signature: 'def $fn($x):',
    goal: 'return the different values of $x in order',
    pools: {
      fn: ['unique', 'sorted_set', 'distinct'],
      x: ['numbers', 'values', 'items', 'scores'],
    },
    code: 'return sorted(set($x))',
    checks: [
      { expression: '$fn([3, 1, 3])', expected: '[1, 3]' },
      { expression: '$fn([])', expected: '[]' },
    ],
  },
  {
    ...python,
    id: 'initials',
    signature: 'def $fn($x):',
    goal: 'return the first letter of each word of $x',
    pools: { fn: ['initials', 'first_letters', 'letters_of'], x: ['name', 'text', 'title'] },
    code: 'return "".join(w[0] for w in $x.split())',
    checks: [
      { expression: '$fn("ada byron")', expected: '"ab"' },
      { expression: '$fn("")', expected: '""' },
    ],
  },
  {
    ...python,
    id: 'full-name',
    signature: 'def $fn(first, $x):',
    goal: 'join first and $x with a blank',
    pools: { fn: ['full_name', 'join_name', 'both_names'], x: ['last', 'second', 'other'] },
    code: 'return first + " " + $x',
    checks: [{ expression: '$fn("Ada", "Byron")', expected: '"Ada Byron"' }],
  },
  {
    ...python,
    id: 'count-items',
    signature: 'def $fn($x):',
    goal: 'count how often each entry of $x occurs',
    pools: { fn: ['count_items', 'tally', 'counts'], x: ['items', 'words', 'values'] },
    code: lines(
      'counts = {}',
      'for item in $x:',
      '    counts[item] = counts.get(item, 0) + 1',
      'return counts',
    ),
    checks: [
      { expression: '$fn(["a", "b", "a"])', expected: '{"a": 2, "b": 1}' },
      { expression: '$fn([])', expected: '{}' },
    ],
  },
  {
    ...c,
    id: 'larger',
    signature: 'int $fn(int left, int $x)',
    goal: 'return the larger of left and $x',
    pools: { fn: ['larger', 'max_of', 'bigger'], x: ['right', 'other', 'second'] },
    code: 'return left > $x ? left : $x;',
  },
  {
    ...c,
    id: 'array-sum',
    signature: 'int $fn(const int *$x, int count)',
    goal: 'add up the count numbers in $x',
    pools: { fn: ['array_sum', 'sum_of', 'add_all'], x: ['values', 'numbers', 'scores'] },
    code: lines(
      'int sum = 0;',
      'for (int i = 0; i < count; i++) {',
      '    sum += $x[i];',
      '}',
      'return sum;',
    ),
  },
  {
    ...c,
    id: 'count-blanks',
    signature: 'int $fn(const char *$x)',
    goal: 'count the blanks in $x',
    pools: { fn: ['count_blanks', 'blanks', 'blank_count'], x: ['text', 'line', 'name', 'title'] },
    code: lines(
      'int n = 0;',
      "for (; *$x != '\\0'; $x++) {",
      "    n += *$x == ' ';",
      '}',
      'return n;',
    ),
  },
  {
    ...c,
    id: 'is-even',
    signature: 'int $fn(int $x)',
    goal: 'tell whether $x is even',
    pools: { fn: ['is_even', 'even', 'check_even'], x: ['number', 'value', 'n', 'score'] },
    code: 'return $x % 2 == 0;',
  },
  {
    ...c,
    id: 'swap',
    signature: 'void $fn(int *left, int *$x)',
    goal: 'swap what left and $x point to',
    pools: { fn: ['swap', 'exchange', 'swap_values'], x: ['right', 'other', 'second'] },
    code: lines('int kept = *left;', '*left = *$x;', '*$x = kept;'),
  },
  {
    ...c,
    id: 'absolute',
    signature: 'int $fn(int $x)',
    goal: 'return $x without its sign',
    pools: { fn: ['absolute', 'without_sign', 'magnitude'], x: ['number', 'value', 'n', 'score'] },
    code: 'return $x < 0 ? -$x : $x;',
  },
  {
    ...c,
    id: 'square-area',
    signature: 'double $fn(double width, double $x)',
    goal: 'return the area of width times $x',
    pools: { fn: ['area', 'area_of', 'surface'], x: ['height', 'length'] },
    code: 'return width * $x;',
  },
  {
    ...c,
    id: 'last-index',
    signature: 'int $fn(const int *$x, int count, int key)',
    goal: 'return the last place of key in the count entries of $x, or -1',
    pools: { fn: ['last_index', 'find_last', 'last_place'], x: ['values', 'numbers', 'marks'] },
    code: lines(
      'while (count > 0 && $x[count - 1] != key) {',
      '    count--;',
      '}',
      'return count - 1;',
    ),
  },
];
