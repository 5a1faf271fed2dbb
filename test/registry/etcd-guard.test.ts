/** Specifies how it is noticed that etcd asks nobody who they are, on a clock moved by hand. */
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { EtcdGuard } from '../../registry/etcd-guard.ts';
import { ManualClock } from '../support/manual-clock.ts';

test('every 5 s it is looked again, and a look that is not answered changes nothing', async (t) => {
  const clock = new ManualClock();
  const answers: (boolean | Error)[] = [true, false, new Error('no answer'), true];
  const guard = new EtcdGuard({
    clock,
    where: 'etcd.test:2379',
    asks: async () => {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer ?? t.fail('nobody is to ask any more');
    },
  });
  guard.look();
  guard.look();
  await turn();
  t.is(guard.problem, undefined);
  const codes: (string | undefined)[] = [];
  for (let n = 0; n < 3; n++) {
    clock.advance(5_000);
    await turn();
    codes.push(guard.problem?.code);
  }
  t.deepEqual(codes, ['REGISTRY_UNGUARDED', 'REGISTRY_UNGUARDED', undefined]);
  guard.close();
  clock.advance(5_000);
});
