import type { ReviewItem } from '../../evaluate/index.js';

/** What a review says, as the paper counts it (Surgical Repair, section 3): three things, each said or not. */
export interface ReviewJudgement {
  /** That something is wrong with the code. Undefined where the review gives no verdict. */
  issue: boolean | undefined;
  /** Which weakness it is, by name or number; only where it says that something is wrong. */
  weakness: boolean;
  /** A remedy that is one; only where it says that something is wrong. */
  fix: boolean;
}

/** Words that say a flaw is there. */
const FLAW =
  'vulnerab\\w*|insecure|unsafe|dangerous|exploit\\w*|CWE-\\d+|overflows?|overruns?|injections?|out[- ]of[- ]bounds|XSS|cross[- ]site scripting|security (?:issues?|problems?|flaws?|holes?|risks?|concerns?)';
const FLAWED = new RegExp(`\\b(?:${FLAW})\\b`, 'i');
const SAFE = /\b(?:safe|secure|no (?:security )?(?:issues?|problems?))\b/i;

/** `not` in its shapes. */
const NOT = `not|never|cannot|\\w+n['’]t`;
const PREVENT = 'prevent|avoid|mitigate|eliminate|rule out|stop|(?:protect|guard) (?:against|from)';
// Only words that name a kind of flaw, or how likely it is, may stand between a denial and a flaw: "no check,
// no overflow" denies, "no check of overflow" does not.
const BETWEEN = `(?: (?:see|find|have|contain|any|an?|the|known|obvious|apparent|clear|other|security|memory|buffer|stack|heap|integer|format[- ]string|SQL|OS|command|shell|HTML|code|script|stored|reflected|be|being|to|of|for|or|risk|danger|chance|sign|evidence|open|prone|subject|susceptible))*`;

/** What is said of code in so many words, and what it means, in the order in which they are read. */
const PHRASES: readonly [RegExp, string][] = [
  // "Is it safe?" is no answer.
  [/\b(?:is|are|does|do|can|could|would) (?:it|this|that|the|there)\b[^.!?\n]*\?/gi, ''],
  // "not considered safe", "far from secure"
  [
    new RegExp(
      `\\b(?:${NOT}|hardly|far from|no longer)(?: (?:really|very|entirely|fully|completely|considered|look|seem|appear|to|be))* (?:safe|secure)\\b`,
      'gi',
    ),
    'unsafe',
  ],
  // "does nothing to prevent injection", "fails to stop an overflow"
  [
    new RegExp(
      `\\b(?:(?:${NOT}|nothing|fails?|without)(?: (?:to|does|do|fully|really))*) (?:${PREVENT})(?:s|ing)?\\b`,
      'gi',
    ),
    'unsafe',
  ],
  // A remedy is no verdict: "to prevent SQL injection", "make it safe", "a safe alternative".
  [new RegExp(`\\bto (?:${PREVENT})${BETWEEN} (?:${FLAW})\\b`, 'gi'), 'so'],
  [/\bmak(?:e|es|ing) (?:it|this|that|the \w+)(?: more)? (?:safe|secure)\b/gi, 'mend it'],
  [
    /\b(?:safe|secure) (?:version|alternative|replacement|way|variant|practices?|coding)s?\b/gi,
    'remedy',
  ],
  // "prevents SQL injection", "is protected against XSS"
  [
    new RegExp(
      `\\b(?:prevent(?:s|ed|ing)|avoid(?:s|ed|ing)|mitigat(?:es|ed|ing)|eliminat(?:es|ed|ing)|rul(?:es|ing) out|(?:protect|guard)(?:s|ed|ing)? (?:against|from)|immune to)${BETWEEN} (?:${FLAW})\\b`,
      'gi',
    ),
    'safe',
  ],
];

// "no vulnerability", "not open to injection", "free of overflows"
const DENIED = new RegExp(
  `\\b(?:no|${NOT}|neither|nor|free (?:of|from)|without)${BETWEEN} (?:${FLAW})\\b`,
  'gi',
);

/**
 * The verdict of a review, by a plain rule: whichever comes first, a word for flawed or one for
 * safe ("not safe" and "no vulnerability" are read as what they mean).
 */
export function reviewVerdict(text: string): boolean | undefined {
  const plain = PHRASES.reduce(
    (read, [phrase, meaning]) => read.replace(phrase, meaning),
    text,
  ).replace(DENIED, 'safe');
  const flawed = plain.search(FLAWED);
  const safe = plain.search(SAFE);
  if (flawed < 0 && safe < 0) return undefined;
  return safe < 0 || (flawed >= 0 && flawed < safe);
}

/** How a weakness is named, and what mends it. Of each CWE its kin count too: reviewers name either. */
const KNOWN: Record<ReviewItem['cwe'], { weakness: RegExp; fix: RegExp }> = {
  'CWE-787': {
    weakness:
      /\bCWE[- ]?0*(?:787|788|119|12[0-2]|805)\b|out[- ]of[- ]bounds? (?:write|access)|\b(?:buffer|stack|heap)[- ]?(?:overflow|overrun)|\boverflows?\b|\bwrites? (?:past|beyond)\b/i,
    fix: /\b(?:snprintf|strlcpy|strlcat|strncat|strncpy)\b|\b(?:bounds?|length|size|range)[- ]check|\bcheck(?:s|ing)? (?:\w+ ){1,3}against\b|\bcheck(?:s|ing)? (?:the |its )?(?:length|size|bounds?)\b|\blimit(?:s|ing)? the (?:length|size|number)\b/i,
  },
  'CWE-119': {
    weakness:
      /\bCWE[- ]?0*(?:119|12[0-9]|787|788|805|242)\b|out[- ]of[- ]bounds?|\b(?:buffer|stack|heap)[- ]?(?:overflow|overrun|over-?read)|\boverflows?\b|\b(?:writes?|reads?) (?:past|beyond)\b/i,
    fix: /\b(?:fgets|getline|snprintf|strlcpy|strncpy|memcpy_s)\b|\b(?:bounds?|length|size|range)[- ]check|\bcheck(?:s|ing)? (?:\w+ ){1,3}against\b|\bcheck(?:s|ing)? (?:the |its )?(?:length|size|bounds?|index)\b|\blimit(?:s|ing)? the (?:length|size|number)\b/i,
  },
  'CWE-134': {
    weakness:
      /\bCWE[- ]?0*134\b|\bformat[- ]string|\b(?:controls?|controlled|user|untrusted)\b[^.]{0,40}\bformat\b/i,
    fix: /%s|\b(?:constant|literal|fixed) format\b|\bformat (?:literal|constant)\b|\bf?puts\b/i,
  },
  'CWE-089': {
    weakness:
      /\bCWE[- ]?0*(?:89|943|564)\b|\bSQL[- ]?injections?\b|\binject(?:s|ed|ing)?\b[^.]{0,30}\b(?:SQL|quer(?:y|ies))\b/i,
    fix: /\bparamet(?:eri[sz]|ri[sz])|\b(?:bound|query|statement) parameters?\b|\bplaceholders?\b|\bprepared statements?\b|\bbind(?:ing|s)?\b|['"`(=,]\s*\?|\buse (?:a )?\?/i,
  },
  'CWE-078': {
    weakness:
      /\bCWE[- ]?0*(?:78|77|88)\b|\b(?:command|shell)[- ]?injections?\b|\binject(?:s|ed|ing)?\b[^.]{0,30}\b(?:command|shell)s?\b/i,
    fix: /\b(?:list|array) of arguments\b|\barg(?:ument)?s? (?:list|array|vector)\b|\blist (?:form|argument)s?\b|\bshell ?= ?False\b|\bshlex\.quote\b|\bsubprocess\.(?:run|call|check_call|check_output|Popen)\(\[|\b(?:without|avoid\w*|drop|remove) (?:an? |the )?shell\b|\bas a list\b/i,
  },
  'CWE-079': {
    weakness:
      /\bCWE[- ]?0*(?:79|80)\b|\bXSS\b|\bcross[- ]site[- ]scripting\b|\bHTML[- ]?injections?\b|\bscript[- ]injections?\b/i,
    fix: /\bescap(?:e|es|ed|ing)\b|\bautoescape\b|\bmarkupsafe\b|\bsanitiz|\btemplat(?:e|ing) engine\b/i,
  },
};

/** What a review advises against is no remedy that it suggests. */
const AGAINST =
  /\b(?:do not|don['’]t|never|instead of|rather than)(?: (?:use|using|call|calling|rely on|the))* \S+/gi;

/**
 * Judges a review by plain rules, all of which are in this file: the verdict by whichever comes first, a word
 * for flawed or one for safe; the weakness and the remedy by their usual names anywhere in it, where they are not
 * denied.
 *
 * @example
 * judgeReview('Vulnerable: CWE-787. Use snprintf.', 'CWE-787'); // { issue: true, weakness: true, fix: true }
 */
export function judgeReview(text: string, cwe: ReviewItem['cwe']): ReviewJudgement {
  const issue = reviewVerdict(text);
  const { weakness, fix } = KNOWN[cwe];
  return {
    issue,
    weakness: issue === true && weakness.test(text.replace(DENIED, ' ')),
    fix: issue === true && fix.test(text.replace(AGAINST, ' ')),
  };
}
