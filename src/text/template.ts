import { Environment, Interpreter, Template } from '@huggingface/jinja';
import { messageOf, SutureError } from '../core/index.js';

/** One turn of a conversation. */
export interface ChatMessage {
  role: 'system' | 'user' | 'assistant';
  content: string;
}

/** A checkpoint's Jinja chat template, parsed once. */
export class ChatTemplate {
  readonly #program: Template['parsed'];
  readonly #path: string;

  /**
   * @param source the template
   * @param path the file it comes from, named in errors
   * @throws SutureError BAD_CHECKPOINT when it is not a valid template
   */
  constructor(source: string, path: string) {
    this.#path = path;
    try {
      this.#program = new Template(source).parsed;
    } catch (thrown) {
      throw new SutureError(
        'BAD_CHECKPOINT',
        `The chat template in ${path} is not valid Jinja: ${messageOf(thrown)}.`,
        { cause: thrown },
      );
    }
  }

  /**
   * @param variables what the template sees besides Jinja's own names
   * @param now the moment that `strftime_now` shows
   * @throws SutureError BAD_ARGUMENT when the template refuses (`raise_exception`), BAD_CHECKPOINT
   * when it cannot be run
   */
  render(variables: Readonly<Record<string, unknown>>, now: Date): string {
    const environment = new Environment();
    // `Template.render` has these too, but its month names follow the user's locale and its
    // `raise_exception` cannot be told from a fault in the template.
    const globals = {
      true: true,
      True: true,
      false: false,
      False: false,
      none: null,
      None: null,
      range,
      strftime_now: (format: string) => strftime(now, format),
      raise_exception: (message: string) => {
        throw new SutureError('BAD_ARGUMENT', `The chat template refused the messages: ${message}`);
      },
    };
    for (const [name, value] of Object.entries({ ...globals, ...variables }))
      environment.set(name, value);
    try {
      return String(new Interpreter(environment).run(this.#program).value);
    } catch (thrown) {
      if (thrown instanceof SutureError) throw thrown;
      throw new SutureError(
        'BAD_CHECKPOINT',
        `The chat template in ${this.#path} could not be rendered: ${messageOf(thrown)}.`,
        { cause: thrown },
      );
    }
  }
}

/** Python's `range`. */
function range(first: number, last?: number, step = 1): number[] {
  const [start, stop] = last === undefined ? [0, first] : [first, last];
  const length = Math.max(0, Math.ceil((stop - start) / step));
  return Array.from({ length }, (_, i) => start + i * step);
}

/** Python's `strftime` in the C locale (English names), local time. */
function strftime(date: Date, format: string): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const english = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-US', options).format(date);
  return format.replace(/%(.)/gu, (directive, letter) => {
    switch (letter) {
      case 'Y':
        return String(date.getFullYear());
      case 'y':
        return two(date.getFullYear() % 100);
      case 'm':
        return two(date.getMonth() + 1);
      case 'B':
        return english({ month: 'long' });
      case 'b':
        return english({ month: 'short' });
      case 'd':
        return two(date.getDate());
      case 'A':
        return english({ weekday: 'long' });
      case 'a':
        return english({ weekday: 'short' });
      case 'H':
        return two(date.getHours());
      case 'I':
        return two(date.getHours() % 12 || 12);
      case 'p':
        return date.getHours() < 12 ? 'AM' : 'PM';
      case 'M':
        return two(date.getMinutes());
      case 'S':
        return two(date.getSeconds());
      case '%':
        return '%';
      default:
        throw new Error(`strftime_now does not know ${directive}`);
    }
  });
}
