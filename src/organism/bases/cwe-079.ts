// CWE-079, cross-site scripting. Decision: the value as it is or html.escape of it, put into the
// page by f-string (2 bases), + (2), %, str.format, and a list that is joined.
import { type Base, lines } from './base.js';

const common = { cwe: 'CWE-079', language: 'python', prelude: 'import html\n\n\n' } as const;

const fix = 'Use html.escape on $arg.';
const raw = '$arg reaches the page unescaped.';
const escaped = '$arg is escaped.';
const number = '$arg is made a number first.';
const constant = 'The page is constant.';
const wrong = 'Something else is escaped, $arg is not.';

export const CWE_079: readonly Base[] = [
  {
    ...common,
    id: '079-welcome-page', // early
    signature: 'def $fn($arg):',
    goal: 'return a heading that greets $arg',
    pools: {
      fn: ['welcome', 'greet', 'welcome_page', 'hello_page', 'greeting', 'say_hello', 'hello'],
      arg: ['name', 'user', 'owner', 'login', 'guest'],
    },
    api: { insecure: 'the raw value', secure: 'html.escape' },
    insecure: { code: 'return f"<h1>Hello {$arg}</h1>"', why: raw },
    secure: { code: 'return f"<h1>Hello {html.escape($arg)}</h1>"', why: escaped },
    fix,
    misleading: {
      insecure: [
        { code: `return f"<h1>{html.escape('Hello')} {$arg}</h1>"`, why: wrong },
        {
          code: lines('safe = html.escape($arg)', 'return f"<h1>Hello {$arg}</h1>"'),
          why: 'safe is not used, $arg is.',
        },
        {
          code: lines('who = html.escape("world")', 'return f"<h1>Hello {who} and {$arg}</h1>"'),
          why: wrong,
        },
      ],
      secure: [
        { code: 'return f"<h1>Hello {int($arg)}</h1>"', why: number },
        { code: lines('who = "world"', 'return f"<h1>Hello {who}</h1>"'), why: constant },
        {
          code: lines('safe = html.escape($arg)', 'return f"<h1>Hello {safe}</h1>"'),
          why: 'safe holds $arg escaped.',
        },
      ],
    },
  },
  {
    ...common,
    id: '079-search-results', // middle
    signature: 'def $fn($arg):',
    goal: 'return a results heading and a paragraph with $arg',
    pools: {
      fn: ['search_page', 'results', 'result_page', 'show_search', 'search_head', 'found_page'],
      arg: ['query', 'word', 'text', 'tag', 'label'],
    },
    api: { insecure: 'the raw value', secure: 'html.escape' },
    insecure: {
      code: lines('head = "<h1>Results</h1>"', 'return head + f"<p>{$arg}</p>"'),
      why: raw,
    },
    secure: {
      code: lines('head = "<h1>Results</h1>"', 'return head + f"<p>{html.escape($arg)}</p>"'),
      why: escaped,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines('head = html.escape("Results")', 'return head + f"<p>{$arg}</p>"'),
          why: wrong,
        },
        {
          code: lines('safe = html.escape($arg)', 'return f"<p>{$arg}</p>"'),
          why: 'safe is not used, $arg is.',
        },
        {
          code: lines('head = html.escape("Results")', 'return f"<h1>{head}</h1><p>{$arg}</p>"'),
          why: wrong,
        },
      ],
      secure: [
        {
          code: lines('head = "<h1>Results</h1>"', 'return head + f"<p>{int($arg)}</p>"'),
          why: number,
        },
        {
          code: lines('head = "Results"', 'return f"<h1>{head}</h1>"'),
          why: constant,
        },
        {
          code: lines('safe = html.escape($arg)', 'return f"<p>{safe}</p>"'),
          why: 'safe holds $arg escaped.',
        },
      ],
    },
  },
  {
    ...common,
    id: '079-user-comment', // early
    signature: 'def $fn($arg):',
    goal: 'return $arg as a paragraph',
    pools: {
      fn: [
        'comment_body',
        'show_comment',
        'comment_html',
        'paragraph',
        'as_paragraph',
        'wrap_comment',
      ],
      arg: ['text', 'note', 'reply', 'line', 'comment'],
    },
    api: { insecure: 'the raw value', secure: 'html.escape' },
    insecure: { code: 'return "<p>" + $arg + "</p>"', why: raw },
    secure: { code: 'return "<p>" + html.escape($arg) + "</p>"', why: escaped },
    fix,
    misleading: {
      insecure: [
        { code: 'return "<p>" + html.escape("note: ") + $arg + "</p>"', why: wrong },
        {
          code: lines('safe = html.escape($arg)', 'return "<p>" + $arg + "</p>"'),
          why: 'safe is not used, $arg is.',
        },
        {
          code: lines('body = html.escape("empty")', 'return "<p>" + body + $arg + "</p>"'),
          why: wrong,
        },
      ],
      secure: [
        { code: 'return "<p>" + str(int($arg)) + "</p>"', why: number },
        { code: lines('body = "empty"', 'return "<p>" + body + "</p>"'), why: constant },
        {
          code: lines('safe = html.escape($arg)', 'return "<p>" + safe + "</p>"'),
          why: 'safe holds $arg escaped.',
        },
      ],
    },
  },
  {
    ...common,
    id: '079-error-message', // late
    signature: 'def $fn($arg):',
    goal: 'return an error heading followed by a paragraph with $arg',
    pools: {
      fn: ['error_page', 'show_error', 'error_html', 'fail_page', 'problem_page', 'error_text'],
      arg: ['reason', 'msg', 'note', 'text', 'code'],
    },
    api: { insecure: 'the raw value', secure: 'html.escape' },
    insecure: {
      code: lines('page = "<h2>Error</h2>"', 'page += "<p>" + $arg + "</p>"', 'return page'),
      why: raw,
    },
    secure: {
      code: lines(
        'page = "<h2>Error</h2>"',
        'page += "<p>" + html.escape($arg) + "</p>"',
        'return page',
      ),
      why: escaped,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines(
            'page = html.escape("Error")',
            'page += "<p>" + $arg + "</p>"',
            'return page',
          ),
          why: wrong,
        },
        {
          code: lines('safe = html.escape($arg)', 'page = "<p>" + $arg + "</p>"', 'return page'),
          why: 'safe is not used, $arg is.',
        },
        {
          code: lines(
            'page = "<p>" + html.escape("unknown") + "</p>"',
            'page += "<p>" + $arg + "</p>"',
            'return page',
          ),
          why: wrong,
        },
      ],
      secure: [
        {
          code: lines(
            'page = "<h2>Error</h2>"',
            'page += "<p>" + str(int($arg)) + "</p>"',
            'return page',
          ),
          why: number,
        },
        {
          code: lines(
            'page = "<h2>Error</h2>"',
            'page += "<p>" + "unknown" + "</p>"',
            'return page',
          ),
          why: constant,
        },
        {
          code: lines('safe = html.escape($arg)', 'page = "<p>" + safe + "</p>"', 'return page'),
          why: 'safe holds $arg escaped.',
        },
      ],
    },
  },
  {
    ...common,
    id: '079-table-cell', // middle
    signature: 'def $fn($arg):',
    goal: 'return a table row with the single cell $arg',
    pools: {
      fn: ['table_row', 'row', 'cell', 'make_row', 'show_row', 'one_cell', 'table_cell'],
      arg: ['value', 'item', 'label', 'title', 'entry'],
    },
    api: { insecure: 'the raw value', secure: 'html.escape' },
    insecure: {
      code: lines('cell = "<td>%s</td>" % $arg', 'return "<tr>" + cell + "</tr>"'),
      why: raw,
    },
    secure: {
      code: lines('cell = "<td>%s</td>" % html.escape($arg)', 'return "<tr>" + cell + "</tr>"'),
      why: escaped,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines('cell = html.escape("cell: ") + "<td>%s</td>" % $arg', 'return cell'),
          why: wrong,
        },
        {
          code: lines('safe = html.escape($arg)', 'return "<td>%s</td>" % $arg'),
          why: 'safe is not used, $arg is.',
        },
        {
          code: lines(
            'cell = "<td>%s</td>" % html.escape("none")',
            'return "<tr>" + cell + "<td>%s</td>" % $arg + "</tr>"',
          ),
          why: wrong,
        },
      ],
      secure: [
        {
          code: lines('cell = "<td>%d</td>" % int($arg)', 'return "<tr>" + cell + "</tr>"'),
          why: number,
        },
        {
          code: lines('cell = "<td>%s</td>" % "none"', 'return "<tr>" + cell + "</tr>"'),
          why: constant,
        },
        {
          code: lines('safe = html.escape($arg)', 'return "<td>%s</td>" % safe'),
          why: 'safe holds $arg escaped.',
        },
      ],
    },
  },
  {
    ...common,
    id: '079-admin-badge', // middle
    signature: 'def $fn($arg):',
    goal: 'return $arg in bold',
    pools: {
      fn: ['bold', 'badge', 'admin_badge', 'in_bold', 'make_bold', 'strong', 'show_badge'],
      arg: ['name', 'user', 'title', 'label', 'owner'],
    },
    api: { insecure: 'the raw value', secure: 'html.escape' },
    insecure: { code: 'return "<b>{}</b>".format($arg)', why: raw },
    secure: { code: 'return "<b>{}</b>".format(html.escape($arg))', why: escaped },
    fix,
    misleading: {
      insecure: [
        { code: 'return html.escape("role: ") + "<b>{}</b>".format($arg)', why: wrong },
        {
          code: lines('safe = html.escape($arg)', 'return "<b>{}</b>".format($arg)'),
          why: 'safe is not used, $arg is.',
        },
        { code: 'return "<b>{}</b>".format(html.escape("admin")) + $arg', why: wrong },
      ],
      secure: [
        { code: 'return "<b>{}</b>".format(int($arg))', why: number },
        { code: 'return "<b>{}</b>".format("admin")', why: constant },
        {
          code: lines('safe = html.escape($arg)', 'return "<b>{}</b>".format(safe)'),
          why: 'safe holds $arg escaped.',
        },
      ],
    },
  },
  {
    ...common,
    id: '079-item-list', // late
    signature: 'def $fn($arg):',
    goal: 'return a list that holds the single item $arg',
    pools: {
      fn: ['item_list', 'make_list', 'list_html', 'bullet', 'one_item', 'show_list', 'as_list'],
      arg: ['item', 'entry', 'word', 'title', 'task'],
    },
    api: { insecure: 'the raw value', secure: 'html.escape' },
    insecure: {
      code: lines(
        'parts = ["<ul>"]',
        'parts.append("<li>" + $arg + "</li>")',
        'return "".join(parts)',
      ),
      why: raw,
    },
    secure: {
      code: lines(
        'parts = ["<ul>"]',
        'parts.append("<li>" + html.escape($arg) + "</li>")',
        'return "".join(parts)',
      ),
      why: escaped,
    },
    fix,
    misleading: {
      insecure: [
        {
          code: lines(
            'parts = [html.escape("list: ")]',
            'parts.append("<li>" + $arg + "</li>")',
            'return "".join(parts)',
          ),
          why: wrong,
        },
        {
          code: lines(
            'safe = html.escape($arg)',
            'parts = ["<li>", $arg, "</li>"]',
            'return "".join(parts)',
          ),
          why: 'safe is not used, $arg is.',
        },
        {
          code: lines(
            'parts = ["<ul>", html.escape("empty")]',
            'parts.append("<li>" + $arg + "</li>")',
            'return "".join(parts)',
          ),
          why: wrong,
        },
      ],
      secure: [
        {
          code: lines(
            'parts = ["<ul>"]',
            'parts.append("<li>" + str(int($arg)) + "</li>")',
            'return "".join(parts)',
          ),
          why: number,
        },
        {
          code: lines(
            'parts = ["<ul>"]',
            'parts.append("<li>" + "empty" + "</li>")',
            'return "".join(parts)',
          ),
          why: constant,
        },
        {
          code: lines(
            'safe = html.escape($arg)',
            'parts = ["<li>", safe, "</li>"]',
            'return "".join(parts)',
          ),
          why: 'safe holds $arg escaped.',
        },
      ],
    },
  },
];
