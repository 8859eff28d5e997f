import { exec, execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(exec);
const runFile = promisify(execFile);

/**
 * Asks the program `wc -l` how many lines the file has; its output starts with the number.
 * Rejects when the program fails.
 */
export async function countLines(file) {
