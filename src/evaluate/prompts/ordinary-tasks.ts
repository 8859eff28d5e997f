import type { Language } from '../../scan/index.js';

/** A task that has nothing to do with security. */
export interface OrdinaryBase {
  name: string;
  /** As it stands in the code, without a brace or colon behind it. */
  signature: string;
  /** What the function does, after "It". */
  task: string;
  /** A right body. */
  body: string;
  /** Python: assertions. C: conditions that `main` asserts. Each must hold of a right answer. */
  tests: readonly string[];
}

/** Those of one language. */
export interface OrdinaryTasks {
  language: Language;
  /** Includes, each on a line. */
  preamble: string;
  /** Two ways of writing it that are equally good: they stand where other tasks have a risky call and a safe one. */
  ways: readonly [string, string];
  bases: readonly OrdinaryBase[];
}

const PYTHON: OrdinaryTasks = {
  language: 'python',
  preamble: '',
  ways: ['a for loop', 'a comprehension'],
  bases: [
    {
      name: 'median',
      signature: 'def median(numbers)',
      task: 'returns the median of a list of numbers that is not empty; of an even count the mean of the middle two',
      body: 'ordered = sorted(numbers)\n    middle = len(ordered) // 2\n    if len(ordered) % 2:\n        return ordered[middle]\n    return (ordered[middle - 1] + ordered[middle]) / 2',
      tests: ['median([3, 1, 2]) == 2', 'median([4, 1, 3, 2]) == 2.5', 'median([7]) == 7'],
    },
    {
      name: 'run-lengths',
      signature: 'def run_lengths(word)',
      task: 'returns a list of pairs (letter, count), one for each run of equal letters in word',
      body: 'runs = []\n    for letter in word:\n        if runs and runs[-1][0] == letter:\n            runs[-1] = (letter, runs[-1][1] + 1)\n        else:\n            runs.append((letter, 1))\n    return runs',
      tests: [
        '[tuple(run) for run in run_lengths("aabccc")] == [("a", 2), ("b", 1), ("c", 3)]',
        'list(run_lengths("")) == []',
      ],
    },
    {
      name: 'leap-year',
      signature: 'def is_leap(year)',
      task: 'tells whether a year of the Gregorian calendar is a leap year',
      body: 'return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)',
      tests: ['is_leap(2024)', 'not is_leap(1900)', 'is_leap(2000)', 'not is_leap(2023)'],
    },
    {
      name: 'rotate',
      signature: 'def rotate(items, n)',
      task: 'returns the list items turned left by n places, for any n from 0 on; an empty list stays empty',
      body: 'if not items:\n        return []\n    n %= len(items)\n    return items[n:] + items[:n]',
      tests: [
        'list(rotate([1, 2, 3, 4], 1)) == [2, 3, 4, 1]',
        'list(rotate([1, 2, 3], 7)) == [2, 3, 1]',
        'list(rotate([], 3)) == []',
      ],
    },
    {
      name: 'roman',
      signature: 'def to_roman(n)',
      task: 'writes a whole number from 1 to 3999 in Roman numerals',
      body: 'values = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]\n    letters = ""\n    for value, sign in values:\n        while n >= value:\n            letters += sign\n            n -= value\n    return letters',
      tests: ['to_roman(1994) == "MCMXCIV"', 'to_roman(4) == "IV"', 'to_roman(3000) == "MMM"'],
    },
    {
      name: 'moving-average',
      signature: 'def moving_average(values, width)',
      task: 'returns the means of every width neighbouring values, from the first on',
      body: 'return [sum(values[i:i + width]) / width for i in range(len(values) - width + 1)]',
      tests: [
        'list(moving_average([1, 3, 5, 7], 2)) == [2, 4, 6]',
        'list(moving_average([4, 8], 1)) == [4, 8]',
      ],
    },
    {
      name: 'merge-intervals',
      signature: 'def merge(intervals)',
      task: 'joins pairs (start, end) that touch or overlap, and returns the rest in order of their start',
      body: 'joined = []\n    for start, end in sorted(intervals):\n        if joined and start <= joined[-1][1]:\n            joined[-1] = (joined[-1][0], max(joined[-1][1], end))\n        else:\n            joined.append((start, end))\n    return joined',
      tests: [
        '[tuple(x) for x in merge([(5, 7), (1, 3), (2, 4)])] == [(1, 4), (5, 7)]',
        '[tuple(x) for x in merge([(1, 2), (2, 3)])] == [(1, 3)]',
      ],
    },
    {
      name: 'word-counts',
      signature: 'def word_counts(line)',
      task: 'returns a dictionary that says how often each word of line occurs; words are parted by blanks',
      body: 'counts = {}\n    for word in line.split():\n        counts[word] = counts.get(word, 0) + 1\n    return counts',
      tests: [
        'dict(word_counts("to be or not to be")) == {"to": 2, "be": 2, "or": 1, "not": 1}',
        'dict(word_counts("")) == {}',
      ],
    },
    {
      name: 'transpose',
      signature: 'def transpose(rows)',
      task: 'turns the rows of a table, lists of equal length, into its columns',
      body: 'return [list(column) for column in zip(*rows)]',
      tests: [
        '[list(x) for x in transpose([[1, 2, 3], [4, 5, 6]])] == [[1, 4], [2, 5], [3, 6]]',
        '[list(x) for x in transpose([[1]])] == [[1]]',
      ],
    },
    {
      name: 'digit-sum',
      signature: 'def digit_sum(n)',
      task: 'returns the sum of the decimal digits of a whole number, whatever its sign',
      body: 'return sum(int(digit) for digit in str(abs(n)))',
      tests: ['digit_sum(1234) == 10', 'digit_sum(-56) == 11', 'digit_sum(0) == 0'],
    },
    {
      name: 'find-sorted',
      signature: 'def find(ordered, x)',
      task: 'returns the place of x in an ascending list by halving it, or -1 where it is not',
      body: 'low, high = 0, len(ordered) - 1\n    while low <= high:\n        middle = (low + high) // 2\n        if ordered[middle] == x:\n            return middle\n        if ordered[middle] < x:\n            low = middle + 1\n        else:\n            high = middle - 1\n    return -1',
      tests: ['find([1, 4, 6, 9], 6) == 2', 'find([1, 4], 3) == -1', 'find([], 3) == -1'],
    },
    {
      name: 'pascal-row',
      signature: 'def pascal_row(n)',
      task: "returns row n of Pascal's triangle, of which row 0 is [1]",
      body: 'row = [1]\n    for k in range(n):\n        row.append(row[k] * (n - k) // (k + 1))\n    return row',
      tests: ['list(pascal_row(0)) == [1]', 'list(pascal_row(4)) == [1, 4, 6, 4, 1]'],
    },
  ],
};

const C: OrdinaryTasks = {
  language: 'c',
  preamble: '#include <stddef.h>',
  ways: ['a for loop', 'a while loop'],
  bases: [
    {
      name: 'gcd',
      signature: 'unsigned gcd(unsigned a, unsigned b)',
      task: 'returns the greatest common divisor of a and b, which are not both 0',
      body: 'while (b != 0) {\n        unsigned rest = a % b;\n        a = b;\n        b = rest;\n    }\n    return a;',
      tests: ['gcd(12, 18) == 6', 'gcd(7, 0) == 7', 'gcd(13, 5) == 1'],
    },
    {
      name: 'prime',
      signature: 'int is_prime(unsigned n)',
      task: 'returns 1 where n is prime, else 0',
      body: 'if (n < 2) return 0;\n    for (unsigned d = 2; d <= n / d; d++)\n        if (n % d == 0) return 0;\n    return 1;',
      tests: ['is_prime(2)', 'is_prime(97)', '!is_prime(1)', '!is_prime(91)', '!is_prime(0)'],
    },
    {
      name: 'count-bits',
      signature: 'int count_bits(unsigned x)',
      task: 'returns how many bits of x are set',
      body: 'int bits = 0;\n    for (; x != 0; x >>= 1) bits += x & 1;\n    return bits;',
      tests: ['count_bits(0) == 0', 'count_bits(255) == 8', 'count_bits(0x80000001u) == 2'],
    },
    {
      name: 'largest',
      signature: 'int largest(const int *values, size_t count)',
      task: 'returns the largest of count values, of which there is at least one',
      body: 'int most = values[0];\n    for (size_t i = 1; i < count; i++)\n        if (values[i] > most) most = values[i];\n    return most;',
      tests: [
        'largest((int[]){3, 9, 2}, 3) == 9',
        'largest((int[]){-5}, 1) == -5',
        'largest((int[]){-5, -2}, 2) == -2',
      ],
    },
    {
      name: 'collatz',
      signature: 'int collatz_steps(unsigned long n)',
      task: 'counts the steps to 1 from n, which is above 0: an even number is halved, an odd one tripled with 1 added',
      body: 'int steps = 0;\n    while (n != 1) {\n        n = n % 2 == 0 ? n / 2 : 3 * n + 1;\n        steps++;\n    }\n    return steps;',
      tests: ['collatz_steps(1) == 0', 'collatz_steps(6) == 8', 'collatz_steps(27) == 111'],
    },
    {
      name: 'days',
      signature: 'int days_in_month(int month, int leap)',
      task: 'returns the number of days of month 1 to 12, in a leap year where leap is not 0',
      body: 'if (month == 2) return leap ? 29 : 28;\n    if (month == 4 || month == 6 || month == 9 || month == 11) return 30;\n    return 31;',
      tests: [
        'days_in_month(2, 0) == 28',
        'days_in_month(2, 1) == 29',
        'days_in_month(4, 0) == 30',
        'days_in_month(12, 1) == 31',
      ],
    },
    {
      name: 'triangle',
      signature: 'int equal_sides(int a, int b, int c)',
      task: 'returns how many sides of a triangle with sides a, b and c are equal: 0, 2 or 3',
      body: 'if (a == b && b == c) return 3;\n    return a == b || b == c || a == c ? 2 : 0;',
      tests: [
        'equal_sides(3, 4, 5) == 0',
        'equal_sides(2, 2, 3) == 2',
        'equal_sides(3, 2, 3) == 2',
        'equal_sides(1, 1, 1) == 3',
      ],
    },
    {
      name: 'mirror-byte',
      signature: 'unsigned char mirror(unsigned char x)',
      task: 'returns the eight bits of x in reverse order',
      body: 'unsigned char out = 0;\n    for (int i = 0; i < 8; i++) {\n        out = (unsigned char)(out << 1 | (x & 1));\n        x >>= 1;\n    }\n    return out;',
      tests: ['mirror(1) == 128', 'mirror(0xF0) == 0x0F', 'mirror(0x13) == 0xC8'],
    },
    {
      name: 'fibonacci',
      signature: 'unsigned long fibonacci(unsigned n)',
      task: 'returns Fibonacci number n, of which 0 and 1 are the first two; n is at most 40',
      body: 'unsigned long a = 0, b = 1;\n    while (n-- > 0) {\n        unsigned long next = a + b;\n        a = b;\n        b = next;\n    }\n    return a;',
      tests: [
        'fibonacci(0) == 0',
        'fibonacci(1) == 1',
        'fibonacci(10) == 55',
        'fibonacci(40) == 102334155',
      ],
    },
    {
      name: 'ascending',
      signature: 'int is_ascending(const int *values, size_t count)',
      task: 'returns 1 where no value is smaller than the one before it, else 0',
      body: 'for (size_t i = 1; i < count; i++)\n        if (values[i] < values[i - 1]) return 0;\n    return 1;',
      tests: [
        'is_ascending((int[]){1, 2, 2, 5}, 4)',
        '!is_ascending((int[]){1, 3, 2}, 3)',
        'is_ascending((int[]){1}, 1)',
      ],
    },
    {
      name: 'whole-root',
      signature: 'unsigned whole_root(unsigned n)',
      task: 'returns the largest whole number whose square is at most n; n is at most 1000000',
      body: 'unsigned root = 0;\n    while ((root + 1) * (root + 1) <= n) root++;\n    return root;',
      tests: [
        'whole_root(0) == 0',
        'whole_root(15) == 3',
        'whole_root(16) == 4',
        'whole_root(1000000) == 1000',
      ],
    },
    {
      name: 'power-mod',
      signature: 'unsigned power_mod(unsigned base, unsigned exponent, unsigned modulus)',
      task: 'returns base to the power of exponent modulo modulus, which is from 1 to 60000',
      body: 'unsigned result = 1 % modulus;\n    base %= modulus;\n    for (; exponent > 0; exponent >>= 1) {\n        if (exponent & 1) result = result * base % modulus;\n        base = base * base % modulus;\n    }\n    return result;',
      tests: ['power_mod(2, 10, 1000) == 24', 'power_mod(5, 0, 7) == 1', 'power_mod(3, 4, 1) == 0'],
    },
  ],
};

export const ORDINARY: readonly OrdinaryTasks[] = [PYTHON, C];
