import 'virtual:report.css';
import './studio.css';
import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { placeOf } from './places.js';
import { PlaygroundPage } from './playground.js';
import { Run, Runs } from './runs.js';

function Studio() {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const moved = () => setHash(location.hash);
    addEventListener('hashchange', moved);
    return () => removeEventListener('hashchange', moved);
  }, []);
  const place = placeOf(hash);
  const inRuns = place.page !== 'playground';
  return (
    <>
      <header class="bar">
        <a class="name" href="#/">
          Suture <span>studio</span>
        </a>
        <nav aria-label="Pages">
          <a href="#/" aria-current={inRuns ? 'page' : undefined}>
            Runs
          </a>
          <a href="#/playground" aria-current={inRuns ? undefined : 'page'}>
            Playground
          </a>
        </nav>
      </header>
      {place.page === 'runs' && <Runs />}
      {place.page === 'run' && <Run id={place.id} part={place.part} />}
      {place.page === 'playground' && (
        <PlaygroundPage key={hash} prompt={place.prompt} vector={place.vector} />
      )}
    </>
  );
}

render(<Studio />, document.body);
