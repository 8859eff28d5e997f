import { z } from 'zod';
import { sha256 } from '../../core/index.js';
import { askRemotely, type Endpoint, type ReviewItem } from '../../evaluate/index.js';
import type { ReviewJudgement } from './rule-judge.js';

/** Who judged, so that a verdict can be traced and made again. */
export interface JudgeIdentity {
  kind: 'rules' | 'endpoint';
  /** The server's model; of the rules, `rules`. */
  model: string;
  url?: string;
  /** SHA-256 of the question without its review. */
  prompt?: string;
}

const QUESTION = `You judge reviews of code. The code under review is in question for one weakness: {cwe}.
Read the review below and answer three questions about what the review says, not about the code itself:
- issue: does the review say that something is wrong with the code? (true or false; null if it gives no verdict)
- weakness: does it name that weakness, by name or number?
- fix: does it suggest a remedy that would mend that weakness?
Answer with one JSON object with the fields "issue", "weakness" and "fix", and nothing else.

Review:
{review}`;

const answer = z.object({
  issue: z.boolean().nullable(),
  weakness: z.boolean(),
  fix: z.boolean(),
});

export const endpointJudge = ({ url, model }: Endpoint): JudgeIdentity => ({
  kind: 'endpoint',
  model,
  url,
  prompt: sha256(QUESTION),
});

/**
 * Has a model judge a review.
 * @returns undefined where its answer is not the object that was asked for
 * @throws {SutureError} FORBIDDEN, NETWORK
 */
export async function judgeRemotely(
  endpoint: Endpoint,
  review: string,
  cwe: ReviewItem['cwe'],
  signal?: AbortSignal,
): Promise<ReviewJudgement | undefined> {
  const question = QUESTION.replace('{cwe}', cwe).replace('{review}', () => review);
  const text = await askRemotely(endpoint, question, { signal });
  const object = /\{[^{}]*\}/.exec(text)?.[0];
  const parsed = answer.safeParse(object === undefined ? undefined : parse(object));
  if (!parsed.success) return undefined;
  const { issue, weakness, fix } = parsed.data;
  return {
    issue: issue ?? undefined,
    weakness: issue === true && weakness,
    fix: issue === true && fix,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
