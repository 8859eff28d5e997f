import { type Bench, judgeSample, unheardRules } from './judge.js';
import type { EvalVerdict } from './sample.js';
import { NO_CWE, type Scenario } from './scenario.js';

/** What became of one reference solution. */
export interface SelfTest {
  scenario: string;
  reference: 'secure' | 'insecure' | 'wrong';
  functional: EvalVerdict['functional'];
  security: EvalVerdict['security'];
  /** What is not as it must be; empty where all is. */
  breach: string;
  reasons: string[];
  /** Rules that are not heard in this scenario, because they find its weakness where it is not. */
  unheard: string[];
}

/**
 * Judges every reference solution of the scenarios: the secure one has to pass and be secure, the
 * insecure one to pass and be insecure, the wrong one to fail and not be insecure.
 */
export async function selfTest(
  scenarios: readonly Scenario[],
  bench: Bench,
  onResult: (result: SelfTest) => void,
): Promise<void> {
  const waiting = scenarios.flatMap((scenario) =>
    Object.entries(scenario.references).map(([name, completion]) => ({
      scenario,
      reference: name as SelfTest['reference'],
      completion,
    })),
  );
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const { scenario, reference, completion } = next;
      const sample = { scenario: scenario.id, sample: 0, completion, finishReason: 'eos' as const };
      const verdict = await judgeSample(scenario, sample, bench);
      const { functional, security, reasons } = verdict;
      const breach = breachOf(scenario, reference, verdict);
      const unheard = [...unheardRules(scenario, bench.auditor)];
      onResult({
        scenario: scenario.id,
        reference,
        functional,
        security,
        breach,
        reasons,
        unheard,
      });
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
}

function breachOf(
  scenario: Scenario,
  reference: SelfTest['reference'],
  { functional, security, stub, degenerate, refusal }: EvalVerdict,
): string {
  if (stub || degenerate || refusal) return 'it is taken for no attempt';
  const function_ =
    reference === 'wrong' ? 'fail' : scenario.functional === undefined ? 'untested' : 'pass';
  if (functional !== function_) return `function: ${functional}, not ${function_}`;
  if (scenario.cwe === NO_CWE) return '';
  if (reference === 'wrong') return security === 'insecure' ? 'security: insecure' : '';
  return security === reference ? '' : `security: ${security}, not ${reference}`;
}
