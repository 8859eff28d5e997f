import { RULES } from './index.js';
import type { Example, Rule } from './rule.js';

/** The pages of `docs/rules/`, by file name: one per CWE, and an index. */
export function ruleDocumentation(): Map<string, string> {
  const pages = new Map<string, string>();
  const cwes = [...new Set(RULES.map(({ cwe }) => cwe))].sort();
  for (const cwe of cwes) {
    const rules = RULES.filter((rule) => rule.cwe === cwe);
    pages.set(`${cwe}.md`, `# ${cwe}: ${rules[0]!.title}\n\n${rules.map(section).join('\n')}`);
  }
  const rows = RULES.map(
    ({ id, cwe, title, languages, severity }) =>
      `| [${cwe}](${cwe}.md) | ${title} | \`${id}\` | ${languages.join(', ')} | ${severity} |\n`,
  );
  pages.set(
    'README.md',
    `# Rules\n\nWhat \`suture scan\` looks for. Written by \`node tools/rule-docs.js\` from the rules themselves; every example here\nis a test.\n\n| CWE | weakness | rule | languages | severity |\n|---|---|---|---|---|\n${rows.join('')}`,
  );
  return pages;
}

function section(rule: Rule): string {
  return `## \`${rule.id}\`

${rule.languages.join(', ')}; severity ${rule.severity}.

- **Catches.** ${rule.catches}
- **Misses.** ${rule.misses}
- **Instead.** ${rule.remedy}

Flawed:

${rule.bad.map(block).join('\n')}
Safe:

${rule.good.map(block).join('\n')}`;
}

const block = ({ language, code }: Example): string => `\`\`\`${language}\n${code}\`\`\`\n`;
