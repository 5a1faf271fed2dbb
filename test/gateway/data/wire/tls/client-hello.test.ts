/** Specifies what is read of a ClientHello, and which ones are refused. */
import { connect } from 'node:tls';
import test from 'ava';
import {
  ClientHelloReader,
  type HelloStep,
} from '../../../../../gateway/data/wire/tls/client-hello-reader.ts';
import {
  caught,
  extension,
  handshake,
  helloBody,
  program,
  protocols,
  records,
  serverNames,
  uint16,
  vector,
} from './hellos.ts';

function read(octets: Buffer): HelloStep {
  return new ClientHelloReader().read(octets);
}

function readExtensions(...extensions: readonly Buffer[]): HelloStep {
  return read(records(handshake(helloBody({ extensions }))));
}

/** What `read` says of a hello that says where it wants to go. */
function hello(serverName: string | undefined, names: readonly string[] = []): HelloStep {
  return { kind: 'whole', whole: { serverName, protocols: names } };
}

test("node's own TLS client: name and protocols", async (t) => {
  const octets = await caught((port) => {
    const ALPNProtocols = ['h2', 'http/1.1'];
    const socket = connect({
      host: '127.0.0.1',
      port,
      servername: 'www.example.com',
      ALPNProtocols,
    });
    socket.on('error', () => undefined);
    return () => socket.destroy();
  });
  t.deepEqual(read(octets), hello('www.example.com', ['h2', 'http/1.1']));
});

test('openssl s_client, TLS 1.2 and 1.3', async (t) => {
  for (const version of ['-tls1_2', '-tls1_3']) {
    const octets = await caught((port) => {
      const to = ['-connect', `127.0.0.1:${port}`, '-servername', 'Db.Example.com'];
      return program('openssl', 's_client', version, ...to, '-alpn', 'postgresql');
    });
    t.deepEqual(read(octets), hello('db.example.com', ['postgresql']), version);
  }
});

test('openssl s_client that names no server and offers no protocol', async (t) => {
  const octets = await caught((port) =>
    program('openssl', 's_client', '-connect', `127.0.0.1:${port}`, '-noservername'),
  );
  t.deepEqual(read(octets), hello(undefined));
});

test('curl', async (t) => {
  const octets = await caught((port) => {
    const to = ['--resolve', `www.example.com:${port}:127.0.0.1`];
    return program('curl', '-sk', '--http2', ...to, `https://www.example.com:${port}/`);
  });
  t.deepEqual(read(octets), hello('www.example.com', ['h2', 'http/1.1']));
});

test('a hello without extensions, as TLS 1.2 has them, names nobody', (t) => {
  t.deepEqual(read(records(handshake(helloBody()))), hello(undefined));
});

test('names of an unknown type, and unknown extensions, are passed over', (t) => {
  const names = serverNames([7, 'whatever'], [0, 'a.example'], [8, '']);
  t.deepEqual(readExtensions(extension(0x0a0a, Buffer.alloc(3)), names), hello('a.example'));
});

test('names are compared in lower case; labels may have underscores and hyphens', (t) => {
  t.deepEqual(readExtensions(serverNames([0, 'My_Db-1.EXAMPLE'])), hello('my_db-1.example'));
});

test('what comes behind the hello is kept, and none of its business', (t) => {
  const whole = records(handshake(helloBody({ extensions: [serverNames([0, 'a.example'])] })));
  const reader = new ClientHelloReader();
  const octets = Buffer.concat([whole, Buffer.alloc(70_000, 0x17)]);
  t.deepEqual(reader.read(octets), hello('a.example'));
  t.true(reader.octets.equals(octets));
  t.deepEqual(reader.read(Buffer.from('more')), hello('a.example'));
  t.is(reader.octets.length, octets.length);
});

test('a hello over many records is put together', (t) => {
  const message = handshake(helloBody({ extensions: [serverNames([0, 'a.example'])] }));
  t.deepEqual(read(records(message, 1)), hello('a.example'));
});

test('a hello of just the largest size is read, one of an octet more is refused', (t) => {
  const sized = (size: number) => {
    const fixed = records(handshake(helloBody({ extensions: [extension(21, Buffer.alloc(0))] })));
    const padding = extension(21, Buffer.alloc(size - fixed.length));
    return records(handshake(helloBody({ extensions: [padding] })));
  };
  t.is(sized(16_384).length, 16_384);
  t.deepEqual(read(sized(16_384)), hello(undefined));
  t.deepEqual(read(sized(16_385)), {
    kind: 'refused',
    what: 'The ClientHello is longer than 16384 octets',
  });
});

const malformed: Record<string, readonly [octets: Buffer, what: RegExp]> = {
  'HTTP without TLS': [Buffer.from('GET / HTTP/1.1\r\n\r\n'), /not TLS/],
  'SSL 2': [Buffer.from([0x80, 0x2e, 1, 3, 1]), /not TLS/],
  'a record of another version': [Buffer.from([22, 2, 0]), /not TLS/],
  'an alert': [Buffer.from([21, 3, 3, 0, 2, 2, 40]), /not TLS/],
  'an empty record': [Buffer.from([22, 3, 1, 0, 0]), /empty/],
  'a record that is too long': [Buffer.from([22, 3, 1, 0x40, 1]), /too long/],
  'a second record that is none': [
    Buffer.concat([records(handshake(helloBody()).subarray(0, 10)), Buffer.from([23])]),
    /not TLS/,
  ],
  'another message than a ClientHello': [records(handshake(helloBody(), 2)), /no ClientHello/],
  'a message that announces too much': [
    records(Buffer.from([1, 0xff, 0xff, 0xff])),
    /longer than 16384/,
  ],
  'a hello that ends early': [records(handshake(helloBody().subarray(0, 40))), /malformed/],
  'an empty hello': [records(handshake(Buffer.alloc(0))), /malformed/],
  'a session id of 33 octets': [
    records(handshake(helloBody({ sessionId: Buffer.alloc(33) }))),
    /malformed/,
  ],
  'no cipher suites': [records(handshake(helloBody({ suites: Buffer.alloc(0) }))), /malformed/],
  'half a cipher suite': [records(handshake(helloBody({ suites: Buffer.alloc(3) }))), /malformed/],
  'no compression method': [
    records(handshake(helloBody({ compressions: Buffer.alloc(0) }))),
    /malformed/,
  ],
  'octets behind the extensions': [
    records(handshake(helloBody({ extensions: [], trailing: Buffer.alloc(1) }))),
    /malformed/,
  ],
};

for (const [situation, [octets, what]] of Object.entries(malformed)) {
  test(`${situation}: refused`, (t) => {
    const step = read(octets);
    t.is(step.kind, 'refused');
    if (step.kind === 'refused') t.regex(step.what, what);
  });
}

const badExtensions: Record<string, readonly [extensions: readonly Buffer[], what: RegExp]> = {
  'an extension twice': [[extension(5, Buffer.alloc(0)), extension(5, Buffer.alloc(1))], /5 twice/],
  'an extension that is longer than there is': [
    [Buffer.concat([uint16(5), uint16(9), Buffer.alloc(8)])],
    /extensions/,
  ],
  'two names of a host': [[serverNames([0, 'a.example'], [0, 'b.example'])], /two servers/],
  'an empty list of names': [[serverNames()], /server name is malformed/],
  'a name that is longer than its list': [
    [extension(0, vector(2, Buffer.from([0, 0, 9, 0x61])))],
    /server name is malformed/,
  ],
  'a list of names with octets behind it': [
    [extension(0, Buffer.concat([vector(2, Buffer.from([0, 0, 1, 0x61])), Buffer.alloc(1)]))],
    /server name is malformed/,
  ],
  'an empty name': [[serverNames([0, ''])], /no name of a host/],
  'a name with a NUL in it': [[serverNames([0, 'a.example\0.evil'])], /no name of a host/],
  'a name with two dots in a row': [[serverNames([0, 'a..example'])], /no name of a host/],
  'a name of 254 characters': [[serverNames([0, `${'a.'.repeat(126)}aa`])], /no name of a host/],
  'a name with a label of 64 characters': [[serverNames([0, 'a'.repeat(64)])], /no name of a host/],
  'a name in octets beyond ASCII': [[serverNames([0, 'b\u00fccher.example'])], /no name of a host/],
  'an empty list of protocols': [[protocols()], /protocols/],
  'an empty protocol': [[protocols('h2', '')], /protocols/],
  'a protocol that is longer than its list': [
    [extension(16, vector(2, Buffer.from([9, 0x68])))],
    /protocols/,
  ],
};

for (const [situation, [extensions, what]] of Object.entries(badExtensions)) {
  test(`${situation}: refused`, (t) => {
    const step = readExtensions(...extensions);
    t.is(step.kind, 'refused');
    if (step.kind === 'refused') t.regex(step.what, what);
  });
}
