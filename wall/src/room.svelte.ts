/** The room as this screen knows it: what the server last told, and the connection's own state. */

import type { ClockTold } from './clock';
import { roomNowUs, wishedInstant } from './clock';
import type { AlertShown, FeedShown, GuestShown, HarmShown, LineShown, NotificationShown, LogHead, NamesTold, NameTold, PulseTold, ReplayTold, RequestShown, ScreenTold, SeatShown, UseShown, VideoShown, WatchShown } from './messages';
import { ask, credentialOf, heldSeat, leave, namedWall, type Seat, type Wall } from './seat';
import { readFrame, rowOf, type Picture } from './wire';

/** `/api/room`. */
export interface RoomInfo {
  readonly room_id: string;
  readonly title: string;
  readonly story?: string;
  readonly context: string;
  readonly replay?: boolean;
  readonly passkeys?: boolean;
  readonly login?: string;
  readonly utc_offset_s: number;
  readonly nations: readonly string[];
  readonly start_us?: number;
  readonly end_us?: number;
  readonly rules_digest?: string;
  readonly rules_version?: string;
  readonly rules?: Record<string, string>;
  readonly facts?: Record<string, { powers: readonly string[]; values: readonly string[]; about: string }>;
  readonly roles?: Record<string, string>;
  readonly kinds?: readonly { kind: string; name: string; note: string }[];
  readonly areas?: readonly { area_id: string; name: string; feature: string; city: string }[];
  readonly crews?: readonly { seat_id: string; name: string }[];
  readonly line_words?: Record<string, Record<string, string>>;
  readonly languages?: Record<string, string>;
  readonly notification_readers?: string;
  readonly groups?: readonly { id: string; name: string; note: string }[];
}

const RETRY_MS = 1000;

class RoomStore {
  info = $state.raw<RoomInfo | null>(null);
  seat = $state.raw<Seat | null>(null);
  wall = $state.raw<Wall | null>(null);
  /** What this screen shows by: its seat's session, or its wall; empty for what all may see. */
  credential = $derived(this.seat?.session ?? (this.wall ? credentialOf(this.wall) : ''));
  picture = $state.raw<Picture | null>(null);
  names = $state.raw<ReadonlyMap<number, NameTold>>(new Map());
  board = $state.raw<readonly RequestShown[]>([]);
  uses = $state.raw<readonly UseShown[]>([]);
  harm = $state.raw<readonly HarmShown[]>([]);
  seats = $state.raw<readonly SeatShown[]>([]);
  alerts = $state.raw<readonly AlertShown[]>([]);
  feeds = $state.raw<readonly FeedShown[]>([]);
  lines = $state.raw<readonly LineShown[]>([]);
  notified = $state.raw<readonly NotificationShown[]>([]);
  walls = $state.raw<readonly SeatShown[]>([]);
  watches = $state.raw<readonly WatchShown[]>([]);
  /** Watches that are between two persons. */
  changing = $derived(this.watches.filter((one) => one.state !== 'kept'));
  guests = $state.raw<readonly GuestShown[]>([]);
  videos = $state.raw<readonly VideoShown[]>([]);
  /** Tracks that may not be one aircraft where they are shown, and what speaks against it. */
  odd = $derived(
    [...this.names.values()].filter((name) => name[5] && this.picture && rowOf(this.picture, name[0]) >= 0),
  );
  /** Each video with its feed and the number that its tile and its frame on the map share. */
  filmed = $derived(
    this.videos.flatMap((video) => {
      const place = this.feeds.findIndex((feed) => feed.feed_id === video.feed_id);
      const feed = this.feeds[place];
      return feed ? [{ video, feed, number: place + 1 }] : [];
    }),
  );
  /** Those whose pictures can be looked at; of a past room only where its cameras looked is told. */
  playing = $derived(this.info?.replay ? [] : this.filmed);
  head = $state.raw<LogHead>({ size_count: 0, root: '0'.repeat(64) });
  digest = $state.raw('0'.repeat(64));
  clock = $state.raw<ClockTold>({ roomUs: 0, ratePermille: 1000, paused: true, toldMs: 0 });
  failed = $state.raw<string | null>(null);
  tapeFailed = $state.raw<string | null>(null);
  witnessFailed = $state.raw<string | null>(null);
  replay = $state.raw<ReplayTold | null>(null);
  connected = $state.raw(false);
  nowUs = $state.raw(0);
  realMs = $state.raw(Date.now());
  counts = $state.raw<readonly { us: number; count: number }[]>([]);
  selected = $state.raw<number | null>(null);
  notice = $state.raw('');
  confirming = $state.raw('');
  #socket: WebSocket | null = null;
  #generation = -1;

  async start(): Promise<void> {
    this.info = await ask<RoomInfo>('api/room');
    try {
      this.wall = await namedWall();
    } catch (error) {
      this.notice = error instanceof Error ? error.message : String(error); // it shows what all may see, and says so
    }
    const held = this.wall ? null : heldSeat();
    if (held && held.room_id === this.info.room_id) this.seat = held;
    this.connect();
    setInterval(() => {
      this.nowUs = roomNowUs(this.clock, performance.now());
      this.realMs = Date.now();
    }, 200);
  }

  /** Connect anew, as the seat that this tab holds now. */
  connect(): void {
    this.#socket?.close();
    const socket = new WebSocket(new URL('ws', location.href.replace(/^http/, 'ws').replace(/#.*$/, '')));
    this.#socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      socket.send(JSON.stringify(this.hello()));
      const wish = this.info?.replay ? wishedInstant(location.hash, this.info.end_us ?? 0, this.info.utc_offset_s) : null;
      if (wish) this.steer(wish);
    };
    socket.onmessage = (message: MessageEvent<ArrayBuffer | string>) => {
      try {
        this.#take(message.data);
      } catch (error) {
        socket.close(); // a new connection begins with a whole picture
        throw error;
      }
    };
    socket.onclose = (event) => {
      if (this.#socket !== socket) return;
      this.connected = false;
      if (event.code === 4401) {
        leave();
        this.seat = this.wall = null;
        this.notice = event.reason;
      }
      setTimeout(() => this.#socket === socket && this.connect(), RETRY_MS);
    };
  }

  /** How this screen says whom it shows to. */
  hello(): Record<string, string> {
    return this.wall && !this.seat ? { wall: this.wall.token } : { session: this.seat?.session ?? '' };
  }

  /** Say to a replay where to stand and how to run. */
  steer(words: Record<string, number | boolean | string>): void {
    this.#socket?.send(JSON.stringify(words));
  }

  #take(data: ArrayBuffer | string): void {
    this.connected = true;
    if (data instanceof ArrayBuffer) {
      this.#takePicture(readFrame(data, this.picture));
      return;
    }
    const told = JSON.parse(data) as ScreenTold | PulseTold | NamesTold | ReplayTold;
    if (told.kind === 'names') {
      const names = new Map(this.names);
      for (const name of told.tracks) names.set(name[0], name);
      this.names = names;
    } else if (told.kind === 'pulse') {
      this.clock = { roomUs: told.room_us, ratePermille: told.rate_permille, paused: told.paused, toldMs: performance.now() };
      this.nowUs = roomNowUs(this.clock, performance.now());
      this.feeds = told.feeds;
      this.guests = told.guests;
      this.videos = told.videos ?? [];
      this.failed = told.failed;
      this.tapeFailed = told.tape_failed;
      this.witnessFailed = told.witness_failed;
    } else if (told.kind === 'replay') {
      this.replay = told;
    } else {
      this.board = told.screen.board;
      this.alerts = told.screen.alerts;
      this.seats = told.screen.seats;
      this.uses = told.screen.uses;
      this.harm = told.screen.harm;
      this.lines = told.screen.lines ?? [];
      this.notified = told.screen.notified ?? [];
      this.watches = told.screen.watches ?? [];
      this.walls = told.screen.walls ?? [];
      this.head = told.head;
      this.digest = told.digest;
    }
  }

  #takePicture(picture: Picture): void {
    if (picture.generation !== this.#generation) this.counts = [];
    this.#generation = picture.generation;
    this.picture = picture;
    const last = this.counts.at(-1);
    if (!last || picture.roomUs - last.us >= 10e6) {
      this.counts = [...this.counts.slice(-800), { us: picture.roomUs, count: picture.count }];
    }
  }

  /** What speaks against a track being one aircraft where it is shown; empty, when nothing does. */
  oddityOf(number: number): string {
    return this.names.get(number)?.[5] ?? '';
  }

  /** What people call a track: its callsign, or its address. */
  nameOf(number: number): string {
    const name = this.names.get(number);
    return name ? name[1] || name[3].replace(/^\w+:/, '').toUpperCase() : `T${number}`;
  }

  /** A role in words; `role@NATION` is that nation's. */
  roleName(asked: string): string {
    const [role = asked, nation] = asked.split('@');
    const name = this.info?.roles?.[role] ?? role;
    return nation ? `${name} of ${nation}` : name;
  }

  /** Whether this seat speaks on a line: where its members are named, only they do. */
  speaks(line: LineShown): boolean {
    return !line.members.length || line.members.includes(this.seat?.role ?? '');
  }

  /** A coded word of the line, in English or another language of the room. */
  lineWord(code: string, language = 'en'): string {
    return this.info?.line_words?.[language]?.[code] ?? code.replaceAll('_', ' ');
  }

  /** The language of the nation of this seat; English on the wall. */
  ownLanguage(): string {
    return this.info?.languages?.[this.seat?.nation ?? ''] ?? 'en';
  }

  /** The other party's language, where it is not English. */
  otherLanguage(party: string): string {
    const language = this.info?.languages?.[party] ?? 'en';
    return language !== 'en' && this.info?.line_words?.[language] ? language : '';
  }

  areaName(area: string): string {
    return this.info?.areas?.find((known) => known.area_id === area)?.name ?? area;
  }

  kindName(kind: string): string {
    return this.info?.kinds?.find((known) => known.kind === kind)?.name ?? kind;
  }
}

export const room = new RoomStore();
