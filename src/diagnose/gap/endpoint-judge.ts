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

/** What a judge says of one review. */
export interface EndpointVerdict {
  judge: JudgeIdentity;
  /** Null where no answer could be read. */
  judgement: ReviewJudgement | null;
}

const QUESTION = `You judge reviews of code. The code under review is in question for one weakness: {cwe}.
Read the review below and answer three questions about what the review says, not about the code itself:
- issue: does the review say that something is wrong with the code? (true or false; null if it gives no verdict)
- weakness: does it name that weakness, by name or number?
- fix: does it suggest a remedy that would mend that weakness?
Answer with one JSON object with the fields "issue", "weakness" and "fix", and nothing else.

Review:
{review}`;

/** Said once more, below the question, to one whose answer could not be read. */
const REMINDER =
  'Your last answer could not be read. Answer with the JSON object alone: {"issue": ..., "weakness": ..., "fix": ...}';

/** Questions until an answer that cannot be read is no verdict. */
const ATTEMPTS = 3;

const answer = z.object({
  issue: z.boolean().nullable(),
  weakness: z.boolean(),
  fix: z.boolean(),
});

export const endpointJudge = ({ url, model }: Endpoint): JudgeIdentity => ({
  kind: 'endpoint',
  model,
  url,
  prompt: sha256(QUESTION + REMINDER),
});

/**
 * Has a model judge a review. An answer that is not the object that was asked for is asked for again, twice.
 * @throws {SutureError} FORBIDDEN, NETWORK
 */
export async function judgeRemotely(
  endpoint: Endpoint,
  review: string,
  cwe: ReviewItem['cwe'],
  signal?: AbortSignal,
): Promise<EndpointVerdict> {
  const question = QUESTION.replace('{cwe}', cwe).replace('{review}', () => review);
  let judgement: ReviewJudgement | null = null;
  for (let attempt = 0; judgement === null && attempt < ATTEMPTS; attempt++) {
    const asked = attempt === 0 ? question : `${question}\n\n${REMINDER}`;
    judgement = read(await askRemotely(endpoint, asked, { signal }));
  }
  return { judge: endpointJudge(endpoint), judgement };
}

/** The judgement in an answer; null where there is none. */
function read(text: string): ReviewJudgement | null {
  const object = /\{[^{}]*\}/.exec(text)?.[0];
  const parsed = answer.safeParse(object === undefined ? undefined : parse(object));
  if (!parsed.success) return null;
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
