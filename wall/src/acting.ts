/** Acts of the seat at this screen. Every refusal is shown with the room's own sentence. */

import type { Plain } from './canonical';
import { roomNowUs } from './clock';
import type { AlertShown, Answer, HorizonShown, RequestShown, Verdict } from './messages';
import { room } from './room.svelte';
import { act } from './seat';

async function send(words: { [key: string]: Plain }): Promise<boolean> {
  if (!room.seat) return false;
  try {
    await act(room.seat, room.head, roomNowUs(room.clock, performance.now()), words);
    room.notice = '';
    return true;
  } catch (error) {
    room.notice = error instanceof Error ? error.message : String(error);
    return false;
  }
}

const about = (request: RequestShown): { request_id: string; version: number } => ({
  request_id: request.request_id,
  version: request.version,
});

export const doubt = (request: RequestShown, words = ''): Promise<boolean> =>
  send({ type: 'DoubtRaised', ...about(request), words });

export const advise = (request: RequestShown, verdict: Verdict, words: string): Promise<boolean> =>
  send({ type: 'AdviceGiven', ...about(request), verdict, words });

export const resolve = (request: RequestShown, doubtId: string, words: string): Promise<boolean> =>
  send({ type: 'DoubtResolved', ...about(request), doubt_id: doubtId, words });

export const decide = (
  request: RequestShown,
  answer: Answer,
  words: { lawful: string; advantage: string; remaining: string },
): Promise<boolean> =>
  send({
    type: 'DecisionSigned',
    ...about(request),
    answer,
    lawful_and_valid: words.lawful,
    expected_advantage: words.advantage,
    remaining_doubt: words.remaining,
    cited: request.advice.filter((advice) => advice.version === request.version).map((advice) => advice.act_id),
    screen_digest: room.digest,
  });

export const write = (words: { [key: string]: Plain }): Promise<boolean> => send({ type: 'RequestWritten', ...words });

export const acknowledge = (alert: AlertShown): Promise<boolean> =>
  send({ type: 'AlertAcknowledged', alert_id: alert.alert_id });

export const openHindsight = (held: HorizonShown): Promise<boolean> =>
  send({ type: 'HindsightRevealed', request_id: held.request_id, moment_seq: held.moment_seq });

export const thinkAgain = (held: HorizonShown, seatId: string, answer: Answer, words: string): Promise<boolean> =>
  send({ type: 'SecondThought', request_id: held.request_id, moment_seq: held.moment_seq, as_seat_id: seatId, answer, words });

export const pinNote = (requestId: string, momentSeq: number, momentUs: number, words: string): Promise<boolean> =>
  send({ type: 'NotePinned', request_id: requestId, moment_seq: momentSeq, moment_us: Math.floor(momentUs), words });

export const setClock = (ratePermille: number, paused: boolean, jumpToUs: number | null): Promise<boolean> =>
  send({ type: 'ClockCommanded', rate_permille: ratePermille, paused, jump_to_us: jumpToUs });
