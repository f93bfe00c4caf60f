/** Acts of the seat at this screen. Every refusal is shown with the room's own sentence. */

import type { Plain } from './canonical';
import { roomNowUs } from './clock';
import type { AlertShown, Answer, HorizonShown, Label, RequestShown, Verdict } from './messages';
import { labelOf } from './labels';
import { room } from './room.svelte';
import { act, ask } from './seat';

async function send(words: { [key: string]: Plain }): Promise<boolean> {
  if (!room.seat) return false;
  try {
    await act(room.seat, room.head, roomNowUs(room.clock, performance.now()), words, (text) => (room.confirming = text));
    room.notice = '';
    return true;
  } catch (error) {
    room.notice = error instanceof Error ? error.message : String(error);
    return false;
  }
}

/** The decider's two questions and what doubt remains. */
export interface Answers {
  readonly lawful: string;
  readonly advantage: string;
  readonly remaining: string;
}

const answers = (words: Answers) => ({
  lawful_and_valid: words.lawful,
  expected_advantage: words.advantage,
  remaining_doubt: words.remaining,
});

const about = (request: RequestShown): { request_id: string; version: number } => ({
  request_id: request.request_id,
  version: request.version,
});

export const doubt = (request: RequestShown, words = '', heardFrom = ''): Promise<boolean> =>
  send({ type: 'DoubtRaised', ...about(request), words, ...(heardFrom ? { heard_from: heardFrom } : {}) });

export const giveWords = (request: RequestShown, words: Answers): Promise<boolean> =>
  send({ type: 'WordsGiven', request_id: request.request_id, decision_id: request.decided?.act_id ?? '', ...answers(words) });

export const carryOut = (request: RequestShown, words: string): Promise<boolean> =>
  send({ type: 'CarriedOut', ...about(request), words });

export const adviseBeforehand = (request: RequestShown, conditions: string, untilUs: number): Promise<boolean> =>
  send({ type: 'StandingAdviceGiven', kind: request.kind, area_id: request.area_id, conditions, until_us: untilUs });

export const revoke = (request: RequestShown, words: string): Promise<boolean> =>
  send({ type: 'DelegationRevoked', request_id: request.request_id, words });

export const reportUse = (words: { [key: string]: Plain }): Promise<boolean> => send({ type: 'UseReported', ...words });

export const reportHarm = (words: { [key: string]: Plain }): Promise<boolean> => send({ type: 'HarmReported', ...words });

export const closeReview = (subjectId: string, words: string): Promise<boolean> =>
  send({ type: 'ReviewClosed', subject_id: subjectId, words });

export const signRules = (from: string, version: string, to: string, report: string, words: string): Promise<boolean> =>
  send({ type: 'RuleChangeSigned', from_digest: from, to_version: version, to_digest: to, report_digest: report, words });

export const proposeRules = (from: string, version: string, digest: string, text: string, words: string): Promise<boolean> =>
  send({ type: 'RulesProposed', from_digest: from, to_version: version, to_digest: digest, rules_text: text, words });

/** A label as it is signed: without an empty list of groups. */
export const plainLabel = (label: Label): Plain => ({ ...labelOf(label.level, label.nations, label.need_to_know) });

export const stateFact = (
  fact: string,
  subject: string,
  value: string,
  asOfUs: number,
  words: string,
  label: Label,
): Promise<boolean> =>
  send({
    type: 'FactStated',
    fact,
    about: subject,
    value,
    as_of_us: Math.floor(asOfUs),
    until_us: 0,
    words,
    label: plainLabel(label),
  });

export const advise = (request: RequestShown, verdict: Verdict, words: string): Promise<boolean> =>
  send({ type: 'AdviceGiven', ...about(request), verdict, words });

export const resolve = (request: RequestShown, doubtId: string, words: string): Promise<boolean> =>
  send({ type: 'DoubtResolved', ...about(request), doubt_id: doubtId, words });

export const decide = (
  request: RequestShown,
  answer: Answer,
  words: Answers,
): Promise<boolean> =>
  send({
    type: 'DecisionSigned',
    ...about(request),
    answer,
    ...answers(words),
    cited: request.advice.filter((advice) => advice.version === request.version).map((advice) => advice.act_id),
    screen_digest: room.digest,
  });

export const write = (words: { [key: string]: Plain }): Promise<boolean> => send({ type: 'RequestWritten', ...words });

/** Both sign the brief that stands on the page, by its digest. */
export const handOver = (brief: string, words: string): Promise<boolean> => send({ type: 'WatchHandedOver', brief, words });

export const takeOver = (brief: string, words: string): Promise<boolean> => send({ type: 'WatchTakenOver', brief, words });

export const acknowledge = (alert: AlertShown): Promise<boolean> =>
  send({ type: 'AlertAcknowledged', alert_id: alert.alert_id });

export const openHindsight = (held: HorizonShown): Promise<boolean> =>
  send({ type: 'HindsightRevealed', request_id: held.request_id, moment_seq: held.moment_seq });

export const thinkAgain = (held: HorizonShown, seatId: string, answer: Answer, words: string): Promise<boolean> =>
  send({ type: 'SecondThought', request_id: held.request_id, moment_seq: held.moment_seq, as_seat_id: seatId, answer, words });

export const pinNote = (requestId: string, momentSeq: number, momentUs: number, words: string): Promise<boolean> =>
  send({ type: 'NotePinned', request_id: requestId, moment_seq: momentSeq, moment_us: Math.floor(momentUs), words });

export const speak = (lineId: string, body: { [key: string]: Plain }): Promise<boolean> =>
  send({ type: 'LineSpoken', line_id: lineId, body });

export const notify = (words: { [key: string]: Plain }): Promise<boolean> => send({ type: 'NotificationGiven', ...words });

export const acknowledgeNotification = (id: string): Promise<boolean> => send({ type: 'NotificationAcknowledged', notification_id: id });

export const withdrawNotification = (id: string, words: string): Promise<boolean> =>
  send({ type: 'NotificationWithdrawn', notification_id: id, words });

export const closeFollowUp = (id: string, words: string): Promise<boolean> => send({ type: 'FollowUpClosed', follow_id: id, words });

/** What we would put into a match, kept and committed to by the room before anybody signs it. */
interface PreparedMatch {
  readonly terms: { readonly [key: string]: number };
  readonly commitment: string;
}

async function prepared(lineId: string, wish: { [key: string]: Plain }): Promise<PreparedMatch | null> {
  try {
    return await ask<PreparedMatch>(`api/lines/${lineId}/match`, room.seat?.session, wish);
  } catch (error) {
    room.notice = error instanceof Error ? error.message : String(error);
    return null;
  }
}

export async function propose(lineId: string, fromUs: number, untilUs: number): Promise<boolean> {
  const told = await prepared(lineId, { from_us: fromUs, until_us: untilUs });
  return told !== null && speak(lineId, { kind: 'match', terms: { ...told.terms }, commitment: told.commitment });
}

export async function acceptMatch(lineId: string, about: string): Promise<boolean> {
  const told = await prepared(lineId, { about });
  return told !== null && speak(lineId, { kind: 'match_acceptance', about, commitment: told.commitment });
}

export const setClock = (ratePermille: number, paused: boolean, jumpToUs: number | null): Promise<boolean> =>
  send({ type: 'ClockCommanded', rate_permille: ratePermille, paused, jump_to_us: jumpToUs });
