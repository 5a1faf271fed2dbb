/** Specifies misuse: what was wrong, the nearest right word, exit code 64, and nothing on standard output. */
import test from 'ava';
import { isthmus } from './in-process.ts';

const misuses: readonly (readonly [line: string, says: RegExp])[] = [
  ['statsu', /Unknown command 'statsu'\n {2}fix: Did you mean status\?/],
  [
    'get clustrs',
    /Unknown command 'clustrs'\n {2}fix: Did you mean clusters\? Run `isthmus get --help`/,
  ],
  ['help statsu', /Unknown command 'statsu'\n {2}fix: Did you mean status\?/],
  ['token crate', /Did you mean create\?/],
  ['status --outptu json', /Unknown option '--outptu'\n {2}fix: Did you mean --output\?/],
  ['explain api.prod --form dc2', /Did you mean --from\? Run `isthmus explain --help`/],
  ['status -o jsn', /--output can't be "jsn"\n {2}fix: Did you mean json\? Use one of table, wide/],
  ['completion bsh', /Did you mean bash\?/],
  ['get', /'isthmus get' needs one of clusters, gateways, services, endpoints, exports/],
  ['explain', /Missing required argument 'service'/],
  ['deregister api.prod', /Missing required argument 'id'/],
  ['gateway', /Required option '-c, --config <file>' not specified/],
  ['version 1 2', /Too many arguments for 'version'/],
  ['status --admin http://a:1 --context b', /cannot be used with/],
  ['status --admin https://a:1/x', /is not the address of an admin API \(--admin\)/],
  ['register api.prod --id a --address nowhere', /--address: "nowhere" is not host:port/],
  ['register api.prod --id a --address a:1 --weight 1001', /--weight: can't be "1001"/],
  ['register api.prod --id a --address a:1 --label x', /--label: can't be "x"/],
  ['register api.prod --id a --address a:1 --ttl soon', /--ttl: "soon" is not a duration/],
  [
    'register api.prod --id a --address a:1 --deregister-after 1m',
    /--deregister-after: needs --ttl/,
  ],
  ['register api.prod --id a --address a:1 --check-tcp --check-http /', /can't be combined/],
  ['register api.prod --id a --address a:1 --check-interval 1s', /need a check/],
  [
    'register api.prod --id a --address a:1 --check-tcp --check-http2',
    /need a check\n.*--check-http/,
  ],
  [
    'register api.prod --id a --address a:1 --check-tcp --check-fall x',
    /--check-fall: can't be "x"/,
  ],
  ['register api.prod --address a:1', /--id is missing/],
  ['register api.prod -f endpoints.yaml', /--file says it all/],
  ['join', /asks before it changes anything, and there is no terminal/],
  ['join --yes', /No join token was given/],
  ['join --yes --token-file a b', /given twice/],
  ['leave', /there is no terminal to ask on\n {2}fix: Add --yes/],
];

for (const [line, says] of misuses) {
  test.serial(`isthmus ${line}`, async (t) => {
    const { code, stderr, stdout } = await isthmus(line.split(' '));
    t.regex(stderr, says);
    t.regex(stderr, /^error USAGE: /);
    t.is(code, 64);
    t.is(stdout, '');
  });
}

test('with -o json misuse is a problem object on standard error', async (t) => {
  const { code, stderr, stdout } = await isthmus(['-o', 'json', 'statsu']);
  const problem = JSON.parse(stderr);
  t.is(problem.code, 'USAGE');
  t.is(problem.detail, "Unknown command 'statsu'");
  t.is(code, 64);
  t.is(stdout, '');
});

const helps = [
  '--help',
  ...'demo init gateway token join leave register deregister status get'.split(' '),
  ...'explain simulate check context completion version'.split(' '),
  ...['token create', 'get clusters', 'get services', 'get endpoints', 'get exports'],
  ...['drill schedule', 'drill schedule set', 'drill schedule get'],
  ...['context list', 'context set', 'context use', 'context remove'],
];

test('help starts with examples, of every verb', async (t) => {
  for (const verb of helps) {
    const args = verb === '--help' ? [verb] : [...verb.split(' '), '--help'];
    const { code, stdout } = await isthmus(args);
    t.regex(stdout, /^Examples:\n {2}# .+\n {2}\S/, verb);
    t.regex(stdout, /\nUsage: isthmus/, verb);
    t.is(code, 0, verb);
  }
});

test('without a verb the help is printed', async (t) => {
  const { code, stdout } = await isthmus([]);
  t.regex(stdout, /^Examples:/);
  t.is(code, 0);
});

test('the hidden verb stays hidden', async (t) => {
  t.notRegex((await isthmus(['--help'])).stdout, /__complete/);
});
