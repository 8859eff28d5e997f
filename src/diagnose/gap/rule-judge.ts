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

const FLAWED = /\b(vulnerab\w*|insecure|unsafe|CWE-\d+|overflows?|injections?)\b/i;
const SAFE = /\b(safe|secure|no (?:security )?(?:issues?|problems?))\b/i;

const NEGATED_SAFE =
  /\b(?:not|never|isn['’]t|aren['’]t)(?: (?:really|very|entirely|fully|considered))* (?:safe|secure)\b/gi;
// Only words that name a kind of flaw may stand between: "no check, no overflow" denies, "no check
// of overflow" does not.
const NEGATED_FLAW =
  /\b(?:no|not|never|isn['’]t|aren['’]t|cannot|can['’]t|doesn['’]t|free (?:of|from)|without)(?: (?:any|known|obvious|apparent|security|memory|buffer|stack|heap|integer|format-string|SQL|command|shell|code|script))* (?:vulnerab\w*|insecure|unsafe|overflows?|injections?)\b/gi;

/**
 * The verdict of a review, by a plain rule: whichever comes first, a word for flawed or one for
 * safe ("not safe" and "no vulnerability" are read as what they mean).
 */
export function reviewVerdict(text: string): boolean | undefined {
  const plain = text.replace(NEGATED_SAFE, 'unsafe').replace(NEGATED_FLAW, 'safe');
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
    fix: /\b(?:snprintf|strlcpy|strlcat|strncat|strncpy)\b|\b(?:bounds?|length|size)[- ]check|\bcheck(?:s|ing)? (?:the |its )?(?:length|size|bounds?)\b|\blimit(?:s|ing)? the (?:length|size|number)\b/i,
  },
  'CWE-119': {
    weakness:
      /\bCWE[- ]?0*(?:119|12[0-9]|787|788|805|242)\b|out[- ]of[- ]bounds?|\b(?:buffer|stack|heap)[- ]?(?:overflow|overrun|over-?read)|\boverflows?\b|\b(?:writes?|reads?) (?:past|beyond)\b/i,
    fix: /\b(?:fgets|getline|snprintf|strlcpy|strncpy|memcpy_s)\b|\b(?:bounds?|length|size)[- ]check|\bcheck(?:s|ing)? (?:the |its )?(?:length|size|bounds?|index)\b|\blimit(?:s|ing)? the (?:length|size|number)\b/i,
  },
  'CWE-134': {
    weakness:
      /\bCWE[- ]?0*134\b|\bformat[- ]string|\b(?:controls?|controlled|user|untrusted)\b[^.]{0,40}\bformat\b/i,
    fix: /"%s"|'%s'|\b(?:constant|literal|fixed) format\b|\bformat (?:literal|constant)\b|\bfputs\b|\bputs\b|%s\b/i,
  },
  'CWE-089': {
    weakness:
      /\bCWE[- ]?0*(?:89|943|564)\b|\bSQL[- ]?injections?\b|\binject(?:s|ed|ing)?\b[^.]{0,30}\b(?:SQL|quer(?:y|ies))\b/i,
    fix: /\bparamet(?:er|ri[sz]ed|eri[sz]ed)|\bplaceholders?\b|\bprepared statements?\b|\bbind(?:ing|s)?\b|\?/i,
  },
  'CWE-078': {
    weakness:
      /\bCWE[- ]?0*(?:78|77|88)\b|\b(?:command|shell)[- ]?injections?\b|\binject(?:s|ed|ing)?\b[^.]{0,30}\b(?:command|shell)s?\b/i,
    fix: /\b(?:list|array) of arguments\b|\bargument (?:list|array|vector)\b|\bshell ?= ?False\b|\bshlex\.quote\b|\bsubprocess\.(?:run|call|check_call|check_output|Popen)\(\[|\bwithout (?:a |the )?shell\b|\bas a list\b/i,
  },
  'CWE-079': {
    weakness:
      /\bCWE[- ]?0*(?:79|80)\b|\bXSS\b|\bcross[- ]site[- ]scripting\b|\bHTML[- ]?injections?\b|\bscript[- ]injections?\b/i,
    fix: /\bescap(?:e|es|ed|ing)\b|\bautoescape\b|\bmarkupsafe\b|\bsanitiz|\btemplat(?:e|ing) engine\b/i,
  },
};

/**
 * Judges a review by plain rules, all of which are in this file: the verdict by whichever comes first, a word
 * for flawed or one for safe; the weakness and the remedy by their usual names anywhere in it.
 *
 * @example
 * judgeReview('Vulnerable: CWE-787. Use snprintf.', 'CWE-787'); // { issue: true, weakness: true, fix: true }
 */
export function judgeReview(text: string, cwe: ReviewItem['cwe']): ReviewJudgement {
  const issue = reviewVerdict(text);
  const { weakness, fix } = KNOWN[cwe];
  return {
    issue,
    weakness: issue === true && weakness.test(text),
    fix: issue === true && fix.test(text),
  };
}
