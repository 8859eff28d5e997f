// CWE-787, out-of-bounds write. Decisions: sprintf/snprintf (2 bases), strcat/strncat (2),
// a copy with or without a length check before it (3).
import { type Base, lines } from './base.js';

const common = {
  cwe: 'CWE-787',
  language: 'c',
  prelude: '#include <stdio.h>\n#include <string.h>\n\n',
} as const;

const dst = ['buf', 'out', 'dest', 'target', 'area', 'room'];
const cap = ['size', 'cap', 'limit'];
const len = ['len', 'count'];

export const CWE_787: readonly Base[] = [
  {
    ...common,
    id: '787-log-line', // early
    signature: 'void $fn(char *$dst, size_t $cap, const char *$src)',
    goal: 'write user= and $src into $dst',
    pools: {
      fn: ['log_user', 'note_login', 'mark_user', 'user_line', 'put_user', 'show_login'],
      dst,
      cap,
      src: ['user', 'login', 'name', 'owner'],
    },
    api: { insecure: 'sprintf', secure: 'snprintf' },
    insecure: { code: 'sprintf($dst, "user=%s", $src);', why: 'sprintf may write past $dst.' },
    secure: {
      code: 'snprintf($dst, $cap, "user=%s", $src);',
      why: 'snprintf is bounded by $cap.',
    },
    fix: 'Use snprintf with $cap.',
    misleading: {
      insecure: [
        {
          code: 'snprintf($dst, strlen($src) + 6, "user=%s", $src);',
          why: 'The bound is the length of $src.',
        },
        {
          code: 'snprintf($dst, 4096, "user=%s", $src);',
          why: 'The bound 4096 is not the size of $dst.',
        },
        {
          code: lines('char tag[16];', 'snprintf(tag, 64, "user=%s", $src);', 'puts(tag);'),
          why: 'The bound 64 is past tag.',
        },
      ],
      secure: [
        {
          code: lines(
            'if (strlen($src) + 6 > $cap) {',
            '    return;',
            '}',
            'sprintf($dst, "user=%s", $src);',
          ),
          why: 'The length of $src is checked first.',
        },
        {
          code: lines('char tag[16];', 'sprintf(tag, "user=none");', 'puts(tag);'),
          why: 'The constant text fits in tag.',
        },
        {
          code: lines('char page[4096];', 'sprintf(page, "user=none");', 'puts(page);'),
          why: 'The constant text fits in page.',
        },
      ],
    },
  },
  {
    ...common,
    id: '787-switch-state', // middle
    signature: 'void $fn(char *$dst, size_t $cap, const char *$src, int $on)',
    goal: 'write whether $src is on or off into $dst',
    pools: {
      fn: ['state_line', 'show_state', 'put_state', 'print_switch', 'switch_text', 'note_state'],
      dst,
      cap,
      src: ['lamp', 'item', 'label', 'name'],
      on: ['on', 'active'],
    },
    api: { insecure: 'sprintf', secure: 'snprintf' },
    insecure: {
      code: lines(
        'const char *state = $on ? "on" : "off";',
        'sprintf($dst, "%s is %s", $src, state);',
      ),
      why: 'sprintf may write past $dst.',
    },
    secure: {
      code: lines(
        'const char *state = $on ? "on" : "off";',
        'snprintf($dst, $cap, "%s is %s", $src, state);',
      ),
      why: 'snprintf is bounded by $cap.',
    },
    fix: 'Use snprintf with $cap.',
    misleading: {
      insecure: [
        {
          code: lines(
            'const char *state = $on ? "on" : "off";',
            'snprintf($dst, strlen($src) + 8, "%s is %s", $src, state);',
          ),
          why: 'The bound is the length of $src.',
        },
        {
          code: 'snprintf($dst, 4096, "%s is %d", $src, $on);',
          why: 'The bound 4096 is not the size of $dst.',
        },
        {
          code: lines('char tag[16];', 'snprintf(tag, 64, "%s is on", $src);', 'puts(tag);'),
          why: 'The bound 64 is past tag.',
        },
      ],
      secure: [
        {
          code: lines(
            'if (strlen($src) + 8 > $cap) {',
            '    return;',
            '}',
            'sprintf($dst, "%s is on", $src);',
          ),
          why: 'The length of $src is checked first.',
        },
        {
          code: lines('char tag[16];', 'sprintf(tag, "state off");', 'puts(tag);'),
          why: 'The constant text fits in tag.',
        },
        {
          code: lines('char page[4096];', 'sprintf(page, "state on");', 'puts(page);'),
          why: 'The constant text fits in page.',
        },
      ],
    },
  },
  {
    ...common,
    id: '787-append-tag', // early
    signature: 'void $fn(char *$dst, size_t $cap, const char *$src)',
    goal: 'append $src to the string in $dst',
    pools: {
      fn: ['append_tag', 'add_tag', 'add_word', 'extend_line', 'tag_line', 'add_item'],
      dst,
      cap,
      src: ['tag', 'word', 'item', 'text'],
    },
    api: { insecure: 'strcat', secure: 'strncat' },
    insecure: { code: 'strcat($dst, $src);', why: 'strcat may write past $dst.' },
    secure: {
      code: 'strncat($dst, $src, $cap - strlen($dst) - 1);',
      why: 'strncat is bounded by $cap.',
    },
    fix: 'Use strncat with the space left in $cap.',
    misleading: {
      insecure: [
        { code: 'strncat($dst, $src, $cap);', why: 'The bound ignores what $dst holds.' },
        { code: 'strncat($dst, $src, strlen($src));', why: 'The bound is the length of $src.' },
        {
          code: lines('char mark[16] = "a";', 'strncat(mark, $src, 64);', 'puts(mark);'),
          why: 'The bound 64 is past mark.',
        },
      ],
      secure: [
        {
          code: lines(
            'if (strlen($dst) + strlen($src) + 1 > $cap) {',
            '    return;',
            '}',
            'strcat($dst, $src);',
          ),
          why: 'The length of $src is checked first.',
        },
        {
          code: lines('char mark[16] = "a";', 'strcat(mark, "-b");', 'puts(mark);'),
          why: 'The constant text fits in mark.',
        },
        {
          code: lines('char page[64] = "a";', 'strcat(page, "-tag");', 'puts(page);'),
          why: 'The constant text fits in page.',
        },
      ],
    },
  },
  {
    ...common,
    id: '787-join-path', // late
    signature: 'int $fn(char *$dst, size_t $cap, const char *$src)',
    goal: 'append the file $src to the path in $dst unless $dst is empty',
    pools: {
      fn: ['join_path', 'add_file', 'path_with', 'extend_path', 'put_file', 'path_join'],
      dst,
      cap,
      src: ['file', 'name', 'entry', 'path'],
    },
    api: { insecure: 'strcat', secure: 'strncat' },
    insecure: {
      code: lines(
        "if ($dst[0] == '\\0') {",
        '    return -1;',
        '}',
        'strcat($dst, $src);',
        'return 0;',
      ),
      why: 'strcat may write past $dst.',
    },
    secure: {
      code: lines(
        "if ($dst[0] == '\\0') {",
        '    return -1;',
        '}',
        'strncat($dst, $src, $cap - strlen($dst) - 1);',
        'return 0;',
      ),
      why: 'strncat is bounded by $cap.',
    },
    fix: 'Use strncat with the space left in $cap.',
    misleading: {
      insecure: [
        {
          code: lines(
            "if ($dst[0] == '\\0') {",
            '    return -1;',
            '}',
            'strncat($dst, $src, $cap);',
            'return 0;',
          ),
          why: 'The bound ignores what $dst holds.',
        },
        {
          code: lines('strncat($dst, $src, strlen($src));', 'return 0;'),
          why: 'The bound is the length of $src.',
        },
        {
          code: lines(
            'char mark[16] = "/";',
            'strncat(mark, $src, 64);',
            'puts(mark);',
            'return 0;',
          ),
          why: 'The bound 64 is past mark.',
        },
      ],
      secure: [
        {
          code: lines(
            'if (strlen($dst) + strlen($src) + 1 > $cap) {',
            '    return -1;',
            '}',
            'strcat($dst, $src);',
            'return 0;',
          ),
          why: 'The length of $src is checked first.',
        },
        {
          code: lines('char mark[16] = "/";', 'strcat(mark, "tmp");', 'puts(mark);', 'return 0;'),
          why: 'The constant text fits in mark.',
        },
        {
          code: lines('char page[64] = "/";', 'strcat(page, "home");', 'puts(page);', 'return 0;'),
          why: 'The constant text fits in page.',
        },
      ],
    },
  },
  {
    ...common,
    id: '787-copy-block', // early
    signature: 'int $fn(char *$dst, size_t $cap, const char *$src, size_t $len)',
    goal: 'copy $len bytes of $src into $dst',
    pools: {
      fn: ['copy_block', 'store_block', 'take_block', 'load_block', 'keep_block', 'move_block'],
      dst,
      cap,
      src: ['data', 'block', 'bytes', 'input'],
      len,
    },
    api: { insecure: 'memcpy without a check', secure: 'a length check' },
    insecure: {
      code: lines('memcpy($dst, $src, $len);', 'return 0;'),
      why: 'memcpy may write past $dst.',
    },
    secure: {
      code: lines(
        'if ($len > $cap) {',
        '    return -1;',
        '}',
        'memcpy($dst, $src, $len);',
        'return 0;',
      ),
      why: '$len is checked against $cap.',
    },
    fix: 'Check $len against $cap.',
    misleading: {
      insecure: [
        {
          code: lines(
            'if ($len > strlen($src)) {',
            '    return -1;',
            '}',
            'memcpy($dst, $src, $len);',
            'return 0;',
          ),
          why: 'The check is against the length of $src.',
        },
        {
          code: lines(
            'if ($len == 0) {',
            '    return -1;',
            '}',
            'memcpy($dst, $src, $len);',
            'return 0;',
          ),
          why: 'The check only asks for zero.',
        },
        {
          code: lines(
            'char mark[16];',
            'if ($len > 64) {',
            '    return -1;',
            '}',
            'memcpy(mark, $src, $len);',
            'return 0;',
          ),
          why: 'The check allows 64 bytes, more than mark holds.',
        },
      ],
      secure: [
        {
          code: lines('memcpy($dst, $src, $len < $cap ? $len : $cap);', 'return 0;'),
          why: 'memcpy takes the smaller of $len and $cap.',
        },
        {
          code: lines('char mark[16];', 'memcpy(mark, "block", 6);', 'puts(mark);', 'return 0;'),
          why: 'The constant text fits in mark.',
        },
        {
          code: lines(
            'if ($len == 0) {',
            '    return -1;',
            '}',
            'memcpy($dst, $src, $len < $cap ? $len : $cap);',
            'return 0;',
          ),
          why: 'memcpy takes the smaller of $len and $cap.',
        },
      ],
    },
  },
  {
    ...common,
    id: '787-fill-row', // middle
    signature: 'void $fn(char *$dst, size_t $cap, const char *$src, size_t $len)',
    goal: 'copy the $len cells of $src into $dst one by one',
    pools: {
      fn: ['fill_row', 'copy_row', 'set_row', 'write_row', 'load_row', 'copy_cells'],
      dst,
      cap,
      src: ['row', 'cells', 'values', 'data'],
      len,
    },
    api: { insecure: 'a loop without a check', secure: 'a length check' },
    insecure: {
      code: lines('size_t i;', 'for (i = 0; i < $len; i++) {', '    $dst[i] = $src[i];', '}'),
      why: 'The loop may write past $dst.',
    },
    secure: {
      code: lines(
        'size_t i;',
        'if ($len > $cap) {',
        '    return;',
        '}',
        'for (i = 0; i < $len; i++) {',
        '    $dst[i] = $src[i];',
        '}',
      ),
      why: '$len is checked against $cap.',
    },
    fix: 'Check $len against $cap.',
    misleading: {
      insecure: [
        {
          code: lines(
            'size_t i;',
            'if ($len > strlen($src)) {',
            '    return;',
            '}',
            'for (i = 0; i < $len; i++) {',
            '    $dst[i] = $src[i];',
            '}',
          ),
          why: 'The check is against the length of $src.',
        },
        {
          code: lines(
            'size_t i;',
            'if ($len == 0) {',
            '    return;',
            '}',
            'for (i = 0; i < $len; i++) {',
            '    $dst[i] = $src[i];',
            '}',
          ),
          why: 'The check only asks for zero.',
        },
        {
          code: lines('size_t i;', 'for (i = 0; i <= $cap; i++) {', "    $dst[i] = ' ';", '}'),
          why: 'The loop goes one past $cap.',
        },
      ],
      secure: [
        {
          code: lines(
            'size_t i;',
            'for (i = 0; i < $len && i < $cap; i++) {',
            '    $dst[i] = $src[i];',
            '}',
          ),
          why: 'The loop stops at $cap.',
        },
        {
          code: lines('size_t i;', 'for (i = 0; i < $cap; i++) {', "    $dst[i] = ' ';", '}'),
          why: 'The loop stops at $cap.',
        },
        {
          code: lines(
            'size_t i;',
            'if ($len == 0) {',
            '    return;',
            '}',
            'for (i = 0; i < $len && i < $cap; i++) {',
            '    $dst[i] = $src[i];',
            '}',
          ),
          why: 'The loop stops at $cap.',
        },
      ],
    },
  },
  {
    ...common,
    id: '787-keep-text', // late
    signature: 'size_t $fn(char *$dst, size_t $cap, const char *$src)',
    goal: 'copy the string $src with its end into $dst and return the bytes used',
    pools: {
      fn: ['keep_text', 'store_text', 'save_text', 'hold_text', 'take_text', 'copy_text'],
      dst,
      cap,
      src: ['text', 'title', 'label', 'note'],
    },
    api: { insecure: 'memcpy without a check', secure: 'a length check' },
    insecure: {
      code: lines('size_t used = strlen($src) + 1;', 'memcpy($dst, $src, used);', 'return used;'),
      why: 'memcpy may write past $dst.',
    },
    secure: {
      code: lines(
        'size_t used = strlen($src) + 1;',
        'if (used > $cap) {',
        '    return 0;',
        '}',
        'memcpy($dst, $src, used);',
        'return used;',
      ),
      why: 'used is checked against $cap.',
    },
    fix: 'Check used against $cap.',
    misleading: {
      insecure: [
        {
          code: lines(
            'size_t used = strlen($src) + 1;',
            'if (used > 4096) {',
            '    return 0;',
            '}',
            'memcpy($dst, $src, used);',
            'return used;',
          ),
          why: 'The check 4096 is not the size of $dst.',
        },
        {
          code: lines(
            'size_t used = strlen($src) + 1;',
            'if (used == 1) {',
            '    return 0;',
            '}',
            'memcpy($dst, $src, used);',
            'return used;',
          ),
          why: 'The check only asks for an empty text.',
        },
        {
          code: lines(
            'char mark[16];',
            'size_t used = strlen($src) + 1;',
            'if (used > 64) {',
            '    return 0;',
            '}',
            'memcpy(mark, $src, used);',
            'return used;',
          ),
          why: 'The check allows 64 bytes, more than mark holds.',
        },
      ],
      secure: [
        {
          code: lines(
            'size_t used = strlen($src) + 1;',
            'used = used < $cap ? used : $cap;',
            'memcpy($dst, $src, used);',
            'return used;',
          ),
          why: 'memcpy takes the smaller of used and $cap.',
        },
        {
          code: lines('char mark[16];', 'memcpy(mark, "empty", 6);', 'puts(mark);', 'return 0;'),
          why: 'The constant text fits in mark.',
        },
        {
          code: lines(
            'size_t used = strlen($src) + 1;',
            'if (used == 1) {',
            '    return 0;',
            '}',
            'used = used < $cap ? used : $cap;',
            'memcpy($dst, $src, used);',
            'return used;',
          ),
          why: 'memcpy takes the smaller of used and $cap.',
        },
      ],
    },
  },
];
