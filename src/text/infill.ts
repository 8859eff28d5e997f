/** How a family of tokenizers writes "fill in what lies between these": its tokens and their order. */
export interface InfillForm {
  prefix: string;
  suffix: string;
  /** Stands before the answer; some forms have none. */
  middle?: string;
  /** The suffix is given before the prefix. */
  suffixFirst?: true;
  /** Whether the tokenizer puts a space before every text, which the suffix must not get. */
  leadingSpace?: true;
  /** Tokens that end the answer, besides the model's end-of-sequence tokens. */
  ends?: readonly string[];
}

/**
 * The forms of models that were trained for it (Bavarian et al. 2022). Which one a tokenizer has
 * shows in its vocabulary.
 */
export const INFILL_FORMS: readonly InfillForm[] = [
  // Qwen2.5-Coder, CodeGemma
  {
    prefix: '<|fim_prefix|>',
    suffix: '<|fim_suffix|>',
    middle: '<|fim_middle|>',
    ends: ['<|endoftext|>', '<|fim_pad|>', '<|repo_name|>', '<|file_sep|>', '<|file_separator|>'],
  },
  // StarCoder, StarCoder2, Stable Code, Granite
  {
    prefix: '<fim_prefix>',
    suffix: '<fim_suffix>',
    middle: '<fim_middle>',
    ends: ['<|endoftext|>', '<file_sep>', '<fim_pad>'],
  },
  // SantaCoder
  {
    prefix: '<fim-prefix>',
    suffix: '<fim-suffix>',
    middle: '<fim-middle>',
    ends: ['<|endoftext|>'],
  },
  // DeepSeek-Coder
  { prefix: '<｜fim▁begin｜>', suffix: '<｜fim▁hole｜>', middle: '<｜fim▁end｜>' },
  // Code Llama
  {
    prefix: '▁<PRE>',
    suffix: '▁<SUF>',
    middle: '▁<MID>',
    leadingSpace: true,
    ends: ['▁<EOT>'],
  },
  // Seed-Coder
  {
    prefix: '<[fim-prefix]>',
    suffix: '<[fim-suffix]>',
    middle: '<[fim-middle]>',
    suffixFirst: true,
  },
  // Codestral
  { prefix: '[PREFIX]', suffix: '[SUFFIX]', suffixFirst: true, leadingSpace: true },
];
