// CWE-119, access outside of a buffer. Decisions: gets/fgets (2 bases), strcpy/strncpy (2),
// an index or a length that is used with or without a check before it (3).
import { type Base, lines } from './base.js';

const common = {
  cwe: 'CWE-119',
  language: 'c',
  prelude: '#include <stdio.h>\n#include <string.h>\n\n',
} as const;

const dst = ['buf', 'out', 'dest', 'target', 'area', 'room'];
const cap = ['size', 'cap', 'limit'];
const index = ['index', 'slot', 'pos'];
const count = ['count', 'total'];

export const CWE_119: readonly Base[] = [
  {
    ...common,
    id: '119-read-line', // early
    signature: 'void $fn(char *$dst, int $cap)',
    goal: 'read a line of input into $dst',
    pools: {
      fn: ['read_line', 'get_line', 'take_line', 'next_line', 'input_line', 'ask_line'],
      dst: [...dst, 'line', 'text', 'reply'],
      cap,
    },
    api: { insecure: 'gets', secure: 'fgets' },
    insecure: { code: 'gets($dst);', why: 'gets may write past $dst.' },
    secure: { code: 'fgets($dst, $cap, stdin);', why: 'fgets is bounded by $cap.' },
    fix: 'Use fgets with $cap.',
    misleading: {
      insecure: [
        { code: 'fgets($dst, 4096, stdin);', why: 'The bound 4096 is not the size of $dst.' },
        { code: 'fgets($dst, $cap * 2, stdin);', why: 'The bound is twice $cap.' },
        {
          code: lines('char word[64];', 'scanf("%255s", word);', 'puts(word);'),
          why: 'The width 255 is past word.',
        },
      ],
      secure: [
        {
          code: lines('char word[64];', 'scanf("%63s", word);', 'puts(word);'),
          why: 'The width 63 fits in word.',
        },
        {
          code: lines('if ($cap < 64) {', '    return;', '}', 'scanf("%63s", $dst);'),
          why: 'The width 63 is below $cap.',
        },
        {
          code: lines('char page[4096];', 'scanf("%255s", page);', 'puts(page);'),
          why: 'The width 255 fits in page.',
        },
      ],
    },
  },
  {
    ...common,
    id: '119-read-command', // middle
    signature: 'int $fn(char *$dst, int $cap)',
    goal: 'print a prompt and read a command into $dst',
    pools: {
      fn: ['read_command', 'get_command', 'ask_command', 'next_command', 'ask_order', 'get_order'],
      dst: [...dst, 'line', 'text', 'reply'],
      cap,
    },
    api: { insecure: 'gets', secure: 'fgets' },
    insecure: {
      code: lines('printf("> ");', 'gets($dst);', 'return 0;'),
      why: 'gets may write past $dst.',
    },
    secure: {
      code: lines('printf("> ");', 'fgets($dst, $cap, stdin);', 'return 0;'),
      why: 'fgets is bounded by $cap.',
    },
    fix: 'Use fgets with $cap.',
    misleading: {
      insecure: [
        {
          code: lines('printf("> ");', 'fgets($dst, 4096, stdin);', 'return 0;'),
          why: 'The bound 4096 is not the size of $dst.',
        },
        {
          code: lines('char word[64];', 'scanf("%255s", word);', 'puts(word);', 'return 0;'),
          why: 'The width 255 is past word.',
        },
        {
          code: lines('printf("> ");', 'fgets($dst, $cap * 2, stdin);', 'return 0;'),
          why: 'The bound is twice $cap.',
        },
      ],
      secure: [
        {
          code: lines('char word[64];', 'scanf("%63s", word);', 'puts(word);', 'return 0;'),
          why: 'The width 63 fits in word.',
        },
        {
          code: lines(
            'if ($cap < 64) {',
            '    return -1;',
            '}',
            'scanf("%63s", $dst);',
            'return 0;',
          ),
          why: 'The width 63 is below $cap.',
        },
        {
          code: lines('char page[4096];', 'scanf("%255s", page);', 'puts(page);', 'return 0;'),
          why: 'The width 255 fits in page.',
        },
      ],
    },
  },
  {
    ...common,
    id: '119-copy-name', // early
    signature: 'void $fn(char *$dst, size_t $cap, const char *$src)',
    goal: 'copy $src into $dst',
    pools: {
      fn: ['copy_name', 'set_name', 'store_name', 'save_name', 'keep_name', 'put_name'],
      dst,
      cap,
      src: ['name', 'user', 'login', 'label'],
    },
    api: { insecure: 'strcpy', secure: 'strncpy' },
    insecure: { code: 'strcpy($dst, $src);', why: 'strcpy may write past $dst.' },
    secure: {
      code: lines('strncpy($dst, $src, $cap - 1);', "$dst[$cap - 1] = '\\0';"),
      why: 'strncpy is bounded by $cap.',
    },
    fix: 'Use strncpy with $cap.',
    misleading: {
      insecure: [
        {
          code: 'strncpy($dst, $src, strlen($src) + 1);',
          why: 'The bound is the length of $src.',
        },
        { code: 'strncpy($dst, $src, 4096);', why: 'The bound 4096 is not the size of $dst.' },
        {
          code: lines('char tag[16];', 'strncpy(tag, $src, 64);', 'puts(tag);'),
          why: 'The bound 64 is past tag.',
        },
      ],
      secure: [
        {
          code: lines('if (strlen($src) >= $cap) {', '    return;', '}', 'strcpy($dst, $src);'),
          why: 'The length of $src is checked first.',
        },
        {
          code: lines('char tag[16];', 'strcpy(tag, "guest");', 'puts(tag);'),
          why: 'The constant text fits in tag.',
        },
        {
          code: lines('char page[4096];', 'strcpy(page, "guest");', 'puts(page);'),
          why: 'The constant text fits in page.',
        },
      ],
    },
  },
  {
    ...common,
    id: '119-set-host', // late
    signature: 'int $fn(char *$dst, size_t $cap, const char *$src)',
    goal: 'copy $src into $dst unless $src is empty',
    pools: {
      fn: ['set_host', 'store_host', 'save_host', 'use_host', 'keep_host', 'copy_host'],
      dst,
      cap,
      src: ['host', 'server', 'name', 'site'],
    },
    api: { insecure: 'strcpy', secure: 'strncpy' },
    insecure: {
      code: lines(
        "if ($src[0] == '\\0') {",
        '    return -1;',
        '}',
        'strcpy($dst, $src);',
        'return 0;',
      ),
      why: 'strcpy may write past $dst.',
    },
    secure: {
      code: lines(
        "if ($src[0] == '\\0') {",
        '    return -1;',
        '}',
        'strncpy($dst, $src, $cap - 1);',
        "$dst[$cap - 1] = '\\0';",
        'return 0;',
      ),
      why: 'strncpy is bounded by $cap.',
    },
    fix: 'Use strncpy with $cap.',
    misleading: {
      insecure: [
        {
          code: lines(
            "if ($src[0] == '\\0') {",
            '    return -1;',
            '}',
            'strncpy($dst, $src, strlen($src) + 1);',
            'return 0;',
          ),
          why: 'The bound is the length of $src.',
        },
        {
          code: lines('strncpy($dst, $src, 4096);', 'return 0;'),
          why: 'The bound 4096 is not the size of $dst.',
        },
        {
          code: lines('char tag[16];', 'strncpy(tag, $src, 64);', 'puts(tag);', 'return 0;'),
          why: 'The bound 64 is past tag.',
        },
      ],
      secure: [
        {
          code: lines(
            'if (strlen($src) >= $cap) {',
            '    return -1;',
            '}',
            'strcpy($dst, $src);',
            'return 0;',
          ),
          why: 'The length of $src is checked first.',
        },
        {
          code: lines('char tag[16];', 'strcpy(tag, "local");', 'puts(tag);', 'return 0;'),
          why: 'The constant text fits in tag.',
        },
        {
          code: lines('char page[4096];', 'strcpy(page, "local");', 'puts(page);', 'return 0;'),
          why: 'The constant text fits in page.',
        },
      ],
    },
  },
  {
    ...common,
    id: '119-read-entry', // early
    signature: 'int $fn(const int *$arr, int $count, int $index)',
    goal: 'return the entry of $arr at $index',
    pools: {
      fn: ['read_entry', 'get_entry', 'entry_at', 'value_at', 'pick_entry', 'look_up'],
      arr: ['table', 'list', 'values', 'scores', 'marks'],
      count,
      index,
    },
    api: { insecure: 'the index as it is', secure: 'an index check' },
    insecure: { code: 'return $arr[$index];', why: '$index may be outside of $arr.' },
    secure: {
      code: lines(
        'if ($index < 0 || $index >= $count) {',
        '    return -1;',
        '}',
        'return $arr[$index];',
      ),
      why: '$index is checked against $count.',
    },
    fix: 'Check $index against $count.',
    misleading: {
      insecure: [
        {
          code: lines('if ($index < 0) {', '    return -1;', '}', 'return $arr[$index];'),
          why: 'Only the lower end is checked.',
        },
        {
          code: lines('if ($count < 1) {', '    return -1;', '}', 'return $arr[$index];'),
          why: 'The check ignores $index.',
        },
        {
          code: lines('if ($index >= $count) {', '    return -1;', '}', 'return $arr[$index];'),
          why: 'Only the upper end is checked.',
        },
      ],
      secure: [
        {
          code: 'return $index >= 0 && $index < $count ? $arr[$index] : -1;',
          why: '$index is checked against $count.',
        },
        { code: 'return $count > 0 ? $arr[0] : -1;', why: 'The index is constant and in range.' },
        {
          code: lines('if ($count < 1) {', '    return -1;', '}', 'return $arr[0];'),
          why: 'The index is constant and in range.',
        },
      ],
    },
  },
  {
    ...common,
    id: '119-set-entry', // middle
    signature: 'void $fn(int *$arr, int $count, int $index, int $value)',
    goal: 'print $value and store it in $arr at $index',
    pools: {
      fn: ['set_entry', 'put_entry', 'store_entry', 'set_value', 'put_value', 'mark_entry'],
      arr: ['table', 'list', 'values', 'scores', 'marks'],
      count,
      index,
      value: ['value', 'number'],
    },
    api: { insecure: 'the index as it is', secure: 'an index check' },
    insecure: {
      code: lines('printf("set %d\\n", $value);', '$arr[$index] = $value;'),
      why: '$index may be outside of $arr.',
    },
    secure: {
      code: lines(
        'printf("set %d\\n", $value);',
        'if ($index < 0 || $index >= $count) {',
        '    return;',
        '}',
        '$arr[$index] = $value;',
      ),
      why: '$index is checked against $count.',
    },
    fix: 'Check $index against $count.',
    misleading: {
      insecure: [
        {
          code: lines('if ($index < 0) {', '    return;', '}', '$arr[$index] = $value;'),
          why: 'Only the lower end is checked.',
        },
        {
          code: lines('if ($value < 0) {', '    return;', '}', '$arr[$index] = $value;'),
          why: 'The check ignores $index.',
        },
        {
          code: lines('if ($index >= $count) {', '    return;', '}', '$arr[$index] = $value;'),
          why: 'Only the upper end is checked.',
        },
      ],
      secure: [
        {
          code: lines('if ($index >= 0 && $index < $count) {', '    $arr[$index] = $value;', '}'),
          why: '$index is checked against $count.',
        },
        {
          code: lines('if ($count > 0) {', '    $arr[0] = $value;', '}'),
          why: 'The index is constant and in range.',
        },
        {
          code: lines('if ($count < 1) {', '    return;', '}', '$arr[0] = $value;'),
          why: 'The index is constant and in range.',
        },
      ],
    },
  },
  {
    ...common,
    id: '119-parse-frame', // late
    signature: 'int $fn(const char *$src, size_t $len)',
    goal: 'copy $len bytes of $src into a local frame and return its first byte',
    pools: {
      fn: ['parse_frame', 'read_frame', 'open_frame', 'frame_kind', 'scan_frame', 'take_frame'],
      src: ['data', 'block', 'bytes', 'input'],
      len: ['len', 'count', 'total'],
    },
    api: { insecure: 'memcpy without a check', secure: 'a length check' },
    insecure: {
      code: lines('char frame[64];', 'memcpy(frame, $src, $len);', 'return frame[0];'),
      why: 'memcpy may write past frame.',
    },
    secure: {
      code: lines(
        'char frame[64];',
        'if ($len > sizeof(frame)) {',
        '    return -1;',
        '}',
        'memcpy(frame, $src, $len);',
        'return frame[0];',
      ),
      why: '$len is checked against frame.',
    },
    fix: 'Check $len against the size of frame.',
    misleading: {
      insecure: [
        {
          code: lines(
            'char frame[64];',
            'if ($len > 128) {',
            '    return -1;',
            '}',
            'memcpy(frame, $src, $len);',
            'return frame[0];',
          ),
          why: 'The check allows 128 bytes, more than frame holds.',
        },
        {
          code: lines(
            'char frame[64];',
            'if ($len == 0) {',
            '    return -1;',
            '}',
            'memcpy(frame, $src, $len);',
            'return frame[0];',
          ),
          why: 'The check only asks for zero.',
        },
        {
          code: lines(
            'char frame[16];',
            'memcpy(frame, $src, $len < 64 ? $len : 64);',
            'return frame[0];',
          ),
          why: 'memcpy takes 64 bytes, more than frame holds.',
        },
      ],
      secure: [
        {
          code: lines('char frame[64];', 'memcpy(frame, "ready", 6);', 'return frame[0];'),
          why: 'The constant text fits in frame.',
        },
        {
          code: lines(
            'char frame[64];',
            'memcpy(frame, $src, $len < 64 ? $len : 64);',
            'return frame[0];',
          ),
          why: 'memcpy takes 64 bytes at most.',
        },
        {
          code: lines(
            'char frame[256];',
            'memcpy(frame, $src, $len < 128 ? $len : 128);',
            'return frame[0];',
          ),
          why: 'memcpy takes 128 bytes at most.',
        },
      ],
    },
  },
];
