/** Labels as people read them: level, nations, and groups that need to know. */

import type { Label, Level } from './messages';

export const LEVEL_NAMES = ['open', 'restricted', 'secret'] as const;

/** A label as the room takes it: sorted, and without an empty list of groups. */
export function labelOf(level: Level, nations: readonly string[], groups: readonly string[] = []): Label {
  const marked = { level, nations: [...nations].sort() };
  return groups.length ? { ...marked, need_to_know: [...groups].sort() } : marked;
}

const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

/**
 * An id that nobody sees on the screen yet: the next number, and behind it five letters that nobody can guess where the label
 * hides the item from somebody, who would otherwise learn of it by having an id refused.
 */
export function freshId(lead: string, label: Label, everyone: readonly string[], known: readonly string[]): string {
  let number = 1;
  while (known.some((id) => id === `${lead}-${number}` || id.startsWith(`${lead}-${number}-`))) number++;
  const isHidden = label.level > 0 || label.nations.length < everyone.length || (label.need_to_know ?? []).length > 0;
  if (!isHidden) return `${lead}-${number}`;
  const drawn = crypto.getRandomValues(new Uint32Array(5));
  return `${lead}-${number}-${[...drawn].map((one) => LETTERS[one % LETTERS.length]).join('')}`;
}

/** What a label says in a line; nothing for what all nations of the room may see openly. */
export function labelText(label: Label, everyone: readonly string[], groups: readonly { id: string; name: string }[]): string {
  const names = (label.need_to_know ?? []).map((id) => groups.find((group) => group.id === id)?.name ?? id);
  const parts = label.level ? [LEVEL_NAMES[label.level].toUpperCase()] : [];
  if (label.nations.length < everyone.length) parts.push(`only for ${label.nations.join(', ')}`);
  return [...parts, ...names.map((name) => `need to know: ${name}`)].join(' · ');
}
