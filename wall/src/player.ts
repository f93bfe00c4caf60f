/** A camera's pictures on a canvas: decoded as they come, the newest is shown; what is late is skipped to a key picture. */

import { timeOfUs } from './picturetime';
import { demuxTs, type AccessUnit } from './transport';

const MOST_WAITING = 4;
const MOST_TIMES = 64;
const BEGINNING_MS = 1000; // who begins gets all pictures since the last key at once; that is not being late

export interface Player {
  readonly push: (bytes: Uint8Array) => void;
  readonly close: () => void;
}

/** `onShown` is told the camera's own time of each picture that is shown [us], null where it tells none. */
export function playTs(canvas: HTMLCanvasElement, onShown: (cameraUs: number | null) => void): Player {
  const surface = canvas.getContext('2d', { alpha: false });
  const times = new Map<number, number | null>();
  let decoder: VideoDecoder | null = null;
  let codec = '';
  let newest: VideoFrame | null = null;
  let asked = 0;
  let openedMs = 0;

  function show(): void {
    asked = 0;
    if (!newest || !surface) return;
    if (canvas.width !== newest.displayWidth) [canvas.width, canvas.height] = [newest.displayWidth, newest.displayHeight];
    surface.drawImage(newest, 0, 0);
    onShown(times.get(newest.timestamp) ?? null);
    newest.close();
    newest = null;
  }

  function opened(name: string): VideoDecoder {
    const fresh = new VideoDecoder({
      output: (frame) => {
        newest?.close(); // a frame that is not closed stops the decoder after a few
        newest = frame;
        asked ||= requestAnimationFrame(show);
      },
      error: () => {
        if (decoder === fresh) decoder = null; // it closed itself; the next key picture opens another
      },
    });
    openedMs = performance.now();
    fresh.configure({ codec: name, optimizeForLatency: true }); // no `description`: the bytes are Annex B
    return fresh;
  }

  function take(unit: AccessUnit): void {
    const isLate = (decoder?.decodeQueueSize ?? 0) > MOST_WAITING && performance.now() - openedMs > BEGINNING_MS;
    if ((unit.afterGap || isLate) && decoder) {
      decoder.close();
      decoder = null;
    }
    if (unit.key && unit.codec !== null && (!decoder || unit.codec !== codec)) {
      decoder?.close();
      [decoder, codec] = [opened(unit.codec), unit.codec];
    }
    if (!decoder) return;
    const timestamp = Math.round(unit.pts / 0.09);
    times.set(timestamp, timeOfUs(unit.bytes));
    if (times.size > MOST_TIMES) times.delete(times.keys().next().value ?? 0);
    decoder.decode(new EncodedVideoChunk({ type: unit.key ? 'key' : 'delta', timestamp, data: unit.bytes }));
  }

  const { push } = demuxTs(take);
  return {
    push,
    close: () => {
      cancelAnimationFrame(asked);
      newest?.close();
      decoder?.close();
      [newest, decoder] = [null, null];
    },
  };
}
