import { execSync, spawnSync } from 'node:child_process';
import path from 'node:path';

/**
 * Packs the album `name`, a folder within `albums`, with the program tar into the file
 * NAME.tar in the same place (tar -cf NAME.tar NAME). Answers the path of that file.
 * Throws when tar fails.
 */
export function packAlbum(albums, name) {
