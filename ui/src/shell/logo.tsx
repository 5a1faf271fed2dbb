/** Owns the mark: two lands and the narrow neck that joins them. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <path d="M2 16a7 7 0 0 1 13-3.500q1 1.300 2 0a7 7 0 1 1 0 7q-1-1.300-2 0A7 7 0 0 1 2 16Z" />
    </svg>
  );
}
