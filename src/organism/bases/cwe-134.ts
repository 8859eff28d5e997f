// CWE-134, format string under foreign control. Decision: the text itself or "%s" as the format of
// printf (2 bases), fprintf (2), syslog, dprintf and snprintf.
import { type Base, lines } from './base.js';

const common = {
  cwe: 'CWE-134',
  language: 'c',
  prelude: '#include <stdio.h>\n#include <string.h>\n#include <syslog.h>\n\n',
} as const;

const text = ['msg', 'text', 'note', 'reply', 'title'];
const fix = 'Use the format "%s".';

export const CWE_134: readonly Base[] = [
  {
    ...common,
    id: '134-print-message', // early
    signature: 'void $fn(const char *$msg)',
    goal: 'print $msg',
    pools: {
      fn: ['print_message', 'show_message', 'say', 'print_text', 'show_text', 'tell', 'print_note'],
      msg: text,
    },
    api: { insecure: 'printf on the text itself', secure: 'printf with a format' },
    insecure: { code: 'printf($msg);', why: '$msg is used as the format.' },
    secure: { code: 'printf("%s", $msg);', why: 'The format is constant.' },
    fix,
    misleading: {
      insecure: [
        { code: 'printf($msg, "%s");', why: '$msg is used as the format.' },
        {
          code: lines('printf("%s: ", "info");', 'printf($msg);'),
          why: '$msg is used as the format.',
        },
        {
          code: lines('const char *form = "%s";', 'printf(form, "info");', 'printf($msg);'),
          why: '$msg is used as the format.',
        },
      ],
      secure: [
        { code: 'printf("done\\n");', why: 'The format is constant.' },
        {
          code: lines('const char *form = "ready\\n";', 'printf(form);'),
          why: 'form holds a constant.',
        },
        {
          code: lines('const char *form = "%s\\n";', 'printf(form, $msg);'),
          why: 'form holds a constant.',
        },
      ],
    },
  },
  {
    ...common,
    id: '134-print-status', // late
    signature: 'void $fn(int $code, const char *$msg)',
    goal: 'print $code and then $msg',
    pools: {
      fn: ['print_status', 'show_status', 'print_result', 'show_result', 'print_code', 'show_code'],
      code: ['code', 'status'],
      msg: text,
    },
    api: { insecure: 'printf on the text itself', secure: 'printf with a format' },
    insecure: {
      code: lines('printf("[%d] ", $code);', 'printf($msg);'),
      why: '$msg is used as the format.',
    },
    secure: {
      code: lines('printf("[%d] ", $code);', 'printf("%s", $msg);'),
      why: 'The format is constant.',
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines('printf("[%d] ", $code);', 'printf($msg, "%s");'),
          why: '$msg is used as the format.',
        },
        {
          code: lines('const char *form = $msg;', 'printf(form, $code);'),
          why: '$msg is used as the format.',
        },
        {
          code: lines('printf("%d: %s ", $code, "info");', 'printf($msg);'),
          why: '$msg is used as the format.',
        },
      ],
      secure: [
        {
          code: lines('printf("[%d] ", $code);', 'printf("end\\n");'),
          why: 'The format is constant.',
        },
        {
          code: lines('const char *form = "%d\\n";', 'printf(form, $code);'),
          why: 'form holds a constant.',
        },
        {
          code: lines('const char *form = "%d %s\\n";', 'printf(form, $code, $msg);'),
          why: 'form holds a constant.',
        },
      ],
    },
  },
  {
    ...common,
    id: '134-log-file', // middle
    signature: 'void $fn(FILE *$file, const char *$msg)',
    goal: 'write $msg to $file',
    pools: {
      fn: ['log_file', 'write_log', 'file_note', 'write_note', 'add_note', 'log_text'],
      file: ['file', 'log', 'stream'],
      msg: text,
    },
    api: { insecure: 'fprintf on the text itself', secure: 'fprintf with a format' },
    insecure: { code: 'fprintf($file, $msg);', why: '$msg is used as the format.' },
    secure: { code: 'fprintf($file, "%s", $msg);', why: 'The format is constant.' },
    fix,
    misleading: {
      insecure: [
        { code: 'fprintf($file, $msg, "%s");', why: '$msg is used as the format.' },
        {
          code: lines('fprintf($file, "%s: ", "log");', 'fprintf($file, $msg);'),
          why: '$msg is used as the format.',
        },
        {
          code: lines(
            'const char *form = "%s";',
            'fprintf($file, form, "info");',
            'fprintf($file, $msg);',
          ),
          why: '$msg is used as the format.',
        },
      ],
      secure: [
        { code: 'fprintf($file, "done\\n");', why: 'The format is constant.' },
        {
          code: lines('const char *form = "ready\\n";', 'fprintf($file, form);'),
          why: 'form holds a constant.',
        },
        {
          code: lines('const char *form = "%s\\n";', 'fprintf($file, form, $msg);'),
          why: 'form holds a constant.',
        },
      ],
    },
  },
  {
    ...common,
    id: '134-write-report', // late
    signature: 'int $fn(FILE *$file, const char *$msg)',
    goal: 'write $msg to $file unless $file is missing',
    pools: {
      fn: ['write_report', 'report', 'save_report', 'send_report', 'put_report', 'report_to'],
      file: ['file', 'log', 'stream'],
      msg: text,
    },
    api: { insecure: 'fprintf on the text itself', secure: 'fprintf with a format' },
    insecure: {
      code: lines(
        'if ($file == NULL) {',
        '    return -1;',
        '}',
        'fprintf($file, $msg);',
        'return 0;',
      ),
      why: '$msg is used as the format.',
    },
    secure: {
      code: lines(
        'if ($file == NULL) {',
        '    return -1;',
        '}',
        'fprintf($file, "%s", $msg);',
        'return 0;',
      ),
      why: 'The format is constant.',
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines('fprintf($file, $msg, "%s");', 'return 0;'),
          why: '$msg is used as the format.',
        },
        {
          code: lines('const char *form = $msg;', 'fprintf($file, form);', 'return 0;'),
          why: '$msg is used as the format.',
        },
        {
          code: lines('fprintf($file, "%s: ", "log");', 'fprintf($file, $msg);', 'return 0;'),
          why: '$msg is used as the format.',
        },
      ],
      secure: [
        {
          code: lines('fprintf($file, "report\\n");', 'return 0;'),
          why: 'The format is constant.',
        },
        {
          code: lines('const char *form = "end\\n";', 'fprintf($file, form);', 'return 0;'),
          why: 'form holds a constant.',
        },
        {
          code: lines('const char *form = "%s\\n";', 'fprintf($file, form, $msg);', 'return 0;'),
          why: 'form holds a constant.',
        },
      ],
    },
  },
  {
    ...common,
    id: '134-system-log', // middle
    signature: 'void $fn(const char *$msg)',
    goal: 'send $msg to the system log',
    pools: {
      fn: [
        'system_log',
        'log_system',
        'log_info',
        'to_syslog',
        'log_event',
        'send_log',
        'log_line',
      ],
      msg: text,
    },
    api: { insecure: 'syslog on the text itself', secure: 'syslog with a format' },
    insecure: { code: 'syslog(LOG_INFO, $msg);', why: '$msg is used as the format.' },
    secure: { code: 'syslog(LOG_INFO, "%s", $msg);', why: 'The format is constant.' },
    fix,
    misleading: {
      insecure: [
        { code: 'syslog(LOG_INFO, $msg, "%s");', why: '$msg is used as the format.' },
        {
          code: lines('syslog(LOG_INFO, "%s", "event");', 'syslog(LOG_INFO, $msg);'),
          why: '$msg is used as the format.',
        },
        {
          code: lines(
            'const char *form = "%s";',
            'syslog(LOG_INFO, form, "info");',
            'syslog(LOG_INFO, $msg);',
          ),
          why: '$msg is used as the format.',
        },
      ],
      secure: [
        { code: 'syslog(LOG_INFO, "started");', why: 'The format is constant.' },
        {
          code: lines('const char *form = "stopped";', 'syslog(LOG_INFO, form);'),
          why: 'form holds a constant.',
        },
        {
          code: lines('const char *form = "%s";', 'syslog(LOG_INFO, form, $msg);'),
          why: 'form holds a constant.',
        },
      ],
    },
  },
  {
    ...common,
    id: '134-send-reply', // late
    signature: 'void $fn(int $fd, const char *$msg)',
    goal: 'send $msg to the open descriptor $fd',
    pools: {
      fn: ['send_reply', 'send_text', 'answer', 'send_line', 'reply_to', 'push_text'],
      fd: ['fd', 'sock', 'port'],
      msg: text,
    },
    api: { insecure: 'dprintf on the text itself', secure: 'dprintf with a format' },
    insecure: {
      code: lines('if ($fd < 0) {', '    return;', '}', 'dprintf($fd, $msg);'),
      why: '$msg is used as the format.',
    },
    secure: {
      code: lines('if ($fd < 0) {', '    return;', '}', 'dprintf($fd, "%s", $msg);'),
      why: 'The format is constant.',
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines('dprintf($fd, $msg, "%s");'),
          why: '$msg is used as the format.',
        },
        {
          code: lines('dprintf($fd, "%s: ", "reply");', 'dprintf($fd, $msg);'),
          why: '$msg is used as the format.',
        },
        {
          code: lines(
            'const char *form = "%s";',
            'dprintf($fd, form, "info");',
            'dprintf($fd, $msg);',
          ),
          why: '$msg is used as the format.',
        },
      ],
      secure: [
        { code: 'dprintf($fd, "bye\\n");', why: 'The format is constant.' },
        {
          code: lines('const char *form = "ok\\n";', 'dprintf($fd, form);'),
          why: 'form holds a constant.',
        },
        {
          code: lines('const char *form = "%s\\n";', 'dprintf($fd, form, $msg);'),
          why: 'form holds a constant.',
        },
      ],
    },
  },
  {
    ...common,
    id: '134-format-title', // middle
    signature: 'void $fn(char *$dst, size_t $cap, const char *$msg)',
    goal: 'put $msg into $dst',
    pools: {
      fn: ['format_title', 'put_title', 'make_title', 'set_title', 'format_text', 'render_text'],
      dst: ['buf', 'out', 'dest', 'target'],
      cap: ['size', 'cap', 'limit'],
      msg: text,
    },
    api: { insecure: 'snprintf on the text itself', secure: 'snprintf with a format' },
    insecure: { code: 'snprintf($dst, $cap, $msg);', why: '$msg is used as the format.' },
    secure: { code: 'snprintf($dst, $cap, "%s", $msg);', why: 'The format is constant.' },
    fix,
    misleading: {
      insecure: [
        { code: 'snprintf($dst, $cap, $msg, "%s");', why: '$msg is used as the format.' },
        {
          code: lines('const char *form = $msg;', 'snprintf($dst, $cap, form);'),
          why: '$msg is used as the format.',
        },
        {
          code: lines('snprintf($dst, $cap, "%s", "untitled");', 'snprintf($dst, $cap, $msg);'),
          why: '$msg is used as the format.',
        },
      ],
      secure: [
        { code: 'snprintf($dst, $cap, "untitled");', why: 'The format is constant.' },
        {
          code: lines('const char *form = "untitled";', 'snprintf($dst, $cap, form);'),
          why: 'form holds a constant.',
        },
        {
          code: lines('const char *form = "%s";', 'snprintf($dst, $cap, form, $msg);'),
          why: 'form holds a constant.',
        },
      ],
    },
  },
];
