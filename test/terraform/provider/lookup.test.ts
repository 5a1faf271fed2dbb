/** Specifies a data source by one GET: what is given goes into the path and the query, and what is answered is told. */
import test from 'ava';
import { z } from 'zod';
import { IsthmusError } from '../../../core/errors.ts';
import type { Gateway } from '../../../terraform/provider/connection/gateway.ts';
import { Lookup } from '../../../terraform/provider/data-sources/lookup.ts';
import type { Refusal } from '../../../terraform/provider/diagnostics.ts';
import { unknown } from '../../../terraform/provider/values/value.ts';

const lookup = new Lookup({
  name: 'letters',
  summary: 'Letters',
  path: '/v1/boxes/{box}/letters',
  params: z.strictObject({ box: z.string().max(9).describe('A box') }),
  query: z.strictObject({
    from: z.array(z.string()).optional().describe('Senders'),
    since: z.string().optional().describe('A day'),
  }),
  answer: z.strictObject({ box: z.string(), sentAt: z.int(), words: z.array(z.string()) }),
  list: 'letters',
  blamed: { SERVICE_NOT_FOUND: 'box' },
});

/** Notes what it is asked, and answers with these items. */
function gatewayOf(items: readonly object[]) {
  const asked: unknown[][] = [];
  const gateway = {
    async get(...given: unknown[]) {
      asked.push(given);
      return { value: { items } };
    },
  };
  return { asked, gateway: gateway as unknown as Gateway };
}

test('a list is asked for as it is given, and told under its name', async (t) => {
  const { asked, gateway } = gatewayOf([{ box: 'a/b', sentAt: 7, words: ['so'], more: true }]);
  const config = { box: 'a/b', from: ['ann', 'bob'], since: null, letters: null };
  t.deepEqual(await lookup.read(config, gateway), {
    ...config,
    letters: [{ box: 'a/b', sent_at: 7, words: ['so'] }],
  });
  t.deepEqual(asked, [['/v1/boxes/a%2Fb/letters', { from: 'ann,bob' }]]);
});

test('what the gateway refuses is told at the attribute that is to blame for it', async (t) => {
  const refusing = (code: 'SERVICE_NOT_FOUND' | 'FORBIDDEN') => ({
    get: () => Promise.reject(new IsthmusError(code, { what: 'No' })),
  });
  for (const [code, at] of [
    ['SERVICE_NOT_FOUND', [{ attribute: 'box' }]],
    ['FORBIDDEN', undefined],
  ] as const) {
    const read = lookup.read({ box: 'a' }, refusing(code) as unknown as Gateway);
    const { diagnostics } = (await t.throwsAsync(read)) as Refusal;
    t.deepEqual(diagnostics[0]?.at, at);
  }
});

test('what is wrong in the configuration is told at its attribute, what is unknown is not', (t) => {
  const [fault, ...more] = lookup.validate({ box: 'much too long', from: unknown, since: null });
  t.deepEqual(fault?.at, [{ attribute: 'box' }]);
  t.deepEqual(more, []);
});
