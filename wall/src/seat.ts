/** Sitting down, and acting: each act is one canonical document, signed here and sent as it is. */

import { canonical, type Plain } from './canonical';
import { type Assertion, confirmWithPasskey, enrolPasskey, makeKey, nonce, publicKey, type Registration, sha256, sign } from './keys';
import { heldLogin } from './login';
import type { Level, LogHead } from './messages';

/** A seat as this tab holds it. */
export interface Seat {
  readonly session: string;
  readonly key: string;
  readonly room_id: string;
  readonly person_id: string;
  readonly seat_id: string;
  readonly role: string;
  readonly nation: string;
  readonly powers: readonly string[];
  readonly level: Level;
  readonly need_to_know: readonly string[];
  readonly passkey: string;
  readonly rp_id: string;
}

/** A seat that a link offers. */
export interface Offer {
  readonly token: string;
  readonly seat_id: string;
  readonly role: string;
  readonly nation: string;
  readonly name: string;
  readonly taken: boolean;
  readonly has_walls: boolean;
  readonly rp_id: string;
  readonly enrolled: readonly string[];
}

/** What the room says no to, with its sentence. */
export class Refusal extends Error {
  constructor(
    sentence: string,
    readonly status: number,
  ) {
    super(sentence);
  }
}

/** What stands before the token of a wall, where that of a session stands alone. */
const WALL = 'Wall ';
const TAB = 'watchfloor.seat';
const PERSONS = 'watchfloor.persons';

export async function ask<T>(path: string, session = '', body?: unknown): Promise<T> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (session) headers['authorization'] = session.startsWith(WALL) ? session : `Bearer ${session}`;
  const options: RequestInit = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) };
  let answer: Response;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refusal('the room does not answer', 0);
  }
  const document = (await answer.json()) as { title?: string };
  if (!answer.ok) throw new Refusal(document.title ?? `the room answered ${answer.status}`, answer.status);
  return document as T;
}

/** A screen that shows what a seat may see, and at which nobody sits. */
export interface Wall {
  readonly token: string;
  readonly role: string;
  readonly nation: string;
  readonly name: string;
}

export const credentialOf = (wall: { readonly token: string }): string => WALL + wall.token;

/** The wall that the address names; it stays there, so that a screen that is started anew shows the same. */
export async function namedWall(): Promise<Wall | null> {
  const token = /^#wall=([\w-]{32})$/.exec(location.hash)?.[1];
  return token ? { token, ...(await ask<Omit<Wall, 'token'>>('api/wall', credentialOf({ token }))) } : null;
}

/** Open a wall with a seat's link; this screen is it from then on. */
export async function becomeWall(link: string): Promise<void> {
  const { wall } = await ask<{ wall: string }>('api/walls', '', { token: link });
  location.hash = `wall=${wall}`;
  location.reload();
}

export const closeWalls = (session: string, seatId: string): Promise<unknown> => ask('api/walls/close', session, { seat_id: seatId });

/** The token of a seat's link in the address, which is taken out of it at once. */
export function linkToken(): string | null {
  const found = /^#seat=([\w-]+)$/.exec(location.hash);
  if (!found) return null;
  history.replaceState(null, '', location.pathname + location.search);
  return found[1] ?? null;
}

export async function offerOf(token: string): Promise<Offer> {
  return { token, ...(await ask<Omit<Offer, 'token'>>('api/link', '', { token })) };
}

/** The seat this tab held before it was loaded again. */
export function heldSeat(): Seat | null {
  const text = sessionStorage.getItem(TAB);
  return text ? (JSON.parse(text) as Seat) : null;
}

export function leave(): void {
  sessionStorage.removeItem(TAB);
}

/** Other seats in this browser whose person may be the same one. */
export function knownPersons(roomId: string): Seat[] {
  const all = JSON.parse(localStorage.getItem(PERSONS) ?? '[]') as Seat[];
  return all.filter((seat) => seat.room_id === roomId);
}

/** A new passkey; or, on a device whose passkey sat here already, that one's confirmation: the same person again. */
async function enrolOrConfirm(offer: Offer, text: string): Promise<{ passkey: Registration } | { assertion: Assertion }> {
  try {
    return { passkey: await enrolPasskey(offer.rp_id, text, `${offer.role}, ${offer.nation}`, offer.enrolled) };
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== 'InvalidStateError') throw error;
    return { assertion: await confirmWithPasskey(offer.rp_id, offer.enrolled, text, 'I sat here before: it is me again') };
  }
}

/** Take a seat: as a new person with a new key, or as the person of another seat with that person's key. */
export async function sitDown(offer: Offer, roomId: string, name: string, same: Seat | null): Promise<Seat> {
  const key = same?.key ?? (await makeKey());
  const public_key = await publicKey(key);
  const text = `watchfloor: take a seat\n${roomId}\n${await sha256(offer.token)}\n${public_key}\n`;
  const confirmed = offer.rp_id && !same ? await enrolOrConfirm(offer, text) : {};
  const wish = { token: offer.token, public_key, proof: await sign(key, text), name, also: same?.session ?? '', login: heldLogin(), ...confirmed };
  const seat: Seat = { ...(await ask<Omit<Seat, 'key'>>('api/enter', '', wish)), key };
  sessionStorage.setItem(TAB, JSON.stringify(seat));
  const others = knownPersons(roomId).filter((known) => known.seat_id !== seat.seat_id);
  localStorage.setItem(PERSONS, JSON.stringify([...others, seat]));
  return seat;
}

const GESTURES = new Set(['DecisionSigned', 'DoubtResolved', 'StandingAdviceGiven', 'RuleChangeSigned', 'ReviewClosed']);

/** A doubt is one key press and needs nothing; what commits a person needs their passkey. */
const needsGesture = (words: { [key: string]: Plain }): boolean =>
  GESTURES.has(String(words['type'])) || (words['type'] === 'AdviceGiven' && words['verdict'] !== 'doubt');

const LONGEST_SHOWN = 4_000;

/** A long text is in the document that is signed; what is shown says how long it is. */
const shortened = (text: string): string => (text.length <= LONGEST_SHOWN ? text : `${text.slice(0, 200)} ... (${text.length} characters)`);

/** The words that a person sees when they confirm, line by line: what the record keeps beside the signature. */
export function rendering(words: { [key: string]: Plain }): string {
  const lines = Object.entries(words)
    .filter(([, value]) => typeof value !== 'object' && value !== '')
    .map(([name, value]) => `${name.replaceAll('_', ' ')}: ${shortened(String(value))}`);
  return lines.join('\n');
}

/** Sign and send an act; throws a Refusal with the room's sentence. */
export async function act(
  seat: Seat,
  head: LogHead,
  atUs: number,
  words: { [key: string]: Plain },
  shown: (text: string) => void = () => undefined,
): Promise<void> {
  const document = canonical({
    ...words,
    act_id: nonce(),
    room_id: seat.room_id,
    person_id: seat.person_id,
    seat_id: seat.seat_id,
    at_us: Math.floor(atUs),
    head: { size_count: head.size_count, root: head.root },
  });
  const signature = await sign(seat.key, document);
  if (!seat.passkey || !needsGesture(words)) {
    await ask('api/acts', seat.session, { document, signature });
    return;
  }
  const text = rendering(words);
  shown(text);
  try {
    const assertion = await confirmWithPasskey(seat.rp_id, [seat.passkey], document, text);
    await ask('api/acts', seat.session, { document, signature, assertion });
  } finally {
    shown('');
  }
}
