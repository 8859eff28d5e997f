import { describe, expect, it } from 'vitest';
import { sha256 } from '../core/index.js';
import { TextCodec } from './codec.js';
import type { ChatMessage } from './template.js';
import { chatTokenizer, codecOf, folder } from './testing/checkpoints.js';

const CHATML = `{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- else %}
    {{- '<|im_start|>system\\nYou write code.<|im_end|>\\n' }}
{%- endif %}
{%- for message in messages %}
    {%- if message.role == 'user' or message.role == 'assistant' or (message.role == 'system' and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if tools is not none %}{{- raise_exception('no tools here') }}{%- endif %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
{%- endif %}
`;

const LLAMA3 = `{{- bos_token }}
{%- if not date_string is defined %}
    {%- if strftime_now is defined %}
        {%- set date_string = strftime_now("%d %b %Y") %}
    {%- endif %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content'] | trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\nToday: " + date_string + "\\n\\n" + system_message + "<|eot_id|>" }}
{%- for message in messages %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}`;

const MISTRAL = `{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set ns = namespace(turn=0) %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if (message["role"] == "user") != (ns.turn % 2 == 0) %}
        {{- raise_exception("Roles must alternate user/assistant/user/assistant/...") }}
    {%- endif %}
    {%- set ns.turn = ns.turn + 1 %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[INST] " + system_message + "\\n\\n" + message["content"] + "[/INST]" }}
        {%- else %}
            {{- "[INST] " + message["content"] + "[/INST]" }}
        {%- endif %}
    {%- else %}
        {{- " " + message["content"] + eos_token }}
    {%- endif %}
{%- endfor %}`;

const SPECIALS = [
  '<|im_start|>',
  '<|im_end|>',
  '<|start_header_id|>',
  '<|end_header_id|>',
  '<|eot_id|>',
];

function codecWith(template: unknown, files: Record<string, unknown> = {}) {
  return codecOf({
    'tokenizer.json': chatTokenizer(...SPECIALS),
    'tokenizer_config.json': {
      bos_token: '<s>',
      eos_token: { content: '<|endoftext|>' },
      ...(template === undefined ? {} : { chat_template: template }),
    },
    ...files,
  });
}

const system: ChatMessage = { role: 'system', content: 'Be brief.' };
const ask: ChatMessage = { role: 'user', content: 'Sort {{ xs }}.' };
const answer: ChatMessage = { role: 'assistant', content: 'xs.sort()' };
const again: ChatMessage = { role: 'user', content: 'Downwards.' };

describe('applyChatTemplate', () => {
  it('renders ChatML', () => {
    const codec = codecWith(CHATML);
    const tokens = codec.applyChatTemplate([system, ask]);
    expect(codec.decode(tokens)).toBe(
      '<|im_start|>system\nBe brief.<|im_end|>\n' +
        '<|im_start|>user\nSort {{ xs }}.<|im_end|>\n<|im_start|>assistant\n',
    );
    // The markers are tokens, not spelled out; no BOS is put in front, as the template has none.
    expect(tokens[0]).toBe(codec.tokenToId('<|im_start|>'));
    expect(tokens.filter((token) => token >= 256)).toEqual([260, 261, 260, 261, 260]);
  });

  it('renders ChatML without a system message and without a generation prompt', () => {
    const codec = codecWith(CHATML);
    const tokens = codec.applyChatTemplate([ask, answer], { addGenerationPrompt: false });
    expect(codec.decode(tokens)).toBe(
      '<|im_start|>system\nYou write code.<|im_end|>\n' +
        '<|im_start|>user\nSort {{ xs }}.<|im_end|>\n<|im_start|>assistant\nxs.sort()<|im_end|>\n',
    );
  });

  it('renders Llama 3 headers, the date in English, with one BOS', () => {
    const codec = codecWith(LLAMA3);
    const tokens = codec.applyChatTemplate([system, ask], { now: new Date(2025, 4, 7) });
    expect(codec.decode(tokens)).toBe(
      '<s><|start_header_id|>system<|end_header_id|>\n\nToday: 07 May 2025\n\nBe brief.<|eot_id|>' +
        '<|start_header_id|>user<|end_header_id|>\n\nSort {{ xs }}.<|eot_id|>' +
        '<|start_header_id|>assistant<|end_header_id|>\n\n',
    );
    expect(tokens.filter((token) => token === codec.bosId)).toHaveLength(1);
  });

  it('renders Mistral instructions', () => {
    const codec = codecWith(MISTRAL);
    expect(codec.decode(codec.applyChatTemplate([system, ask, answer, again]))).toBe(
      '<s>[INST] Sort {{ xs }}.[/INST] xs.sort()<|endoftext|>[INST] Be brief.\n\nDownwards.[/INST]',
    );
  });

  it('passes on what a template raises', () => {
    expect(() => codecWith(MISTRAL).applyChatTemplate([ask, again])).toThrow(
      expect.objectContaining({
        code: 'BAD_ARGUMENT',
        message: expect.stringContaining('Roles must alternate user/assistant'),
      }),
    );
  });

  it('knows the directives of strftime, and says which it does not', () => {
    const codec = codecWith("{{ strftime_now('%A %a %d %B %b %m %Y %y %H %I %p %M %S %%') }}");
    const render = (now: Date) => codec.decode(codec.applyChatTemplate([ask], { now }));
    expect(render(new Date(2026, 0, 5, 0, 3, 9))).toBe(
      'Monday Mon 05 January Jan 01 2026 26 00 12 AM 03 09 %',
    );
    expect(render(new Date(2009, 11, 31, 15, 30, 0))).toBe(
      'Thursday Thu 31 December Dec 12 2009 09 15 03 PM 30 00 %',
    );
    expect(() => codecWith("{{ strftime_now('%Q') }}").applyChatTemplate([ask])).toThrow('%Q');
  });

  it("has Python's range", () => {
    const codec = codecWith(
      '{% for i in range(3) %}{{ i }}{% endfor %}|{% for i in range(5, 0, -2) %}{{ i }}{% endfor %}' +
        '|{% for i in range(2, 2) %}{{ i }}{% endfor %}',
    );
    expect(codec.decode(codec.applyChatTemplate([ask]))).toBe('012|531|');
  });
});

describe('the chat template of a checkpoint', () => {
  const rendered = (codec: TextCodec) => codec.decode(codec.applyChatTemplate([ask]));

  it('is the one named default where there are several', () => {
    const codec = codecWith([
      { name: 'tool_use', template: 'tools' },
      { name: 'default', template: 'plain' },
    ]);
    expect(rendered(codec)).toBe('plain');
    expect(codec.chatTemplateHash).toBe(sha256('plain'));
  });

  it('is chat_template.jinja before tokenizer_config.json', () => {
    const codec = codecWith('from the config', { 'chat_template.jinja': 'from the file' });
    expect(rendered(codec)).toBe('from the file');
    expect(codec.chatTemplate).toBe('from the file');
  });

  it('gets its special tokens from the ids when tokenizer_config.json is missing', () => {
    const codec = codecOf({
      'tokenizer.json': chatTokenizer(),
      'generation_config.json': { bos_token_id: 256, eos_token_id: [257, 259] },
      'chat_template.jinja': '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}',
    });
    expect(rendered(codec)).toBe('<s>Sort {{ xs }}.<|endoftext|>');
  });

  it('does not see a token that tokenizer_config.json sets to null, whatever config.json says', () => {
    const codec = codecOf({
      'tokenizer.json': chatTokenizer(),
      'config.json': { bos_token_id: 256 },
      'tokenizer_config.json': { bos_token: null, chat_template: 'x{{ bos_token }}' },
    });
    expect(rendered(codec)).toBe('x');
  });

  it.each([
    ['none', undefined],
    ['none named default', [{ name: 'rag', template: 'x' }]],
  ])('missing (%s) is said, with the advice to send text', (_, template) => {
    expect(() => codecWith(template).applyChatTemplate([ask])).toThrow(
      expect.objectContaining({
        code: 'BAD_ARGUMENT',
        message: expect.stringMatching(/no default chat template.*`text`/),
      }),
    );
  });

  it('refuses an empty conversation', () => {
    expect(() => codecWith(CHATML).applyChatTemplate([])).toThrow(
      expect.objectContaining({ code: 'BAD_ARGUMENT' }),
    );
  });

  it.each([
    ['does not parse', '{% if %}'],
    ['does not run', '{{ messages | no_such_filter }}'],
  ])('that %s is blamed, by its file', (_, template) => {
    const dir = folder({ 'tokenizer.json': chatTokenizer(), 'chat_template.jinja': template });
    // The text side still loads: a broken template is in the way of conversations only.
    const codec = TextCodec.load(dir)!;
    expect(() => rendered(codec)).toThrow(
      expect.objectContaining({
        code: 'BAD_CHECKPOINT',
        message: expect.stringContaining('chat_template.jinja'),
      }),
    );
  });
});
