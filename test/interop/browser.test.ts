/** Specifies that a page in a real browser works through the gateways: its parts, fetch, EventSource and WebSocket. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import anyTest, { type TestFn } from 'ava';
import { WebSocketServer } from 'ws';
import { browse, type WayToGateway } from '../support/chromium.ts';
import { EventStream } from '../support/event-stream.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { sharedScope } from '../support/shared.ts';
import { hostOf, type TwoClusters, twoClusters } from '../support/two-clusters.ts';
import { until } from '../support/until.ts';

const test = anyTest as TestFn;
const shared = sharedScope(test);
const host = hostOf('pages');
let clusters: TwoClusters;
/** What pages reported, by their names. */
const reports = new Map<string, unknown>();

/** Tries everything that `?tries=` names, and reports under `?name=`. */
const page = '<!doctype html><title>A page</title><script src="/script.js"></script>';
const script = `
const asked = new URL(location).searchParams;
const report = { title: document.title, upload: 0, events: [], messages: [] };
const tries = {
  async upload() {
    const body = new Uint8Array(3_000_000);
    const answer = await fetch('/length', { method: 'POST', body });
    report.upload = Number(await answer.text());
  },
  events: () => new Promise((resolve, reject) => {
    const source = new EventSource('/events');
    source.onerror = () => reject(new Error('no events'));
    source.onmessage = ({ data }) => {
      report.events.push(data);
      if (report.events.length < 3) return;
      source.close();
      resolve();
    };
  }),
  messages: () => new Promise((resolve, reject) => {
    const socket = new WebSocket('ws://' + location.host + '/socket');
    socket.onerror = () => reject(new Error('no socket'));
    socket.onopen = () => socket.send('one');
    socket.onmessage = ({ data }) => {
      report.messages.push(data);
      if (data === 'one') socket.send('two');
      else socket.close(1000);
    };
    socket.onclose = resolve;
  }),
};
const ways = asked.get('tries').split(',').map((name) => tries[name]());
Promise.all(ways).catch((error) => { report.error = error.message; }).then(() =>
  fetch('/report/' + asked.get('name'), { method: 'POST', body: JSON.stringify(report) }));
`;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = new URL(request.url ?? '/', `http://${host}`).pathname;
  if (path === '/page') response.setHeader('content-type', 'text/html').end(page);
  else if (path === '/script.js') response.setHeader('content-type', 'text/javascript').end(script);
  else if (path === '/length') {
    let bytes = 0;
    for await (const piece of request) bytes += piece.length;
    response.end(`${bytes}`);
  } else if (path === '/events') {
    const stream = new EventStream(request, response);
    for (let n = 0; n < 3; n++) stream.send();
  } else if (path.startsWith('/report/')) {
    reports.set(path.slice('/report/'.length), await json(request));
    response.end();
  } else response.writeHead(404).end();
}

function echoWebSockets({ server }: Origin): void {
  const webSockets = new WebSocketServer({ server });
  webSockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`${data}`)));
}

test.before('a service in dc2 has a page', async () => {
  const origin = await startOrigin(shared, (request, response) => void answer(request, response));
  echoWebSockets(origin);
  clusters = await twoClusters(shared, [{ name: 'pages', addresses: [origin.address] }]);
});

/** What a browser's page reports, found by `way`. */
async function reportOf(
  t: Parameters<typeof browse>[0],
  kind: WayToGateway['kind'],
  tries: string,
): Promise<unknown> {
  const address = clusters.dc1.gateway.listener('outbound');
  const url = `http://${host}/page?name=${kind}&tries=${tries}`;
  const browser = await browse(t, url, { kind, address });
  try {
    return await until('the page to report', () => reports.get(kind), 30_000);
  } catch (cause) {
    throw new Error(browser.said(), { cause });
  }
}

test('by name: a page, an upload, an EventSource and a WebSocket', async (t) => {
  t.deepEqual(await reportOf(t, 'names', 'upload,events,messages'), {
    title: 'A page',
    upload: 3_000_000,
    events: ['1', '2', '3'],
    messages: ['one', 'two'],
  });
});

test('with the gateway as HTTP proxy: a page, an upload and an EventSource', async (t) => {
  t.deepEqual(await reportOf(t, 'proxy', 'upload,events'), {
    title: 'A page',
    upload: 3_000_000,
    events: ['1', '2', '3'],
    messages: [],
  });
});
