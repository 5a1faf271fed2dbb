/** Owns patterns made ready: what of a request each field of a rule looks at, and how. */
import { BlockList, isIP } from 'node:net';
import { readCidr } from '../../../../core/cidr.ts';
import type { ConditionKey } from '../../../../policy/authorization/condition-key.ts';
import { claimTexts } from '../../message/verified-token.ts';
import type { Facts } from './facts.ts';
import { templateExpression } from './paths.ts';

export type Test = (facts: Facts) => boolean;

/**
 * Makes a list of patterns a test. `wide`: that a request fits leads to its being refused; what may be read in several ways fits then
 * in any of them, and else in none but the plainest.
 */
export interface Field {
  /** Whether what it looks at is HTTP's: a connection has none of it. */
  readonly isHttp: boolean;
  test(patterns: readonly string[], wide: boolean): Test;
}

/** Whether a text fits one of the patterns: a whole text, `text*`, `*text`, or `*` for any but none. */
function textMatcher(patterns: readonly string[]): (text: string) => boolean {
  const whole = new Set<string>();
  const starts: string[] = [];
  const ends: string[] = [];
  let isAny = false;
  for (const pattern of patterns) {
    if (pattern === '*') isAny = true;
    else if (pattern.endsWith('*')) starts.push(pattern.slice(0, -1));
    else if (pattern.startsWith('*')) ends.push(pattern.slice(1));
    else whole.add(pattern);
  }
  return (text) =>
    (isAny && text !== '') ||
    whole.has(text) ||
    starts.some((start) => text.startsWith(start)) ||
    ends.some((end) => text.endsWith(end));
}

function oneText(of: (facts: Facts) => string | undefined, isHttp: boolean): Field {
  return {
    isHttp,
    test(patterns) {
      const fits = textMatcher(patterns);
      return (facts) => {
        const text = of(facts);
        return text !== undefined && fits(text);
      };
    },
  };
}

function anyText(of: (facts: Facts) => readonly string[], isHttp: boolean): Field {
  return {
    isHttp,
    test(patterns) {
      const fits = textMatcher(patterns);
      return (facts) => of(facts).some(fits);
    },
  };
}

function addresses(of: (facts: Facts) => string): Field {
  return {
    isHttp: false,
    test(patterns) {
      const list = new BlockList();
      for (const pattern of patterns) {
        const block = readCidr(pattern);
        if (block !== undefined) list.addSubnet(block.address, block.bits, block.family);
      }
      return (facts) => {
        const address = of(facts);
        const version = isIP(address);
        return version !== 0 && list.check(address, version === 4 ? 'ipv4' : 'ipv6');
      };
    },
  };
}

const principals: Field = {
  isHttp: false,
  test(patterns) {
    const fits = textMatcher(patterns.map((one) => one.replace(/^spiffe:\/\//, '')));
    return (facts) => facts.principals.some(fits);
  },
};

const trustDomains = anyText((facts) => facts.trustDomains, false);
const namespaces = anyText((facts) => facts.namespaces, false);
const clusters = oneText((facts) => facts.cluster, false);
const requestPrincipals = oneText((facts) => facts.token?.principal, true);
const ip = addresses((facts) => facts.ip);
const remoteIp = addresses((facts) => facts.remoteIp);

/** A connection may be to no port by name: it fits any where that leads to a refusal. */
const ports: Field = {
  isHttp: false,
  test(patterns, wide) {
    const known = new Set(patterns);
    return ({ port }) => (port === undefined ? wide : known.has(port));
  },
};

/** Names of hosts are the same in any case. */
const hosts: Field = {
  isHttp: true,
  test(patterns) {
    const lower = patterns.map((one) => one.toLowerCase());
    const isWithPort = (pattern: string) => /:\d+$/.test(pattern);
    const fits = textMatcher(lower.filter((one) => !isWithPort(one)));
    const fitsWithPort = textMatcher(lower.filter(isWithPort));
    return (facts) => fits(facts.host) || fitsWithPort(facts.hostWithPort);
  },
};

const paths: Field = {
  isHttp: true,
  test(patterns, wide) {
    const plain = textMatcher(patterns.filter((one) => !one.includes('{')));
    const templates = patterns.filter((one) => one.includes('{')).map(templateExpression);
    const fits = (path: string) => plain(path) || templates.some((one) => one.test(path));
    if (!wide) return (facts) => fits(facts.path);
    return (facts) => fits(facts.path) || (facts.folded !== facts.path && fits(facts.folded));
  },
};

/** Several fields of a name are one, with commas between (RFC 9110 section 5.3); services may also read one of them alone. */
function header(name: string): Field {
  return {
    isHttp: true,
    test(patterns, wide) {
      const fits = textMatcher(patterns);
      return ({ exchange }) => {
        const values = exchange.head.fields.all(name);
        if (values.length <= 1) return values.length === 1 && fits(values[0] as string);
        return fits(values.join(',')) || (wide && values.some(fits));
      };
    },
  };
}

function claim(path: readonly string[]): Field {
  return anyText(({ token }) => (token === undefined ? [] : claimTexts(token, path)), true);
}

/** The fields of a source and of an operation, by the names in which they are written; those with `not` have the same. */
export const fields = {
  principals,
  requestPrincipals,
  trustDomains,
  namespaces,
  clusters,
  ipBlocks: ip,
  remoteIpBlocks: remoteIp,
  hosts,
  ports,
  portNames: oneText(({ portName }) => portName, false),
  methods: oneText(({ exchange }) => exchange.head.method, true),
  paths,
} as const satisfies Record<string, Field>;

export function fieldOf(key: ConditionKey): Field {
  switch (key.of) {
    case 'header':
      return header(key.name);
    case 'claim':
      return claim(key.path);
    case 'ip':
      return ip;
    case 'remoteIp':
      return remoteIp;
    case 'principal':
      return principals;
    case 'namespace':
      return namespaces;
    case 'cluster':
      return clusters;
    case 'requestPrincipal':
      return requestPrincipals;
    case 'audience':
      return claim(['aud']);
    case 'presenter':
      return claim(['azp']);
    case 'port':
      return ports;
  }
}
