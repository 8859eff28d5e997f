import { type Ending, endingError, type Ticket } from './admission.js';
import { answer, type Outcome } from './answer.js';
import type { Asked } from './asked.js';
import { apiErrorOf, reported } from './errors.js';
import type { Usage } from './forms.js';
import type { Service } from './service.js';
import { Speller } from './spelling.js';

/** What the log says about a request beside its path and status. */
export interface Account {
  model?: string;
  prompt_tokens?: number;
  completion_tokens?: number;
  findings?: number;
  withheld?: number;
  prompts?: readonly string[];
  completions?: readonly string[];
  error?: string;
}

/** Works on a request, and answers it whole or by events as soon as there is text. */
export async function respond(
  asked: Asked,
  service: Service,
  ticket: Ticket,
  account: Account,
): Promise<Response> {
  const { form, job } = asked;
  const began = performance.now();
  const events = asked.stream ? new Events(asked, service, ticket) : undefined;
  let begin: (() => void) | undefined;
  const begun = new Promise<void>((resolve) => {
    begin = () => {
      service.metrics.firstText((performance.now() - began) / 1000);
      form.begun?.();
      resolve();
      begin = undefined;
    };
  });
  const work = answer(service.batch, job, ticket.signal, {
    onText: (choice, text, logprobs) => {
      begin?.();
      events?.piece(choice, text, logprobs);
    },
    onOutcome: (outcome) => events?.ending(outcome),
  })
    .then((outcomes) => {
      const usage = usageOf(job.prompts, outcomes);
      keepAccount(account, asked, outcomes, usage, service);
      return { outcomes, usage };
    })
    .catch((thrown) => {
      const { aborted, reason } = ticket.signal;
      const error = aborted ? endingError(reason as Ending) : thrown;
      account.error = apiErrorOf(error).code;
      throw error;
    })
    .finally(() => ticket.leave());

  if (events) {
    void work.then(
      ({ usage }) => events.close(usage),
      (thrown) => events.fail(thrown),
    );
    await Promise.race([begun, work]); // until there is text, a status tells what goes wrong
    return events.response;
  }
  const { outcomes, usage } = await work;
  const written = outcomes.map((outcome) => ({
    ...outcome,
    spelled: speller(asked, service)?.take(outcome.text, outcome.logprobs),
  }));
  return Response.json(form.whole(written, usage));
}

const speller = ({ job }: Asked, { tokenizer }: Service): Speller | undefined =>
  job.options.logprobs === undefined ? undefined : new Speller(tokenizer, job.options.eosIds ?? []);

function usageOf(prompts: readonly (readonly number[])[], outcomes: readonly Outcome[]): Usage {
  const prompt_tokens = prompts.reduce((sum, { length }) => sum + length, 0);
  const completion_tokens = outcomes.reduce((sum, { tokens }) => sum + tokens, 0);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

function keepAccount(
  account: Account,
  asked: Asked,
  outcomes: readonly Outcome[],
  { prompt_tokens, completion_tokens }: Usage,
  { metrics }: Service,
): void {
  metrics.tokens(prompt_tokens, completion_tokens);
  for (const { scan, finish } of outcomes) {
    const cwes = scan?.findings.map(({ cwe }) => cwe) ?? [];
    metrics.scanned(cwes, finish === 'content_filter');
  }
  Object.assign(account, {
    model: asked.model,
    prompt_tokens,
    completion_tokens,
    ...(asked.job.policy !== 'off' && {
      findings: outcomes.reduce((sum, { scan }) => sum + (scan?.findings.length ?? 0), 0),
      withheld: outcomes.filter(({ finish }) => finish === 'content_filter').length,
    }),
    prompts: asked.prompts,
    completions: outcomes.map(({ text }) => text),
  });
}

/** Server-sent events of one answer. Data are JSON, so that no text can end an event. */
class Events {
  readonly response: Response;
  readonly #asked: Asked;
  readonly #service: Service;
  readonly #opened = new Map<number, Speller | undefined>();
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #open = true;

  constructor(asked: Asked, service: Service, ticket: Ticket) {
    this.#asked = asked;
    this.#service = service;
    // What a slow reader has not taken waits here: never more than the answer itself.
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#open = false;
        ticket.end('left');
      },
    });
    const headers = { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' };
    this.response = new Response(body, { headers });
  }

  piece(choice: number, text: string, logprobs: Parameters<Speller['take']>[1]): void {
    const spelled = this.#opening(choice)?.take(text, logprobs);
    this.#send(this.#asked.form.piece(choice, text, spelled));
  }

  ending(outcome: Outcome): void {
    this.#opening(outcome.choice);
    this.#send(this.#asked.form.ending(outcome));
  }

  close(usage: Usage): void {
    const { form, usage: wanted } = this.#asked;
    if (wanted && form.usage) this.#send(form.usage(usage));
    if (form.done !== undefined) this.#write(form.done);
    this.#end();
  }

  fail(thrown: unknown): void {
    this.#send(reported(thrown).body());
    this.#end();
  }

  /** The first event of a choice. */
  #opening(choice: number): Speller | undefined {
    if (!this.#opened.has(choice)) {
      this.#opened.set(choice, speller(this.#asked, this.#service));
      const opening = this.#asked.form.opening?.(choice);
      if (opening) this.#send(opening);
    }
    return this.#opened.get(choice);
  }

  #send(data: object): void {
    this.#write(JSON.stringify(data));
  }

  #write(data: string): void {
    if (this.#open) this.#controller.enqueue(Buffer.from(`data: ${data}\n\n`));
  }

  #end(): void {
    if (this.#open) this.#controller.close();
    this.#open = false;
  }
}
