import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { ensure, messageOf, readJson, readText, SutureError, sha256 } from '../core/index.js';
import { INFILL_FORMS, type InfillForm } from './infill.js';
import { type ChatMessage, ChatTemplate } from './template.js';

/** What is used of the library's `Tokenizer`, whose own types do not resolve under `nodenext`. */
interface HfTokenizer {
  /** `vocab[id]` is the token; ids that are not given are holes. */
  model: { vocab: readonly (string | undefined)[] };
  encode(
    text: string,
    options: { add_special_tokens: boolean },
  ): { ids: (number | undefined)[]; tokens: string[] };
  decode(
    ids: number[],
    options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean },
  ): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
}

/** A special token is written as its text, or as an object that holds it. */
const tokenText = z.union([
  z.string(),
  z.object({ content: z.string() }).transform((token) => token.content),
]);

const tokenizerConfigSchema = z.looseObject({
  bos_token: tokenText.nullish(),
  eos_token: tokenText.nullish(),
  pad_token: tokenText.nullish(),
  unk_token: tokenText.nullish(),
  additional_special_tokens: z.array(tokenText).nullish(),
  add_bos_token: z.boolean().nullish(),
  // One template, or several by name: `default` is the one for plain conversation.
  chat_template: z
    .union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))])
    .nullish()
    .transform((value) =>
      Array.isArray(value)
        ? value.find((entry) => entry.name === 'default')?.template
        : (value ?? undefined),
    ),
});

/** A number, a list of numbers or nothing; some checkpoints write -1 for "none". */
const tokenIds = z
  .union([z.number(), z.array(z.number())])
  .nullish()
  .transform((value) => [value ?? []].flat().filter((id) => id >= 0));

const modelConfigSchema = z.looseObject({
  bos_token_id: tokenIds,
  eos_token_id: tokenIds,
  pad_token_id: tokenIds,
});

/**
 * The text side of a checkpoint in Hugging Face layout: tokenizer, special tokens, chat template.
 *
 * `bosId`, `eosIds` and `padId` come from generation_config.json, else from config.json, else from
 * the tokens that tokenizer_config.json names. The chat template comes from chat_template.jinja,
 * else from tokenizer_config.json. All these files may be missing.
 *
 * @example
 * const codec = TextCodec.load('models/my-coder');
 * const tokens = codec?.encode('def add(a, b):');
 */
export class TextCodec {
  /** Token that begins a text; `encode` puts it in front where the tokenizer asks for it. */
  readonly bosId: number | undefined;
  /** Tokens that end a generation; empty when the checkpoint names none. */
  readonly eosIds: readonly number[];
  /** Token that fills up short rows of a batch. */
  readonly padId: number | undefined;
  /** One more than the highest token id. A model's own `vocab_size` may be padded beyond it. */
  readonly vocabSize: number;
  /** Hex SHA-256 of tokenizer.json. */
  readonly hash: string;
  /** Jinja source of the chat template for plain conversation. */
  readonly chatTemplate: string | undefined;
  /** Hex SHA-256 of `chatTemplate`. */
  readonly chatTemplateHash: string | undefined;

  readonly #infill: InfillForm | undefined;
  readonly #dir: string;
  readonly #tokenizer: HfTokenizer;
  /** Token that tokenizer_config.json wants in front even where tokenizer.json adds none. */
  readonly #leading: number | undefined;
  /** What templates know as `bos_token` and so on. */
  readonly #templateTokens: Record<string, string>;
  readonly #templatePath: string;
  #parsedTemplate: ChatTemplate | undefined;

  /**
   * @param dir folder of the checkpoint
   * @returns undefined when it has no tokenizer.json, so that bare weights still load
   * @throws SutureError BAD_CHECKPOINT naming the file that is malformed
   */
  static load(dir: string): TextCodec | undefined {
    return existsSync(join(dir, 'tokenizer.json')) ? new TextCodec(dir) : undefined;
  }

  private constructor(dir: string) {
    this.#dir = dir;
    const configPath = join(dir, 'tokenizer_config.json');
    const config = readConfig(configPath, tokenizerConfigSchema);

    const tokenizerPath = join(dir, 'tokenizer.json');
    const json = readText(tokenizerPath);
    this.hash = sha256(json);
    this.#tokenizer = parseTokenizer(json, config ?? {}, tokenizerPath);
    this.vocabSize = this.#tokenizer.model.vocab.length;
    this.#infill = INFILL_FORMS.find((form) =>
      [form.prefix, form.suffix, form.middle ?? form.prefix].every(
        (token) => this.tokenToId(token) !== undefined,
      ),
    );

    const modelConfigs = ['generation_config.json', 'config.json'].flatMap(
      (name) => readConfig(join(dir, name), modelConfigSchema) ?? [],
    );
    const idsOf = (name: 'bos' | 'eos' | 'pad'): number[] => {
      for (const modelConfig of modelConfigs) {
        const ids = modelConfig[`${name}_token_id`];
        if (ids.length > 0) return ids;
      }
      return [this.tokenToId(config?.[`${name}_token`] ?? '') ?? []].flat();
    };
    this.bosId = idsOf('bos')[0];
    this.eosIds = idsOf('eos');
    this.padId = idsOf('pad')[0];
    if (config?.add_bos_token) this.#leading = this.tokenToId(config.bos_token ?? '');

    const templateFile = join(dir, 'chat_template.jinja');
    this.#templatePath = existsSync(templateFile) ? templateFile : configPath;
    this.chatTemplate =
      this.#templatePath === templateFile ? readText(templateFile) : config?.chat_template;
    this.chatTemplateHash = this.chatTemplate === undefined ? undefined : sha256(this.chatTemplate);

    // A token that tokenizer_config.json leaves out or sets to null does not exist for the
    // template, even if config.json has an id for it; only without that file do the ids speak.
    const textOf = (id: number | undefined) =>
      id === undefined ? undefined : this.#tokenizer.id_to_token(id);
    const tokens = config
      ? {
          bos_token: config.bos_token,
          eos_token: config.eos_token,
          pad_token: config.pad_token,
          unk_token: config.unk_token,
        }
      : {
          bos_token: textOf(this.bosId),
          eos_token: textOf(this.eosIds[0]),
          pad_token: textOf(this.padId),
        };
    this.#templateTokens = Object.fromEntries(
      Object.entries(tokens).flatMap(([name, text]) => (text == null ? [] : [[name, text]])),
    );
  }

  /**
   * Text to token ids. The text of a special token becomes that token.
   *
   * @param options.addSpecialTokens add what the tokenizer puts around a text, such as a BOS.
   * Defaults to true
   */
  encode(text: string, options: { addSpecialTokens?: boolean } = {}): number[] {
    const { addSpecialTokens = true } = options;
    const encoded = this.#tokenizer.encode(text, { add_special_tokens: addSpecialTokens }).ids;
    // Where a character has no token and the vocabulary no unknown one, the library gives a hole.
    const ids = encoded.filter((id) => id !== undefined);
    if (addSpecialTokens && this.#leading !== undefined && ids[0] !== this.#leading)
      ids.unshift(this.#leading);
    return ids;
  }

  /**
   * Token ids to text, exactly as the tokens spell it: `clean_up_tokenization_spaces` is not
   * applied, since it would take spaces out of code (`f(a , b)`). Bytes that are not UTF-8 become
   * U+FFFD; ids that have no token, such as padding of a model's vocabulary, become nothing.
   *
   * @param options.skipSpecialTokens leave special tokens out. Defaults to false
   */
  decode(tokens: readonly number[], options: { skipSpecialTokens?: boolean } = {}): string {
    const { skipSpecialTokens = false } = options;
    const known = tokens.filter((id) => this.#tokenizer.id_to_token(id) !== undefined);
    if (known.length === 0) return '';
    return this.#tokenizer.decode(known, {
      skip_special_tokens: skipSpecialTokens,
      clean_up_tokenization_spaces: false,
    });
  }

  /** Id of a token written as in the vocabulary (`<|im_end|>`, `Ġdef`); undefined if unknown. */
  tokenToId(token: string): number | undefined {
    return this.#tokenizer.token_to_id(token);
  }

  /**
   * Renders a conversation through the chat template and encodes it. The special tokens are those
   * that the template writes; none are added to them.
   *
   * @param options.addGenerationPrompt end with the opening of the assistant's turn. Defaults to true
   * @param options.now the moment shown by templates that write the date. Defaults to the present;
   * give a fixed one to get the same tokens on another day
   * @throws SutureError BAD_ARGUMENT when there is no template, no message, or the template refuses
   * the messages; BAD_CHECKPOINT when the template is faulty
   *
   * @example
   * codec.applyChatTemplate([{ role: 'user', content: 'Write a parser.' }]);
   */
  applyChatTemplate(
    messages: readonly ChatMessage[],
    options: { addGenerationPrompt?: boolean; now?: Date } = {},
  ): number[] {
    const { addGenerationPrompt = true, now = new Date() } = options;
    ensure(
      this.chatTemplate !== undefined,
      'BAD_ARGUMENT',
      `The checkpoint in ${this.#dir} has no default chat template. Give the prompt as plain \`text\` instead of messages.`,
    );
    ensure(messages.length > 0, 'BAD_ARGUMENT', 'The conversation is empty. Give a message.');
    this.#parsedTemplate ??= new ChatTemplate(this.chatTemplate, this.#templatePath);
    const text = this.#parsedTemplate.render(
      {
        ...this.#templateTokens,
        messages,
        add_generation_prompt: addGenerationPrompt,
        // Templates ask whether these are none, as transformers always sets them.
        tools: null,
        documents: null,
      },
      now,
    );
    return this.encode(text, { addSpecialTokens: false });
  }

  /** Whether the model was trained to fill in what lies between two texts. */
  get canInfill(): boolean {
    return this.#infill !== undefined;
  }

  /**
   * The prompt that asks for what lies between two texts, in the form that the vocabulary shows
   * (`infill.ts`).
   *
   * @returns the ids, and further tokens that end the answer
   * @throws SutureError UNSUPPORTED where the vocabulary has no tokens for it
   *
   * @example
   * codec.infill({ prefix: 'def add(a, b):\n    return ', suffix: '\n\nprint(add(1, 2))' });
   */
  infill({ prefix, suffix }: Infill): { ids: number[]; endIds: number[] } {
    const form = this.#infill;
    ensure(
      form,
      'UNSUPPORTED',
      `The tokenizer in ${this.#dir} has no fill-in-the-middle tokens: the model was not trained for it. Give the prompt as plain text.`,
    );
    const id = (token: string) => this.tokenToId(token)!;
    const plain = (text: string) => this.encode(text, { addSpecialTokens: false });
    const before = [id(form.prefix), ...plain(prefix)];
    const after = [
      id(form.suffix),
      ...(form.leadingSpace ? this.#unspaced(suffix) : plain(suffix)),
    ];
    const lead = this.encode('').filter((token) => token === this.bosId);
    const ids = [...lead, ...(form.suffixFirst ? [...after, ...before] : [...before, ...after])];
    if (form.middle !== undefined) ids.push(id(form.middle));
    const endIds = (form.ends ?? []).flatMap((token) => this.tokenToId(token) ?? []);
    return { ids, endIds };
  }

  /** Encodes without the space that the tokenizer puts before every text. */
  #unspaced(text: string): number[] {
    // A character that merges with nothing takes the space, and is cut off again.
    const mark = '\u263a';
    const encode = (marked: string) => this.encode(marked, { addSpecialTokens: false });
    return encode(mark + text).slice(encode(mark).length);
  }
}

/** What stands before and behind the text to be filled in. */
export interface Infill {
  prefix: string;
  suffix: string;
}

/** Parses a configuration file; undefined when it is missing. */
function readConfig<T>(path: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return schema.parse(readJson(path));
  } catch (thrown) {
    if (thrown instanceof z.ZodError) throw malformed(path, z.prettifyError(thrown), thrown);
    if (thrown instanceof SutureError && thrown.code === 'BAD_DATA')
      throw new SutureError('BAD_CHECKPOINT', thrown.message, { cause: thrown });
    throw thrown;
  }
}

function parseTokenizer(json: string, config: object, path: string): HfTokenizer {
  try {
    const tokenizer: HfTokenizer = new Tokenizer(JSON.parse(json), config);
    // The library finds out only when it encodes that a special token it adds does not exist.
    const { ids, tokens } = tokenizer.encode('', { add_special_tokens: true });
    const missing = tokens.filter((_, i) => ids[i] === undefined);
    if (missing.length > 0) throw new Error(`${missing.join(', ')} is not in its vocabulary`);
    return tokenizer;
  } catch (thrown) {
    throw malformed(path, messageOf(thrown), thrown);
  }
}

function malformed(path: string, what: string, cause: unknown): SutureError {
  return new SutureError(
    'BAD_CHECKPOINT',
    `${path} is malformed: ${what}. Fetch the file again from where the model comes from.`,
    { cause },
  );
}
