import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';

/**
 * Reads a page of the wiki: the Markdown file with this name, such as 'guide/start',
 * below the folder `root` (the name comes without the ending '.md').
 * Answers its text, or null when there is no such page.
 */
export async function readPage(root, name) {
