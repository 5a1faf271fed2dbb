/** Specifies which Node.js may run Isthmus, and with which flags it may not. */
import test from 'ava';
import { isSupportedNode, refusedFlags } from '../../bin/supported-node.js';

const versions: readonly (readonly [version: string, supported: boolean])[] = [
  ['v26.5.1', true],
  ['26.5.1', true],
  ['v26.10.0', true],
  ['v27.0.0', true],
  ['v30.1.2', true],
  ['v26.5.0', false],
  ['v26.4.9', false],
  ['v25.99.0', false],
  ['v24.18.1', false],
  ['v22.23.2', false],
  ['v14.21.3', false],
  ['v9.99.99', false],
  ['v26.6.0-nightly20260101abc', false],
  ['v26.10', false],
  ['', false],
];

for (const [version, supported] of versions) {
  test(`Node.js ${version || 'of no version'} is ${supported ? '' : 'not '}supported`, (t) => {
    t.is(isSupportedNode(version), supported);
  });
}

const flags: readonly (readonly [execArgv: string[], nodeOptions: string, refused: string[]])[] = [
  [[], '', []],
  [['--inspect'], '--max-old-space-size=512', []],
  [['--insecure-http-parser'], '', ['--insecure-http-parser']],
  [[], '--insecure-http-parser', ['--insecure-http-parser']],
  [[], '--insecure_http_parser', ['--insecure-http-parser']],
  [['--max-http-header-size=99999'], '', ['--max-http-header-size']],
  [[], '--inspect  "--max-http-header-size" 99999', ['--max-http-header-size']],
];

for (const [execArgv, nodeOptions, refused] of flags) {
  test(`${JSON.stringify(execArgv)} and NODE_OPTIONS=${JSON.stringify(nodeOptions)} have ${refused.length} refused flags`, (t) => {
    t.deepEqual(refusedFlags(execArgv, nodeOptions), refused);
  });
}

test('without NODE_OPTIONS nothing is refused', (t) => {
  t.deepEqual(refusedFlags([], undefined), []);
});
