/** Owns why a message is refused: a code for machines, a status for the client, a sentence for people. */

const table = {
  'bare-lf': [400, 'A line ends in LF without CR'],
  'bare-cr': [400, 'A CR is not followed by LF'],
  'line-folded': [400, 'A field line begins with white space'],
  'field-name-invalid': [400, 'A field name is empty or holds what is not a token'],
  'space-before-colon': [400, 'There is white space between a field name and its colon'],
  'colon-missing': [400, 'A field line has no colon'],
  'control-character': [400, 'There is a control character in the head'],
  'head-too-large': [431, 'The head or the trailers are too large'],
  'too-many-fields': [431, 'There are too many fields'],

  'start-line-invalid': [400, 'The first line is neither a request line nor a status line'],
  'start-line-too-long': [414, 'The request target is too long'],
  'method-invalid': [400, 'The method is not a token'],
  'target-invalid': [400, 'The request target is in no form of RFC 9112 section 3.2'],
  'target-form-mismatch': [400, 'The form of the request target does not go with the method'],
  'version-invalid': [400, 'The HTTP version is malformed'],
  'version-unsupported': [505, 'Only HTTP/1.0 and HTTP/1.1 are spoken here'],
  'status-invalid': [502, 'The status code is not three digits between 100 and 599'],

  'host-missing': [400, 'There is no Host field'],
  'host-repeated': [400, 'There is more than one Host field'],
  'host-invalid': [400, 'The Host field does not hold a host and perhaps a port'],
  'connection-invalid': [400, 'The Connection field is not a short list of tokens'],
  'expectation-unknown': [417, 'Only 100-continue can be expected'],

  'content-length-invalid': [400, 'The Content-Length is not a plain decimal number'],
  'content-length-repeated': [400, 'There is more than one Content-Length'],
  'content-length-too-large': [413, 'The Content-Length is beyond what can be counted'],
  'transfer-encoding-repeated': [400, 'There is more than one Transfer-Encoding field'],
  'transfer-encoding-invalid': [400, 'The Transfer-Encoding does not end in chunked once'],
  'transfer-encoding-unsupported': [501, 'The only transfer coding spoken here is chunked'],
  'transfer-encoding-in-1.0': [400, 'HTTP/1.0 has no Transfer-Encoding'],
  'length-and-transfer-encoding': [400, 'There are both Content-Length and Transfer-Encoding'],
  'content-not-allowed': [400, 'There is content where there can be none'],

  'chunk-size-invalid': [400, 'A chunk size is not a hexadecimal number'],
  'chunk-size-too-large': [413, 'A chunk size is beyond what can be counted'],
  'chunk-extension-invalid': [400, 'A chunk extension is malformed'],
  'chunk-extension-too-large': [400, 'There is more in chunk extensions than is read'],
  'chunk-end-invalid': [400, 'The data of a chunk is not followed by CRLF'],
  'trailer-forbidden': [400, 'A field that frames or routes the message comes after its content'],

  'response-unexpected': [502, 'There is a response to no request'],
  'too-many-interims': [502, 'There are too many interim responses'],
  'upgrade-unexpected': [502, 'The protocol was switched without having been asked'],
  'message-incomplete': [400, 'The connection was closed within a message'],
} as const satisfies Record<string, readonly [number, string]>;

export type RefusalCode = keyof typeof table;

export interface Refusal {
  readonly kind: 'refused';
  readonly code: RefusalCode;
  /** The status that answers a request so refused. A refused response is answered with 502, whatever its code. */
  readonly status: number;
  readonly text: string;
}

/** Every refusal there is; nothing is allocated to refuse. */
export const refusals = Object.fromEntries(
  Object.entries(table).map(([code, [status, text]]) => [
    code,
    Object.freeze({ kind: 'refused', code, status, text }),
  ]),
) as Readonly<Record<RefusalCode, Refusal>>;
