/** Specifies what a worker does that has nothing to do, look by look. */
import test from 'ava';
import { Rest } from '../../../../gateway/data/worker/rest.ts';

/** A worker's rest of which a second is a look; `cpuMs`: what the whole process used in each. */
function scene({ givesBack = true } = {}) {
  const done: string[] = [];
  let at = 0;
  let cpuMs = 0;
  const rest = new Rest({
    collect: () => void done.push(`collects at ${at / 1000}`),
    giveBack: givesBack ? () => void done.push(`gives back at ${at / 1000}`) : undefined,
    processCpu: () => ({ cpuMs, at }),
  });
  const look = (looks: number, used = 0) => {
    for (let i = 0; i < looks; i++) {
      at += 1000;
      cpuMs += used;
      rest.look();
    }
  };
  return { rest, done, look };
}

test('it collects once, and once the others have done so too it gives memory back', (t) => {
  const { done, look } = scene();
  look(9);
  t.deepEqual(done, []);
  look(100);
  t.deepEqual(done, ['collects at 10', 'gives back at 21']);
});

test('memory is given back by one worker only', (t) => {
  const { done, look } = scene({ givesBack: false });
  look(100);
  t.deepEqual(done, ['collects at 10']);
});

test('as long as others in the process have something to do they are not kept from it', (t) => {
  const { done, look } = scene();
  look(30, 60);
  t.deepEqual(done, ['collects at 10']);
  look(10, 40);
  t.deepEqual(done, ['collects at 10', 'gives back at 31']);
});

test('after each time that it had something to do it begins anew', (t) => {
  const { rest, done, look } = scene();
  look(9);
  rest.end();
  look(30);
  rest.end();
  look(30);
  t.deepEqual(done, ['collects at 19', 'gives back at 30', 'collects at 49', 'gives back at 60']);
});
