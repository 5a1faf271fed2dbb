/** Owns every known way to hide a request inside another one: those that must be refused, and those that are content. */

/** Requests for `host`, each followed by or holding one for `/admin`. */
interface Smuggling {
  /** Refused, the whole of them. */
  readonly attacks: Readonly<Record<string, string>>;
  /** Accepted by the letter; the hidden request, `hidden`, has to stay content. */
  readonly contents: Readonly<Record<string, string>>;
  readonly hidden: string;
}

export function smugglingTo(host: string): Smuggling {
  const hidden = `GET /admin HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const length = hidden.length;

  /** A POST with these fields and this after its head. */
  function post(fields: string, after: string): string {
    return `POST / HTTP/1.1\r\nHost: ${host}\r\n${fields}\r\n\r\n${after}`;
  }

  function chunked(after: string): string {
    return post('Transfer-Encoding: chunked', after);
  }

  const attacks: Record<string, string> = {
    // The front counts, the back reads chunks, or the other way round
    'CL.TE': post('Content-Length: 40\r\nTransfer-Encoding: chunked', `0\r\n\r\n${hidden}`),
    'TE.CL': post('Transfer-Encoding: chunked\r\nContent-Length: 4', `5c\r\n${hidden}`),
    'CL.0': post(`Content-Length: 0\r\nContent-Length: ${length}`, hidden),
    'CL.CL': post(`Content-Length: ${length}\r\nContent-Length: 0`, hidden),
    'CL.CL equal': post(`Content-Length: ${length}\r\nContent-Length: ${length}`, hidden),
    'CL list': post(`Content-Length: ${length}, 0`, hidden),
    'CL with plus': post(`Content-Length: +${length}`, hidden),
    'CL with minus': post('Content-Length: -0', hidden),
    'CL hexadecimal': post(`Content-Length: 0x${length.toString(16)}`, hidden),
    'CL with underscore': post(`Content-Length: ${length}_0`, hidden),
    'CL overflow to 0': post('Content-Length: 18446744073709551616', hidden),
    'CL in other digits': post('Content-Length: \xb3\xb5', hidden),
    'CL folded': post(`Content-Length: 0\r\n ${length}`, hidden),
    'CL with a space before the colon': post(
      `Content-Length : ${length}\r\nContent-Length: 0`,
      hidden,
    ),

    // TE.TE: one of two doesn't see the coding
    'TE.TE twice': post(
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: cow',
      `0\r\n\r\n${hidden}`,
    ),
    'TE.TE identity': post('Transfer-Encoding: chunked, identity', `0\r\n\r\n${hidden}`),
    'TE.TE xchunked': post('Transfer-Encoding: xchunked\r\nContent-Length: 4', `5c\r\n${hidden}`),
    'TE.TE space before the colon': post(
      'Transfer-Encoding : chunked\r\nContent-Length: 4',
      hidden,
    ),
    'TE.TE vertical tab': post('Transfer-Encoding: \x0bchunked\r\nContent-Length: 4', hidden),
    'TE.TE form feed': post('Transfer-Encoding: chunked\x0c\r\nContent-Length: 4', hidden),
    'TE.TE NUL': post('Transfer-Encoding: chunked\0\r\nContent-Length: 4', hidden),
    'TE.TE no-break space': post('Transfer-Encoding: \xa0chunked\r\nContent-Length: 4', hidden),
    'TE.TE folded': post('Transfer-Encoding:\r\n chunked\r\nContent-Length: 4', hidden),
    'TE.TE folded before': post('X: x\r\n Transfer-Encoding: chunked\r\nContent-Length: 4', hidden),
    'TE.TE bare LF before': post('X: x\nTransfer-Encoding: chunked\r\nContent-Length: 4', hidden),
    'TE.TE bare CR before': post('X: x\rTransfer-Encoding: chunked\r\nContent-Length: 4', hidden),
    'TE.TE in quotes': post('Transfer-Encoding: "chunked"\r\nContent-Length: 4', hidden),
    'TE.TE with a parameter': post('Transfer-Encoding: chunked;x\r\nContent-Length: 4', hidden),
    'TE.TE other case': post('tRANSFER-eNCODING: cHUNKED\r\nContent-Length: 4', hidden),
    'TE.TE empty': post('Transfer-Encoding:\r\nContent-Length: 4', hidden),
    'TE in HTTP/1.0': `POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`,

    // TERM.EXT, EXT.TERM, TERM.SPILL, SPILL.TERM, ONE.TWO, TWO.ONE: what ends a chunk's line or data
    'TERM.EXT, LF in an extension': chunked(`2;\nxx\r\n4c\r\n0\r\n\r\n${hidden}`),
    'EXT.TERM, CR in an extension': chunked(`2;\rxx\r\n4c\r\n0\r\n\r\n${hidden}`),
    'LF after a chunk size': chunked(`0\n\n${hidden}`),
    'LF after the last chunk': chunked(`0\r\n\n${hidden}`),
    'CR after a chunk size': chunked(`0\r\r${hidden}`),
    'TERM.SPILL, chunk data without CRLF': chunked(`5\r\nAAAAA4c\r\n0\r\n\r\n${hidden}`),
    'ONE.TWO, chunk data with one octet instead of CRLF': chunked(`5\r\nAAAAAX0\r\n\r\n${hidden}`),
    'chunk data with two octets instead of CRLF': chunked(`5\r\nAAAAAXX0\r\n\r\n${hidden}`),
    'chunk data with LF': chunked(`5\r\nAAAAA\n0\r\n\r\n${hidden}`),

    // Chunk sizes that read differently
    'chunk size overflow to 0': chunked(`100000000\r\n\r\n${hidden}`.replace('1', '10000000000')),
    'chunk size 0x0': chunked(`0x0\r\n\r\n${hidden}`),
    'chunk size +0': chunked(`+0\r\n\r\n${hidden}`),
    'chunk size -1': chunked(`-1\r\n\r\n${hidden}`),
    'chunk size with a space before': chunked(` 0\r\n\r\n${hidden}`),
    'chunk size with a space after': chunked(`0 \r\n\r\n${hidden}`),
    'chunk size with junk after': chunked(`0zz\r\n\r\n${hidden}`),
    'chunk size with NUL after': chunked(`0\0\r\n\r\n${hidden}`),
    'chunk size with a comma': chunked(`0,5\r\n\r\n${hidden}`),
    'chunk size empty': chunked(`\r\n\r\n${hidden}`),

    // Trailers
    'a length in trailers': chunked(`0\r\nContent-Length: ${length}\r\n\r\n${hidden}`),
    'a coding in trailers': chunked(`0\r\nTransfer-Encoding: chunked\r\n\r\n${hidden}`),
    'a host in trailers': chunked(`0\r\nHost: b\r\n\r\n${hidden}`),
    'a request in trailers': chunked(`0\r\n${hidden}`),

    // The request line and the host
    'CRLF in the target': `GET /\r\nX: y HTTP/1.1\r\nHost: ${host}\r\n\r\n${hidden}`,
    'HTTP/0.9 in front': `GET /x\r\n${hidden}`,
    'a second target': `GET / /admin HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    'two versions': `GET / HTTP/1.1 HTTP/1.1\r\nHost: ${host}\r\n\r\n${hidden}`,
    'two hosts': `GET / HTTP/1.1\r\nHost: ${host}\r\nHost: b\r\n\r\n${hidden}`,
    'two hosts in one': `GET / HTTP/1.1\r\nHost: ${host}, b\r\n\r\n${hidden}`,
    'a host with a space before the colon': `GET / HTTP/1.1\r\nHost : b\r\nHost: ${host}\r\n\r\n${hidden}`,
    'a host folded': `GET / HTTP/1.1\r\n Host: b\r\nHost: ${host}\r\n\r\n${hidden}`,
    'a host with another after @': `GET / HTTP/1.1\r\nHost: ${host}@b\r\n\r\n${hidden}`,
    'CONNECT with content': `CONNECT ${host}:1 HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${length}\r\n\r\n${hidden}`,
  };

  const contents: Record<string, string> = {
    'CL with zeros in front, which are no octal': post(`Content-Length: 00${length}`, hidden),
    'content by length': post(`Content-Length: ${length}`, hidden),
    'GET with content': `GET / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${length}\r\n\r\n${hidden}`,
    'HEAD with content': `HEAD / HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${length}\r\n\r\n${hidden}`,
    'a chunk': chunked(`${length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`),
    'upper case': post(
      'TRANSFER-ENCODING: CHUNKED',
      `${length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
    ),
    'a field that looks like framing': post(
      `Content_Length: 0\r\nContent-Length: ${length}`,
      hidden,
    ),
  };

  return { attacks, contents, hidden };
}
