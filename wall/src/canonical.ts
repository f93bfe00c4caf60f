/** Canonical JSON (RFC 8785) for documents of integers, strings, booleans, lists and objects; nothing else is signed. */

export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

export function canonical(value: Plain): string {
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new Error(`${value} is no integer that JSON keeps`);
    return String(value);
  }
  if (value === null || typeof value !== 'object') {
    if (typeof value === 'string' && !value.isWellFormed()) throw new Error('text with half a character');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  const entries = Object.entries(value as Record<string, Plain>).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`;
}
