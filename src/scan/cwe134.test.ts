import { describe, expect, it } from 'vitest';
import { Scanner } from './scanner.js';

const scanner = await Scanner.load();
const HEAD =
  '#include <stdio.h>\n#include <string.h>\n#include <stdarg.h>\n#include <syslog.h>\n#define FORMAT "user=%s\\n"\n';

function check(outcome: string, source: string): void {
  const verdict = scanner.classify(HEAD + source, 'c', 'CWE-134');
  expect(verdict, verdict.reason).toMatchObject({ outcome, problems: [] });
}

const INSECURE: Record<string, string> = {
  printf: 'void f(const char *msg) { printf(msg); }',
  fprintf: 'void f(FILE *log, const char *msg) { fprintf(log, msg); }',
  'fprintf to stderr': 'void f(const char *msg) { fprintf(stderr, msg); }',
  syslog: 'void f(const char *msg) { syslog(LOG_INFO, msg); }',
  snprintf: 'void f(char *out, size_t n, const char *msg) { snprintf(out, n, msg); }',
  dprintf: 'void f(int fd, const char *msg) { dprintf(fd, msg); }',
  'with arguments behind': 'void f(const char *fmt, int a) { printf(fmt, a); }',
  'vprintf of a parameter':
    'void f(const char *fmt, ...) { va_list ap; va_start(ap, fmt); vprintf(fmt, ap); va_end(ap); }',
  'a text that was built before':
    'void f(const char *user) { char line[64]; snprintf(line, sizeof(line), "user=%s\\n", user); printf(line); }',
  'a copy': 'void f(const char *user) { char b[64]; strncpy(b, user, 63); b[63] = 0; printf(b); }',
  'an alias': 'void f(const char *user) { const char *p = user; printf(p); }',
  'one of two ways':
    'void f(const char *m, int x) { const char *p = "a"; if (x) p = m; printf(p); }',
  'one side of a choice': 'void f(const char *m) { printf(m ? m : "none"); }',
  'behind a literal one': 'void f(const char *m) { printf("%s", m); printf(m); }',
};

const SECURE: Record<string, string> = {
  printf: 'void f(const char *msg) { printf("%s", msg); }',
  'a literal alone': 'void f(void) { printf("done"); }',
  'a literal of two parts': 'void f(const char *m) { printf("user=" "%s\\n", m); }',
  'a macro': 'void f(const char *m) { printf(FORMAT, m); }',
  fputs: 'void f(const char *msg) { fputs(msg, stdout); }',
  puts: 'void f(const char *msg) { puts(msg); }',
  fprintf: 'void f(FILE *log, const char *msg) { fprintf(log, "%s\\n", msg); }',
  syslog: 'void f(const char *msg) { syslog(LOG_INFO, "%s", msg); }',
  snprintf: 'void f(char *out, size_t n, const char *msg) { snprintf(out, n, "%s", msg); }',
  'a variable of literals':
    'void f(int x) { const char *fmt = "a %d"; if (x) fmt = "b %d"; printf(fmt, x); }',
  'a choice of literals': 'void f(int x) { printf(x ? "yes\\n" : "no\\n"); }',
  'a constant of the file':
    'static const char text[] = "%d\\n";\nvoid f(int x) { printf(text, x); }',
  'an array of literals':
    'void f(unsigned i) { static const char *text[] = {"a\\n", "b\\n"}; printf(text[i % 2]); }',
  'an array with a constant text': 'void f(void) { char b[16]; strcpy(b, "ok"); printf(b); }',
  'the risky call in a comment':
    'void f(const char *m) { /* printf(m); */ printf("%s", "printf(m)"); fputs(m, stdout); }',
};

describe('CWE-134', () => {
  it.each(Object.entries(INSECURE))('insecure: %s', (_, source) => check('insecure', source));
  it.each(Object.entries(SECURE))('secure: %s', (_, source) => check('secure', source));
  it('other: no output', () => check('other', 'size_t f(const char *m) { return strlen(m); }'));
});
