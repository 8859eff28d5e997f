import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { STYLE } from '../src/report/style.js';

/** The style of the reports, which the studio shares. */
const reportStyle: Plugin = {
  name: 'report-style',
  resolveId: (id) => (id === 'virtual:report.css' ? '\0report.css' : undefined),
  load: (id) => (id === '\0report.css' ? STYLE : undefined),
};

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: '/studio/',
  plugins: [reportStyle],
  logLevel: 'warn',
  build: {
    outDir: fileURLToPath(new URL('../dist/studio', import.meta.url)),
    emptyOutDir: true,
    // What is inlined as data: would need a weaker Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: false,
  },
});
