/**
 * Ends the process with a sentence where `npm ci` was not run yet, or Node is too old for this
 * program. Else it lets the program keep what Node translates: the second start takes half as long.
 * Every script of package.json loads it first (`node -r`), so it is written for any Node, however
 * old.
 */
'use strict';

/** The first version with all of what we use of node:sqlite; it also runs TypeScript as it is. */
var LEAST = [24, 12];
var home = __dirname.replace(/[\\/]src$/, '');
var version = process.versions.node.split('.').map(Number);
// biome-ignore lint/style/useNodejsImportProtocol: a Node older than 14 knows no `node:`.
var isThere = require('fs').existsSync;
if (!isThere([home, 'node_modules'].join('/'))) {
  console.error(
    'The packages of this program are not there yet: run `npm ci` in ' +
      home +
      ' first (half a minute), then try again.',
  );
  process.exit(1);
} else if (version[0] < LEAST[0] || (version[0] === LEAST[0] && version[1] < LEAST[1])) {
  console.error(
    'Node ' +
      LEAST.join('.') +
      ' or newer is needed, and this is ' +
      process.versions.node +
      ' (' +
      process.execPath +
      '). Run `npm ci` without --omit=optional, which brings it for most machines; where that does' +
      ' not help, install Node 24 and try again.',
  );
  process.exit(1);
} else {
  // Before the program's own first file, which would otherwise be translated anew at every start.
  require('node:module').enableCompileCache();
}
