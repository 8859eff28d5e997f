// What the page shows is in its address behind "#", so that the browser's history and links work.

/** Name under which `suture studio` registers the vector of a run. */
const vectorName = (run: string) => run.replaceAll(/[^\w.-]/g, '.');

export const runLink = (id: string, part = '') => `#/runs/${id}${part && `/${part}`}`;

export const playgroundLink = (prompt: string, run: string) =>
  `#/playground?${new URLSearchParams({ prompt, vector: vectorName(run) })}`;

export type Place =
  | { page: 'runs' }
  | { page: 'run'; id: string; part: string }
  | { page: 'playground'; prompt: string | undefined; vector: string | undefined };

/** Where an address leads; what leads nowhere leads to the list of runs. */
export function placeOf(hash: string): Place {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [page, id, part = ''] = path.split('/');
  if (page === 'playground') {
    const asked = new URLSearchParams(query);
    return {
      page,
      prompt: asked.get('prompt') ?? undefined,
      vector: asked.get('vector') ?? undefined,
    };
  }
  return page === 'runs' && id ? { page: 'run', id, part } : { page: 'runs' };
}
