/** Tracks on a canvas above the map: dots, then frames for what is selected or alerting. */

import { spanText } from './clock';
import type { AlertShown, FeedShown, GuestShown, PlaceShown, VideoShown } from './messages';
import { levelText, PARTIES, partyOf, rowOf, STATES, UNKNOWN_I16, UNKNOWN_U16, type Picture } from './wire';

export interface Scene {
  readonly picture: Picture;
  readonly alerts: readonly AlertShown[];
  readonly guests: readonly GuestShown[];
  readonly films: readonly { readonly video: VideoShown; readonly feed: FeedShown; readonly number: number }[];
  readonly selected: number | null;
  readonly nowUs: number;
  readonly nameOf: (number: number) => string;
  readonly oddityOf: (number: number) => string;
}

export interface Surface {
  readonly context: CanvasRenderingContext2D;
  readonly project: (lon: number, lat: number) => { x: number; y: number };
  readonly metresPerPixel: number;
  readonly colour: (name: string) => string;
}

const SIDE: Record<(typeof PARTIES)[number], string> = {
  coalition: '--own',
  'other party': '--other',
  civil: '--civil',
  humanitarian: '--civil',
  unknown: '--unknown',
};
const LEADER_S = 60;
const KT_MPS = 1852 / 3600;

export function draw(scene: Scene, surface: Surface): void {
  const alerting = new Set<number>();
  for (const alert of scene.alerts) {
    if (alert.ended) continue;
    alerting.add(Number(alert.first.slice(1))).add(Number(alert.second.slice(1)));
  }
  const { picture } = scene;
  for (let row = 0; row < picture.count; row++) drawTrack(scene, surface, row, alerting);
  for (const guest of scene.guests) drawGuest(guest, surface);
  for (const { video, feed, number } of scene.films) if (feed.state === 'fresh') drawFilm(video, number, surface);
  for (const alert of scene.alerts) {
    if (alert.ended) continue;
    drawAlert(alert, scene, surface);
    const pair = [alert.first, alert.second].map((name) => Number(name.slice(1)));
    const [one, other] = pair.map((number) => xOf(picture, number, surface));
    drawLabel(scene, surface, pair[0] ?? -1, (one ?? 0) < (other ?? 0));
    drawLabel(scene, surface, pair[1] ?? -1, (other ?? 0) <= (one ?? 0));
  }
  if (scene.selected !== null && !alerting.has(scene.selected)) drawLabel(scene, surface, scene.selected, false);
}

export function placeOf(picture: Picture, row: number, surface: Surface): { x: number; y: number } {
  return surface.project((picture.lonE7[row] ?? 0) / 1e7, (picture.latE7[row] ?? 0) / 1e7);
}

function xOf(picture: Picture, number: number, surface: Surface): number {
  const row = rowOf(picture, number);
  return row < 0 ? 0 : placeOf(picture, row, surface).x;
}

/** Pixels that a track covers in some seconds, towards its track; null without velocity. */
function ahead(picture: Picture, row: number, seconds: number, surface: Surface): { x: number; y: number } | null {
  const speed = picture.speedDkt[row] ?? UNKNOWN_U16;
  const track = picture.trackCdeg[row] ?? UNKNOWN_U16;
  if (speed === UNKNOWN_U16 || track === UNKNOWN_U16) return null;
  const pixels = (speed / 10) * KT_MPS * (seconds / surface.metresPerPixel);
  const angle = (track / 100 / 180) * Math.PI;
  return { x: Math.sin(angle) * pixels, y: -Math.cos(angle) * pixels };
}

function drawTrack(scene: Scene, surface: Surface, row: number, alerting: ReadonlySet<number>): void {
  const { picture } = scene;
  const { context, colour } = surface;
  const at = placeOf(picture, row, surface);
  const party = partyOf(picture, row);
  const state = STATES[picture.state[row] ?? 0] ?? 'waiting';
  const number = picture.number[row] ?? 0;
  context.save();
  context.translate(at.x, at.y);
  context.strokeStyle = context.fillStyle = colour(SIDE[party]);
  if (state === 'lost') {
    drawLost(context, colour, (picture.ageDs[row] ?? 0) / 10);
  } else {
    if (state === 'stale') {
      context.globalAlpha = 0.64;
      brokenRing(context, colour('--caution'));
      context.strokeStyle = context.fillStyle = colour(SIDE[party]);
    } else {
      const leader = ahead(picture, row, LEADER_S, surface);
      if (leader) line(context, leader.x, leader.y);
    }
    if (alerting.has(number) || number === scene.selected) {
      context.lineWidth = 2.2;
      frame(context, party, colour('--room'));
    } else {
      context.lineWidth = 1.5;
      dot(context, party, colour('--room'));
    }
    if (number === scene.selected) corners(context, colour('--focus'));
    if (scene.oddityOf(number)) questioned(context, colour('--caution'));
  }
  context.restore();
}

function line(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.lineWidth = 1.2;
  context.beginPath();
  context.moveTo(0, 0);
  context.lineTo(x, y);
  context.stroke();
}

/** Disc coalition, square other party, ring civil, ring with a point relief, plus unknown. */
export function dot(context: CanvasRenderingContext2D, party: (typeof PARTIES)[number], room: string): void {
  context.beginPath();
  if (party === 'coalition') {
    context.arc(0, 0, 3.6, 0, 7);
    context.fill();
    return;
  }
  const ink = context.fillStyle;
  if (party === 'unknown') {
    context.moveTo(-4.5, 0);
    context.lineTo(4.5, 0);
    context.moveTo(0, -4.5);
    context.lineTo(0, 4.5);
    context.stroke();
    return;
  }
  if (party === 'other party') context.rect(-3.6, -3.6, 7.2, 7.2);
  else context.arc(0, 0, 3.4, 0, 7);
  context.fillStyle = room;
  context.fill();
  context.stroke();
  if (party === 'humanitarian') {
    context.beginPath();
    context.fillStyle = ink;
    context.arc(0, 0, 1.5, 0, 7);
    context.fill();
  }
  context.fillStyle = ink;
}

/** Upright air frames, open below: arch coalition, open box other, box with a bar civil, four-leaf unknown. */
function frame(context: CanvasRenderingContext2D, party: (typeof PARTIES)[number], room: string): void {
  const ink = context.fillStyle;
  context.beginPath();
  if (party === 'coalition') {
    context.moveTo(-11, 11);
    context.lineTo(-11, 0);
    context.arc(0, 0, 11, Math.PI, 0);
    context.lineTo(11, 11);
  } else if (party === 'unknown') {
    context.moveTo(-10, 10);
    context.bezierCurveTo(-18, 4, -12, -8, -6, -8);
    context.bezierCurveTo(-4, -16, 4, -16, 6, -8);
    context.bezierCurveTo(12, -8, 18, 4, 10, 10);
  } else {
    context.moveTo(-11, 11);
    context.lineTo(-11, -10);
    context.lineTo(11, -10);
    context.lineTo(11, 11);
  }
  context.fillStyle = room;
  context.fill();
  context.stroke();
  if (party === 'civil' || party === 'humanitarian') {
    context.beginPath();
    context.moveTo(-11, -14);
    context.lineTo(11, -14);
    context.stroke();
  }
  context.fillStyle = ink;
  context.beginPath();
  context.arc(0, 0, 3, 0, 7);
  context.fill();
}

function corners(context: CanvasRenderingContext2D, colour: string): void {
  context.strokeStyle = colour;
  context.lineWidth = 2;
  for (const [x, y] of [[-1, -1], [1, -1], [1, 1], [-1, 1]] as const) {
    context.beginPath();
    context.moveTo(x * 19, y * 12);
    context.lineTo(x * 19, y * 19);
    context.lineTo(x * 12, y * 19);
    context.stroke();
  }
}

/** A question mark beside what may not be one aircraft where it is shown. */
function questioned(context: CanvasRenderingContext2D, colour: string): void {
  context.fillStyle = colour;
  context.font = '700 17px "IBM Plex Sans"';
  context.fillText('?', -18, -7);
}

function brokenRing(context: CanvasRenderingContext2D, colour: string): void {
  context.strokeStyle = colour;
  context.lineWidth = 1.6;
  context.setLineDash([2, 4]);
  context.beginPath();
  context.arc(0, 0, 8, 0, 7);
  context.stroke();
  context.setLineDash([]);
}

/** Last place, a dotted circle that grows with the silence, and how long it is. */
function drawLost(context: CanvasRenderingContext2D, colour: (name: string) => string, ageS: number): void {
  context.strokeStyle = context.fillStyle = colour('--alarm');
  context.lineWidth = 1.8;
  context.beginPath();
  context.moveTo(-4, -4);
  context.lineTo(4, 4);
  context.moveTo(4, -4);
  context.lineTo(-4, 4);
  context.stroke();
  context.setLineDash([1, 5]);
  context.beginPath();
  context.arc(0, 0, Math.min(8 + ageS / 8, 30), 0, 7);
  context.stroke();
  context.setLineDash([]);
  context.font = '500 13px "IBM Plex Sans Condensed"';
  context.fillText(`lost ${spanText(ageS * 1e6)}`, 12, 4);
}

/** The frame that a camera sees, and dashed lines to where it is; its edge and number are those of its tile. */
function drawFilm(video: VideoShown, number: number, surface: Surface): void {
  const { context, colour } = surface;
  const at = (place: PlaceShown) => surface.project(place.lon_e7deg / 1e7, place.lat_e7deg / 1e7);
  const corners = video.corners.map(at);
  const [first] = corners;
  if (!first) return;
  context.save();
  context.strokeStyle = context.fillStyle = colour('--focus');
  context.lineWidth = 1.8;
  context.beginPath();
  corners.forEach(({ x, y }, place) => (place ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.stroke();
  context.globalAlpha = 0.18;
  context.fill();
  context.globalAlpha = 0.7;
  if (video.place) {
    const from = at(video.place);
    context.lineWidth = 1;
    context.setLineDash([3, 4]);
    for (const { x, y } of [corners[2], corners[3]].filter((one) => one !== undefined)) {
      context.beginPath();
      context.moveTo(x, y);
      context.lineTo(from.x, from.y);
      context.stroke();
    }
    context.setLineDash([]);
  }
  context.globalAlpha = 1;
  const top = corners.reduce((high, one) => (one.y < high.y ? one : high), first);
  context.font = '600 13px "IBM Plex Sans Condensed"';
  const text = `feed ${number}`;
  const width = context.measureText(text).width + 12;
  context.fillRect(top.x - width / 2, top.y - 24, width, 18);
  context.fillStyle = colour('--room');
  context.fillText(text, top.x - width / 2 + 6, top.y - 11);
  context.restore();
}

function drawGuest(guest: GuestShown, surface: Surface): void {
  const { context, colour } = surface;
  const at = surface.project(guest.lon_e7deg / 1e7, guest.lat_e7deg / 1e7);
  context.save();
  context.translate(at.x, at.y);
  context.strokeStyle = context.fillStyle = colour('--unknown');
  context.lineWidth = 1.5;
  dot(context, 'unknown', colour('--room'));
  context.font = '500 13px "IBM Plex Sans Condensed"';
  context.fillText(`${guest.callsign}, own report, EXERCISE`, 10, 4);
  context.restore();
}

/** Where both will be closest, and how long until separation is lost. */
function drawAlert(alert: AlertShown, scene: Scene, surface: Surface): void {
  const { context, colour } = surface;
  const ends: { x: number; y: number }[] = [];
  const tracks: { x: number; y: number }[] = [];
  for (const name of [alert.first, alert.second]) {
    const row = rowOf(scene.picture, Number(name.slice(1)));
    if (row < 0) return;
    const at = placeOf(scene.picture, row, surface);
    const step = ahead(scene.picture, row, Math.max((alert.cpa_us - scene.nowUs) / 1e6, 0), surface);
    if (!step) return;
    tracks.push(at);
    ends.push({ x: at.x + step.x, y: at.y + step.y });
  }
  const [one, other] = ends;
  if (!one || !other) return;
  const radius = Math.max(alert.minimum_m / 2 / surface.metresPerPixel, 6);
  context.save();
  context.strokeStyle = context.fillStyle = colour('--alarm');
  context.lineWidth = 2.2;
  for (const end of ends) {
    context.globalAlpha = 0.16;
    context.beginPath();
    context.arc(end.x, end.y, radius, 0, 7);
    context.fill();
    context.globalAlpha = 1;
    context.stroke();
  }
  context.strokeStyle = colour('--ink');
  context.beginPath();
  context.moveTo(one.x, one.y);
  context.lineTo(other.x, other.y);
  context.stroke();
  const text = spanText(alert.loss_us - scene.nowUs);
  context.font = '600 19px "IBM Plex Sans"';
  const width = context.measureText(text).width + 18;
  const middle = { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
  const below = tracks.some((at) => at.y > middle.y && Math.abs(at.x - middle.x) < 90 && at.y - middle.y < radius + 90);
  const x = middle.x - width / 2;
  const y = below ? Math.min(one.y, other.y) - radius - 34 : Math.max(one.y, other.y) + radius + 8;
  context.fillStyle = colour('--alarm');
  context.fillRect(x, y, width, 26);
  context.fillStyle = colour('--on-signal');
  context.fillText(text, x + 9, y + 20);
  context.restore();
}

/** Name, level, speed and age beside a track; the western one of a pair has them on its left. */
function drawLabel(scene: Scene, surface: Surface, number: number, left: boolean): void {
  const { picture } = scene;
  const row = rowOf(picture, number);
  if (row < 0) return;
  const { context, colour } = surface;
  const at = placeOf(picture, row, surface);
  const speed = picture.speedDkt[row] ?? UNKNOWN_U16;
  const oddity = scene.oddityOf(number);
  const lines = [
    scene.nameOf(number),
    ...(oddity ? [oddity] : []),
    `${levelText(picture, row)}${climb(picture.rateFpm[row] ?? 0)}`,
    `${speed === UNKNOWN_U16 ? '' : `${Math.round(speed / 10)} kt, `}${((picture.ageDs[row] ?? 0) / 10).toFixed(1)} s old`,
  ];
  context.save();
  context.shadowColor = colour('--room');
  context.shadowBlur = 3;
  context.textAlign = left ? 'right' : 'left';
  lines.forEach((text, place) => {
    context.font = `${place ? 500 : 600} 15px "IBM Plex Sans Condensed"`;
    context.fillStyle = colour(place ? '--ink-2' : '--ink');
    context.fillText(text, at.x + (left ? -19 : 19), at.y - 6 + place * 17);
  });
  context.restore();
}

function climb(rate: number): string {
  if (rate === UNKNOWN_I16 || Math.abs(rate) < 200) return '';
  return rate > 0 ? ' climbing' : ' descending';
}
