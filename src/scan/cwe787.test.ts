import { describe, expect, it } from 'vitest';
import { Scanner } from './scanner.js';

const scanner = await Scanner.load();
const HEAD = '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#define LIMIT 32\n';

function check(outcome: string, source: string): void {
  const verdict = scanner.classify(HEAD + source, 'c', 'CWE-787');
  expect(verdict, verdict.reason).toMatchObject({ outcome, problems: [] });
}

const INSECURE: Record<string, string> = {
  'sprintf of a parameter':
    'void f(char *out, size_t out_size, const char *user) { sprintf(out, "user=%s", user); }',
  'sprintf into an array':
    'void f(const char *user) { char line[64]; sprintf(line, "%s", user); puts(line); }',
  'sprintf of a bounded text into a buffer of any size':
    'void f(char *out, size_t n, const char *u) { char b[64]; snprintf(b, sizeof(b), "%s", u); sprintf(out, "%s", b); }',
  'a safe looking snprintf with the wrong constant':
    'void f(const char *u) { char buf[64]; snprintf(buf, 9999, "%s", u); }',
  'the size of a pointer':
    'void f(char *out, size_t out_size, const char *u) { snprintf(out, sizeof(out), "%s", u); }',
  'the size of an array parameter':
    'void f(char out[64], const char *u) { snprintf(out, sizeof(out), "%s", u); }',
  'strncpy with the length of the source':
    'void f(char *dst, size_t dst_len, const char *src) { strncpy(dst, src, strlen(src)); }',
  'strcat of a parameter': 'void f(char *dst, size_t cap, const char *src) { strcat(dst, src); }',
  'strncat with the whole size':
    'void f(const char *src) { char dst[32] = "a"; strncat(dst, src, sizeof(dst)); }',
  'strncat with the whole size of the parameter':
    'void f(char *dst, size_t size, const char *src) { strncat(dst, src, size); }',
  'strncat that forgets the NUL':
    'void f(char *dst, size_t size, const char *src) { strncat(dst, src, size - strlen(dst)); }',
  'memcpy of any length':
    'void f(const char *data, size_t len) { char buf[64]; memcpy(buf, data, len); }',
  'memcpy into a buffer without a size':
    'void f(char *dst, const char *src, size_t src_len) { memcpy(dst, src, src_len); }',
  'memcpy whose guard is too wide':
    'void f(const char *data, size_t len) { char buf[64]; if (len > 128) return; memcpy(buf, data, len); }',
  'memcpy whose guard is off by one':
    'void f(char *dst, size_t cap, const char *s) { size_t n = strlen(s); if (n > cap) return; memcpy(dst, s, n + 1); }',
  'memcpy of a length that may be negative':
    'void f(const char *data, int len) { char buf[64]; if (len > 64) return; memcpy(buf, data, len); }',
  'a guard on one way only':
    'void f(char *dst, size_t cap, const char *s, int fast) { if (!fast && strlen(s) >= cap) return; strcpy(dst, s); }',
  'a loop to the end of the source':
    'void f(char *dst, size_t cap, const char *s) { size_t i; for (i = 0; s[i]; i++) dst[i] = s[i]; dst[i] = 0; }',
  'a pointer loop to the end of the source':
    "void f(char *dst, size_t cap, const char *s) { while (*s) { *dst++ = *s++; } *dst = '\\0'; }",
  'a loop that goes one too far':
    'void f(int v) { int a[16]; for (int i = 0; i <= 16; i++) a[i] = v; }',
  'a loop bounded by the wrong thing':
    'void f(char *dst, size_t cap, const char *s, size_t len) { for (size_t i = 0; i < len; i++) dst[i] = s[i]; }',
  'a loop that leaves no room for the NUL':
    'void f(char *dst, size_t cap, const char *s) { size_t i = 0; while (i < cap && s[i]) { dst[i] = s[i]; i++; } dst[i] = 0; }',
  'an index from outside':
    'void f(int *table, size_t count, size_t idx, int v) { table[idx] = v; }',
  'an allocation without room for the NUL':
    'char *f(const char *s) { char *p = malloc(strlen(s)); if (!p) return NULL; strcpy(p, s); return p; }',
  'the second of two calls':
    'void f(char *o, size_t o_size, const char *s) { snprintf(o, o_size, "%s", s); strcat(o, s); }',
};

const SECURE: Record<string, string> = {
  'snprintf with the size parameter':
    'void f(char *out, size_t out_size, const char *user) { snprintf(out, out_size, "user=%s", user); }',
  'snprintf with sizeof':
    'void f(const char *u) { char b[64]; snprintf(b, sizeof(b), "%s", u); puts(b); }',
  'snprintf with sizeof b and no parentheses':
    'void f(const char *u) { char b[64]; snprintf(b, sizeof b - 1, "%s", u); }',
  'a macro for the size': 'void f(const char *u) { char b[LIMIT]; snprintf(b, LIMIT, "%s", u); }',
  'sprintf of a number into room enough':
    'void f(int n) { char b[32]; sprintf(b, "n=%d", n); puts(b); }',
  'sprintf with a precision': 'void f(const char *u) { char b[32]; sprintf(b, "%.20s", u); }',
  'strcpy of a literal': 'void f(void) { char b[8]; strcpy(b, "ok"); puts(b); }',
  'strcpy behind a check':
    'int f(char *dst, size_t size, const char *s) { if (strlen(s) >= size) return -1; strcpy(dst, s); return 0; }',
  'sprintf behind a check':
    'int f(char *d, size_t n, const char *s) { if (strlen(s) + 6 > n) return -1; sprintf(d, "user=%s", s); return 0; }',
  'strcpy in the checked branch':
    'void f(char *dst, size_t size, const char *s) { if (strlen(s) < size) { strcpy(dst, s); } else { dst[0] = 0; } }',
  'a check through a variable':
    'int f(const char *s) { char b[64]; size_t n = strlen(s); if (n + 1 > sizeof(b)) return -1; memcpy(b, s, n + 1); return 0; }',
  'strncat that leaves room':
    'void f(char *dst, size_t size, const char *s) { strncat(dst, s, size - strlen(dst) - 1); }',
  'strncat into an empty array':
    'void f(const char *s) { char b[32] = ""; strncat(b, s, sizeof(b) - 1); puts(b); }',
  'strcat behind a check of both':
    'int f(char *d, size_t cap, const char *s) { if (strlen(d) + strlen(s) + 1 > cap) return -1; strcat(d, s); return 0; }',
  'strncpy and the NUL':
    'void f(char *dst, size_t dst_len, const char *s) { strncpy(dst, s, dst_len - 1); dst[dst_len - 1] = 0; }',
  'memcpy of a clamped length':
    'void f(char *dst, size_t cap, const char *s, size_t len) { if (len > cap) len = cap; memcpy(dst, s, len); }',
  'memcpy of the smaller length':
    'void f(const char *s, size_t len) { char b[64]; size_t n = len < sizeof(b) ? len : sizeof(b); memcpy(b, s, n); }',
  'an int compared with sizeof is checked as unsigned':
    'void f(const char *s, int len) { char b[64]; if (len > sizeof(b)) return; memcpy(b, s, len); }',
  'a bounded loop':
    'void f(char *dst, size_t cap, const char *s) { size_t i; for (i = 0; s[i] && i < cap - 1; i++) dst[i] = s[i]; dst[i] = 0; }',
  'a bounded loop with != ':
    'void f(char *dst, size_t n, int v) { for (size_t i = 0; i != n; i++) dst[i] = v; }',
  'a bounded pointer loop':
    'void f(char *dst, size_t cap, const char *s) { char *end = dst + cap - 1; while (*s && dst < end) *dst++ = *s++; *dst = 0; }',
  'a copy that skips':
    "void f(char *dst, size_t cap, const char *s) { size_t j = 0; for (size_t i = 0; s[i]; i++) { if (s[i] == ' ') continue; if (j + 1 >= cap) break; dst[j++] = s[i]; } dst[j] = 0; }",
  'two loops into one buffer':
    'void f(char *dst, size_t cap, const char *a, const char *b) { size_t n = 0; for (; *a && n < cap - 1; a++) dst[n++] = *a; for (; *b && n < cap - 1; b++) dst[n++] = *b; dst[n] = 0; }',
  'a countdown':
    'void f(char *dst, size_t cap, const char *s) { size_t left = cap; while (left > 1 && *s) { *dst++ = *s++; left--; } *dst = 0; }',
  'a checked index':
    'int f(int *table, size_t count, size_t idx, int v) { if (idx >= count) return -1; table[idx] = v; return 0; }',
  'an index reduced by the count':
    'void f(int *table, size_t count, size_t idx, int v) { table[idx % count] = v; }',
  'an allocation of the right size':
    'char *f(const char *s) { char *p = malloc(strlen(s) + 1); if (!p) return NULL; strcpy(p, s); return p; }',
  'a field of a known struct':
    'struct user { char name[32]; int id; };\nvoid f(struct user *u, const char *s) { snprintf(u->name, sizeof(u->name), "%s", s); }',
  'a goto over the call':
    'int f(char *d, size_t n, const char *s) { int rc = -1; if (strlen(s) >= n) goto out; strcpy(d, s); rc = 0; out: return rc; }',
  'appending with an offset':
    'void f(char *out, size_t size, const char *s) { size_t n = strlen(out); snprintf(out + n, size - n, "%s", s); }',
  'the risky call only in a comment and a string':
    'void f(char *out, size_t n, const char *u) { /* sprintf(out, u); strcpy(out, u) */ puts("strcpy(out, u);"); snprintf(out, n, "%s", u); }',
};

const OTHER: Record<string, string> = {
  'no write at all': 'int f(int a, int b) { return a + b; }',
  'only a NUL': 'void f(char *out, size_t n) { out[0] = 0; }',
  'only a comment':
    'void f(char *out, size_t n, const char *u) { /* snprintf(out, n, "%s", u); */ }',
  'only a string': 'void f(const char *u) { puts("sprintf(out, u)"); }',
  'a constant bound and a buffer of unknown size':
    'void f(char *dst, const char *s) { strncpy(dst, s, 15); }',
};

describe('CWE-787', () => {
  it.each(Object.entries(INSECURE))('insecure: %s', (_, source) => check('insecure', source));
  it.each(Object.entries(SECURE))('secure: %s', (_, source) => check('secure', source));
  it.each(Object.entries(OTHER))('other: %s', (_, source) => check('other', source));

  it('names the deciding call', () => {
    const source =
      '#include <stdio.h>\nvoid f(const char *u) {\n  char buf[8];\n  sprintf(buf, "%s", u);\n}\n';
    expect(scanner.classify(source, 'c', 'CWE-787')).toMatchObject({
      reason: 'sprintf writes into buf without a bound (line 4)',
      line: 4,
    });
  });
});
