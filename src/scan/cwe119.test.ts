import { describe, expect, it } from 'vitest';
import { Scanner } from './scanner.js';

const scanner = await Scanner.load();
const HEAD =
  '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n#include <sys/socket.h>\n';

function check(outcome: string, source: string): void {
  const verdict = scanner.classify(HEAD + source, 'c', 'CWE-119');
  expect(verdict, verdict.reason).toMatchObject({ outcome, problems: [] });
}

const INSECURE: Record<string, string> = {
  gets: 'void f(char *buf, size_t size) { gets(buf); }',
  'gets into an array': 'int f(void) { char line[128]; gets(line); return atoi(line); }',
  'fgets with another size': 'void f(void) { char line[64]; fgets(line, 128, stdin); puts(line); }',
  'fgets with the size of a pointer':
    'void f(char *buf, int size) { fgets(buf, sizeof(buf), stdin); }',
  'scanf without a width': 'void f(void) { char name[64]; scanf("%s", name); puts(name); }',
  'scanf with a width that is one too large':
    'void f(void) { char name[64]; scanf("%64s", name); }',
  'scanf of a set': 'void f(void) { char name[64]; scanf("%[^\\n]", name); }',
  'sscanf of a longer text': 'void f(const char *s) { char a[16]; sscanf(s, "%s", a); }',
  'strcpy of a parameter': 'void f(const char *s) { char b[16]; strcpy(b, s); puts(b); }',
  'strncpy with a constant beyond the array':
    'void f(const char *s) { char b[16]; strncpy(b, s, 32); }',
  'read of a length from outside':
    'void f(int fd, size_t want) { char b[256]; read(fd, b, want); }',
  'recv of more than there is': 'void f(int fd) { char b[256]; recv(fd, b, 512, 0); }',
  'an index from outside': 'int f(int idx) { int t[8] = {0}; return t[idx]; }',
  'a place in a text from outside': 'char f(const char *s, size_t pos) { return s[pos]; }',
  'an index that may be negative':
    'int f(int idx) { int t[8] = {0}; if (idx >= 8) return -1; return t[idx]; }',
  'an index check that is off by one':
    'int f(const int *v, size_t n, size_t i) { if (i > n) return -1; return v[i]; }',
  'an index read with scanf':
    'int f(void) { int t[8] = {0}; int i = 0; scanf("%d", &i); return t[i]; }',
  'memcpy of a length from a message':
    'void f(const unsigned char *msg, size_t msg_len) { char b[64]; size_t n = msg[0] * 256; memcpy(b, msg + 1, n); }',
  'the check after the use':
    'int f(const int *v, int n, int i) { int x = v[i]; if (i < 0 || i >= n) return -1; return x; }',
};

const SECURE: Record<string, string> = {
  'fgets with sizeof':
    'void f(void) { char line[64]; if (fgets(line, sizeof(line), stdin)) puts(line); }',
  'fgets with the size parameter': 'void f(char *buf, int size) { fgets(buf, size, stdin); }',
  'fgets and the end of line':
    'void f(void) { char line[64]; if (!fgets(line, sizeof line, stdin)) return; line[strcspn(line, "\\n")] = 0; puts(line); }',
  'scanf with a width': 'void f(void) { char name[64]; scanf("%63s", name); puts(name); }',
  'sscanf of a text that is short enough':
    'void f(void) { char line[32]; char a[32]; fgets(line, sizeof(line), stdin); sscanf(line, "%s", a); }',
  'strncpy with sizeof':
    'void f(const char *s) { char b[16]; strncpy(b, s, sizeof(b) - 1); b[sizeof(b) - 1] = 0; puts(b); }',
  'strcpy between arrays of a size':
    'void f(void) { char a[16]; char b[16]; fgets(a, 16, stdin); strcpy(b, a); puts(b); }',
  'read of the size of the array':
    'void f(int fd) { char b[256]; ssize_t n = read(fd, b, sizeof(b) - 1); if (n < 0) return; b[n] = 0; puts(b); }',
  'recv of a checked length':
    'void f(int fd, size_t want) { char b[256]; if (want > sizeof(b)) return; recv(fd, b, want, 0); }',
  'a checked index':
    'int f(int idx) { int t[8] = {0}; if (idx < 0 || idx >= 8) return -1; return t[idx]; }',
  'an index checked through the number of elements':
    'int f(unsigned idx) { int t[8] = {0}; if (idx >= sizeof(t) / sizeof(t[0])) return -1; return t[idx]; }',
  'an index checked as unsigned':
    'int f(int idx) { int t[8] = {0}; if ((unsigned)idx >= 8) return -1; return t[idx]; }',
  'a place in a text checked against its length':
    'char f(const char *s, size_t pos) { if (pos >= strlen(s)) return 0; return s[pos]; }',
  'the last byte that fgets read':
    'void f(void) { char b[64]; if (!fgets(b, sizeof(b), stdin)) return; b[strlen(b) - 1] = 0; puts(b); }',
  'a masked index': 'int f(unsigned idx) { int t[8] = {0}; return t[idx & 7]; }',
  'a byte as the index of 256 entries':
    'int f(const unsigned char *s) { int t[256] = {0}; return t[s[0]] + t[s[1]]; }',
  'a checked parameter of the array':
    'int f(const int *v, size_t n, size_t i) { if (i < n) return v[i]; return -1; }',
  'memcpy within the array':
    'void f(const char *s, size_t len) { char b[64]; if (len >= sizeof(b)) len = sizeof(b) - 1; memcpy(b, s, len); b[len] = 0; puts(b); }',
  'gets only in a comment':
    'void f(char *buf, int size) { // never gets(buf)\n  fgets(buf, size, stdin); puts("gets(buf)"); }',
};

describe('CWE-119', () => {
  it.each(Object.entries(INSECURE))('insecure: %s', (_, source) => check('insecure', source));
  it.each(Object.entries(SECURE))('secure: %s', (_, source) => check('secure', source));
  it('other: nothing to judge', () => check('other', 'int f(int a) { return a; }'));
  it('other: only cleared', () =>
    check('other', 'void f(void) { char b[8]; memset(b, 0, sizeof(b)); }'));
});
