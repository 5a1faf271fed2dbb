/** Owns a fingerprint on screen: its ends, which people compare, with the whole of it to copy. */
export function Fingerprint({ value }: { readonly value: string }) {
  const bare = value.replace(/^sha-?256:/i, '');
  const short = bare.length > 20 ? `${bare.slice(0, 8)}…${bare.slice(-8)}` : bare;
  return (
    <code class="fingerprint" title={value}>
      {short}
    </code>
  );
}
