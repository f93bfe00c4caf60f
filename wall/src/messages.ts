// Generated from watchfloor.messages by tools/generate.py; do not edit.
/** An adviser concurs or doubts; the words are kept as written. */
export interface AdviceGiven {
  type: "AdviceGiven";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  request_id: string;
  version: number;
  verdict: Verdict;
  words: string;
}

/** One adviser's word on one version. */
export interface AdviceShown {
  act_id: string;
  version: number;
  verdict: Verdict;
  words: string;
  at_us: number;
  counts: boolean;
  beforehand: boolean;
  who: Who;
}

/** A note or a second thought, pinned to a moment of a request. */
export interface AfterthoughtShown {
  seq: number;
  request_id: string;
  moment_us: number;
  answer: string;
  words: string;
  who: Who;
  as_seat_id: string;
}

/** An item for the next call: a message that is to be spoken about. */
export interface AgendaProposed {
  kind: "agenda";
  about: string;
}

/** Something to be spoken about in the next call, and why: proposed, new, changed, disputed, or not read back. */
export interface AgendaShown {
  about: string;
  why: string;
}

/** A named seat says it has seen an alert. It changes nothing else. */
export interface AlertAcknowledged {
  type: "AlertAcknowledged";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  alert_id: string;
}

/** One alert about a predicted loss of separation; `escalated_us` is 0 until nobody answered it for long. */
export interface AlertShown {
  alert_id: string;
  first: string;
  second: string;
  raised_us: number;
  between_parties: boolean;
  minimum_m: number;
  minimum_ft: number;
  regime: string;
  breaks_first: Broken | null;
  loss_us: number;
  cpa_us: number;
  cpa_m: number;
  vertical_ft: number;
  basis: VerticalBasis;
  acknowledged_by: Who | null;
  escalated_us: number;
  ended: EndCause | null;
}

/** What a decider presses; unsure is a doubt. */
export type Answer = "no" | "unsure" | "yes";

/** One thing to know: what kind of thing, which one, how it stands; since when and due when, 0 where none is told. */
export interface BriefItem {
  matter: BriefMatter;
  subject: string;
  about: string;
  state: string;
  since_us?: number;
  due_us?: number;
}

/** What a brief is divided into. */
export type BriefMatter = "doubted" | "due" | "open" | "stale" | "suspended";

/** A brief as it is read, and the digest of it that is signed. */
export interface BriefTold {
  items: (BriefItem)[];
  digest: string;
}

/** Which minimum is broken first; the other one then completes the loss. Both: at the same instant, or already. */
export type Broken = "both" | "distance" | "level";

/** We call: the daily one that was due then, or (0) one beside the schedule, for which urgent ones do not wait. */
export interface CallOpened {
  kind: "call";
  due_us: number;
  urgent: boolean;
  joined?: (string)[];
}

/** A call: open, held, over, or minuted by both; `asked`: roles that are asked to answer it. */
export interface CallShown {
  digest: string;
  party: string;
  due_us: number;
  urgent: boolean;
  joined: (string)[];
  sent_us: number;
  heard_us: number;
  state: string;
  rolls: (RollShown)[];
  minutes: (MinutesShown)[];
  asked: (string)[];
}

/** What was decided has been done; from then on it is not asked again. */
export interface CarriedOut {
  type: "CarriedOut";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  request_id: string;
  version: number;
  words: string;
}

/** How far a party's messages go: how many, and the digest of the last; zeros where there is none. */
export interface ChainHead {
  party: string;
  count: number;
  head: string;
}

/** Exercise control pauses, jumps or paces room time. `jump_to_us` absent: no jump. */
export interface ClockCommanded {
  type: "ClockCommanded";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  rate_permille: number;
  paused: boolean;
  jump_to_us?: number | null;
}

/** Free text, marked as such, in its own language; untranslated until an interpreter says a translation. */
export interface CommentMade {
  kind: "comment";
  words: string;
  language: string;
}

/** Free text in its own language; untranslated, until there is a translation. */
export interface CommentShown {
  digest: string;
  party: string;
  sent_us: number;
  words: string;
  language: string;
  translations: (TranslationShown)[];
}

/** An interpreter's words for a comment, in another language; the original stands beside them for ever. */
export interface CommentTranslated {
  kind: "translation";
  about: string;
  words: string;
  language: string;
}

/** What a screen, an export and an outgoing message say they are (SCOPE limit 1). */
export type Context = "EXERCISE" | "EXERCISE REPLAY" | "LIVE - CIVIL, NOT CERTIFIED" | "REPLAY" | "WHAT IF";

/** A signed decision in its own words; `owed_us`: until when words are owed, 0 when none are. */
export interface DecidedShown {
  act_id: string;
  answer: Answer;
  lawful_and_valid: string;
  expected_advantage: string;
  remaining_doubt: string;
  at_us: number;
  owed_us: number;
  confirmed: boolean;
  pressure: Pressure | null;
  who: Who;
}

/** A decider answers, with the two questions and the remaining doubt in writing; words left out are owed. */
export interface DecisionSigned {
  type: "DecisionSigned";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  request_id: string;
  version: number;
  answer: Answer;
  lawful_and_valid: string;
  expected_advantage: string;
  remaining_doubt: string;
  cited: (string)[];
  screen_digest: string;
}

/** The grantor's side takes a delegation back, at once. */
export interface DelegationRevoked {
  type: "DelegationRevoked";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  request_id: string;
  words: string;
}

/** Anybody doubts. It stops at once; no reason is needed at that moment. */
export interface DoubtRaised {
  type: "DoubtRaised";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  request_id: string;
  version: number;
  words: string;
  heard_from?: string | null;
}

/** Somebody else answers a doubt in writing. It reopens as a new version, asked again from all. */
export interface DoubtResolved {
  type: "DoubtResolved";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  request_id: string;
  version: number;
  doubt_id: string;
  words: string;
}

/** One doubt, open or answered. */
export interface DoubtShown {
  doubt_id: string;
  version: number;
  words: string;
  at_us: number;
  open: boolean;
  resolution: string;
  who: Who;
  heard_from: string;
}

/** Why an alert ended. */
export type EndCause = "clock_jumped" | "diverged" | "track_lost";

/** What came near a notified place. */
export type EventKind = "carried out" | "decision" | "harm" | "notice on the line" | "use" | "warning on the line";

/** Something to step to; `seq` is its entry. */
export interface EventShown {
  seq: number;
  at_us: number;
  what: string;
  request_id: string;
}

/** A fact about a request, which seats held it since when, and which lacked it. */
export interface FactShown {
  seq: number;
  at_us: number;
  what: string;
  held: (HeldShown)[];
  lacked: (string)[];
}

/** A person states a fact about an area, a city, a request or the room, as of an instant, and how they know. */
export interface FactStated {
  type: "FactStated";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  fact: StatedFact;
  about: string;
  value: string;
  as_of_us: number;
  until_us: number;
  words: string;
  label: Label;
}

/** The separation that we keep from whatever is theirs while the line is suspended. */
export interface FallbackDeclared {
  kind: "fallback";
  horizontal_m: number;
  vertical_ft: number;
}

/** The separation that a party declared for when the line is suspended. */
export interface FallbackShown {
  party: string;
  horizontal_m: number;
  vertical_ft: number;
}

/** One feed: how old, how much, what was refused. */
export interface FeedShown {
  feed_id: string;
  name: string;
  state: FeedState;
  newest_us: number | null;
  message_count: number;
  position_count: number;
  bad_count: number;
  dropped_count: number;
  reasons: Record<string, number>;
  bytes_count?: number;
}

/** How old the newest data of a feed is, by the feed's own limits. */
export type FeedState = "fresh" | "lost" | "stale" | "waiting";

/** What the rules answer now: policies by full id. `withheld`: some speak of what this screen may not show. */
export interface FindingShown {
  answer: RuleAnswer;
  parts: (string)[];
  asked: (string)[];
  withheld: boolean;
}

/** Somebody who took no part in the event answers the follow-up, in writing. */
export interface FollowUpClosed {
  type: "FollowUpClosed";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  follow_id: string;
  words: string;
}

/** A follow-up as a screen shows it: what came near, since when, and how it was answered. */
export interface FollowUpShown {
  follow_id: string;
  event: EventKind;
  about: string;
  at_us: number;
  closed: boolean;
  words: string;
}

/** A TAK client's own position; the room does not judge it. */
export interface GuestShown {
  uid: string;
  callsign: string;
  lat_e7deg: number;
  lon_e7deg: number;
}

/** Somebody passes on that people were hurt or things damaged: who says so, in which words, as of when. */
export interface HarmReported {
  type: "HarmReported";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  harm_id: string;
  about: string;
  said_by: string;
  words: string;
  as_of_us: number;
  label: Label;
}

/** Reported harm, as attributed: received is neither confirmed nor denied. */
export interface HarmShown {
  harm_id: string;
  about: string;
  said_by: string;
  words: string;
  as_of_us: number;
  received_us: number;
  who: Who;
  review: ReviewShown;
}

/** Since when a seat could see a fact. */
export interface HeldShown {
  seat_id: string;
  since_us: number;
}

/** A person opens what came after a moment of a request. From then on they know, and the record says so. */
export interface HindsightRevealed {
  type: "HindsightRevealed";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  request_id: string;
  moment_seq: number;
}

/** Where what came later is hidden from this person: before the outcome of a request, after entry `moment_seq`. */
export interface HorizonShown {
  request_id: string;
  moment_seq: number;
  at_us: number;
}

/** Kinds of request; a pack names and explains those it uses. Fixed in the engine (SCOPE limit 6). */
export type Kind = "airdrop" | "drop_on_fire" | "escort" | "evacuation_or_relief_flight" | "force_exercise_only" | "show_of_presence" | "temporary_closure";

/** Level, nations (three-letter codes), and groups that need to know; both sorted, each once. */
export interface Label {
  level: Level;
  nations: (string)[];
  need_to_know?: (string)[];
}

/** How far an item may travel inside the nations it is releasable to; higher is narrower. */
export type Level = 0 | 1 | 2;

/** Separate lines for separate matters, each with its own members. */
export type LineKind = "air" | "commander" | "ground";

/** What is measured of a line, whatever was declared: heard lately, heard of no more, or never yet. */
export type LineMeasure = "heard" | "never heard" | "silent";

/** A corner of an outline. */
export interface LinePlace {
  lat_e7deg: number;
  lon_e7deg: number;
}

/** We use the line again. */
export interface LineResumed {
  kind: "resumption";
}

/** Who can take part in a call, in words that both sides have. */
export type LineRole = "duty_chief" | "interpreter" | "legal_adviser" | "line_officer" | "watch_officer";

/** One line. `suspended`: parties that declared it; `measured`: what is heard, whatever was declared, */
export interface LineShown {
  line_id: string;
  line: LineKind;
  party: string;
  other_party: string;
  is_open: boolean;
  suspended: (string)[];
  measured: LineMeasure;
  measured_us: number;
  silent_us: number;
  skew_us: number;
  unreceipted_count: number;
  fallbacks: (FallbackShown)[];
  notices: (NoticeShown)[];
  unshown_count: number;
  urgents: (UrgentShown)[];
  calls: (CallShown)[];
  comments: (CommentShown)[];
  matches: (MatchShown)[];
  agenda: (AgendaShown)[];
  members: (string)[];
  newest: string;
  heads: (ChainHead)[];
  refused: (string)[];
  call_due_us: number;
  missed_us: number;
}

/** A person says something on a line. */
export interface LineSpoken {
  type: "LineSpoken";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  line_id: string;
  body: VolumeNotified | NoticeAcknowledged | NoticeReadBack | NoticeDisputed | NoticeCorrected | NoticeExpired | UrgentWarning | LineSuspended | LineResumed | FallbackDeclared | AgendaProposed | CommentMade | CommentTranslated | CallOpened | RollCalled | MinutesSigned | MatchProposed | MatchAccepted;
}

/** We do not use the line until we resume it. */
export interface LineSuspended {
  kind: "suspension";
}

/** A volume of air for a time: an outline, levels by the pressure surface of 1013.25 hPa, from and until when. */
export interface LineVolume {
  outline: (LinePlace)[];
  floor_ft: number;
  ceiling_ft: number;
  from_us: number;
  until_us: number;
}

/** The newest checkpoint the actor's screen had: how many entries, and their root. */
export interface LogHead {
  size_count: number;
  root: string;
}

/** We match by these terms; our plan is what this commitment names. */
export interface MatchAccepted {
  kind: "match_acceptance";
  about: string;
  commitment: string;
}

/** Where and when one of our own plans comes too near to one of theirs, in whole cells. Whose it is nobody says. */
export interface MatchClash {
  plan_id: string;
  volume: LineVolume;
}

/** Let us learn where our plans of this epoch clash, and nothing else; ours is what this commitment names. */
export interface MatchProposed {
  kind: "match";
  terms: MatchTerms;
  commitment: string;
}

/** A private matching of plans: by whom it was proposed, which epoch, how far it came, where our plans clash. */
export interface MatchShown {
  digest: string;
  party: string;
  sent_us: number;
  terms: MatchTerms;
  state: string;
  reason: string;
  objection: string;
  coarse_count: number;
  fine_count: number;
  clashes: (MatchClash)[];
}

/** What both parties agree to compare, and how much of a plan may be shown by it. */
export interface MatchTerms {
  from_us: number;
  until_us: number;
  horizontal_m: number;
  vertical_ft: number;
  coarse_count: number;
  fine_count: number;
  most_of_flight_count: number;
  most_shown_permille: number;
  always_shown_count: number;
}

/** Up to which heads a party's minutes of a call go. */
export interface MinutesShown {
  party: string;
  heads: (ChainHead)[];
}

/** A call is over for us; its minutes are the messages of both parties up to these heads, in order of their names. */
export interface MinutesSigned {
  kind: "minutes";
  about: string;
  heads: (ChainHead)[];
}

/** A person says why a medium is missing, or what its return means; the words are the reason on record. */
export interface MissingExplained {
  type: "MissingExplained";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  digest: string;
  words: string;
}

/** What rarely changes of a track. */
export type NameTold = [number, string, string, string, string, Oddity];

/** Names of tracks that this screen did not have yet. */
export interface NamesTold {
  kind: "names";
  tracks: (NameTold)[];
}

/** An observer's note, pinned to a time and a request; it changes nothing. */
export interface NotePinned {
  type: "NotePinned";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  request_id: string;
  moment_seq: number;
  moment_us: number;
  words: string;
}

/** A person has seen that message; it is not agreed by that. */
export interface NoticeAcknowledged {
  kind: "acknowledgement";
  about: string;
}

/** Our own notice, said anew; the one before counts no more. */
export interface NoticeCorrected {
  kind: "correction";
  about: string;
  volume: LineVolume;
}

/** We do not accept that notice; the field that is in question, if it is one. */
export interface NoticeDisputed {
  kind: "dispute";
  about: string;
  name?: string;
}

/** Our own notice counts no more. */
export interface NoticeExpired {
  kind: "expiry";
  about: string;
}

/** A notice's fields, typed anew one by one. */
export interface NoticeReadBack {
  kind: "read_back";
  about: string;
  fields: (ReadBackField)[];
}

/** A notice: whose, which volume, and how far it came. Received is not agreed. */
export interface NoticeShown {
  digest: string;
  party: string;
  sent_us: number;
  volume: LineVolume;
  standing: string;
  wrong: (string)[];
  said: (ReadBackField)[];
  faults: (string)[];
}

/** Somebody who may see it says that they have; nothing is promised by that. */
export interface NotificationAcknowledged {
  type: "NotificationAcknowledged";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  notification_id: string;
}

/** A humanitarian party says where people are to be spared: a site, or the way of a movement, from and until when. */
export interface NotificationGiven {
  type: "NotificationGiven";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  notification_id: string;
  kind: NotificationKind;
  places: (LinePlace)[];
  near_m: number;
  from_us: number;
  until_us: number;
  urgent: boolean;
  contact_role: string;
  words: string;
  label: Label;
}

/** Something that stays in its place, or something on its way. */
export type NotificationKind = "movement" | "site";

/** A notification as those see it whom its notifier named. */
export interface NotificationShown {
  notification_id: string;
  kind: NotificationKind;
  places: (LinePlace)[];
  near_m: number;
  from_us: number;
  until_us: number;
  urgent: boolean;
  contact_role: string;
  words: string;
  label: Label;
  role: string;
  nation: string;
  at_us: number;
  state: string;
  late_us: number;
  acknowledged_by: (string)[];
  area_ids: (string)[];
  follow_ups: (FollowUpShown)[];
}

/** It counts no more, and why. */
export interface NotificationWithdrawn {
  type: "NotificationWithdrawn";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  notification_id: string;
  words: string;
}

/** What speaks against a track's being one aircraft where it is shown. */
export type Oddity = "" | "a place was claimed that it cannot have reached" | "one identity, two places";

/** A place on the map. */
export interface PlaceShown {
  lat_e7deg: number;
  lon_e7deg: number;
}

/** How long ago it was asked, how long its window still lasted, and how many other requests were open. */
export interface Pressure {
  since_asked_us: number;
  left_us: number;
  open_count: number;
}

/** The clock, the feeds and the clients' own positions, with every tick. */
export interface PulseTold {
  kind: "pulse";
  room_us: number;
  rate_permille: number;
  paused: boolean;
  failed: string | null;
  tape_failed: string | null;
  witness_failed: string | null;
  feeds: (FeedShown)[];
  guests: (GuestShown)[];
  videos?: (VideoShown)[];
}

/** One field of a notice, typed anew by who read it back: digits, in the unit that the field's name tells. */
export interface ReadBackField {
  name: string;
  value: string;
}

/** Where a replay stands for this viewer, what there is to step to, and what is hidden. */
export interface ReplayTold {
  kind: "replay";
  number: number;
  stretches: (StretchShown)[];
  moment_seq: number;
  horizon: HorizonShown | null;
  events: (EventShown)[];
  seats: (SeatShown)[];
  as_seat_id: string;
  notes: (AfterthoughtShown)[];
  thoughts: (AfterthoughtShown)[];
}

/** One request; `state` is the word on its card: open, held, stopped or decided. */
export interface RequestShown {
  request_id: string;
  version: number;
  state: string;
  kind: Kind;
  acting_nation: string;
  what: string;
  why: string;
  hoped_for: string;
  could_go_wrong: string;
  alternatives: string;
  area_id: string;
  from_us: number;
  until_us: number;
  written_us: number;
  label: Label;
  author: Who;
  advisers: (string)[];
  absent: (string)[];
  advice: (AdviceShown)[];
  doubts: (DoubtShown)[];
  finding: FindingShown | null;
  earlier: (string)[];
  past_decisions: (DecidedShown)[];
  stages: (StageShown)[];
  carried_out_us: number;
  holder: string;
  delegation: string;
  decided: DecidedShown | null;
  stopped: StoppedShown | null;
}

/** A person asks for something to be allowed, in words, for an area and a window. */
export interface RequestWritten {
  type: "RequestWritten";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  request_id: string;
  kind: Kind;
  acting_nation: string;
  what: string;
  why: string;
  hoped_for: string;
  could_go_wrong: string;
  alternatives: string;
  area_id: string;
  from_us: number;
  until_us: number;
  label: Label;
  rules_digest: string;
  holder?: string | null;
}

/** Somebody who took no part closes the review of a use or of reported harm, in writing. */
export interface ReviewClosed {
  type: "ReviewClosed";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  subject_id: string;
  words: string;
}

/** A review: due when, overdue or not, and how it was closed; `closed_us` is 0 while it is open. */
export interface ReviewShown {
  due_us: number;
  overdue: boolean;
  closed_us: number;
  words: string;
  closed_by: Who | null;
}

/** Who is here for a call, by role; it answers the call. */
export interface RollCalled {
  kind: "roll";
  about: string;
  present: (LineRole)[];
}

/** Who of a party is there for a call. */
export interface RollShown {
  party: string;
  present: (LineRole)[];
}

/** Stop (by these rules), ask (these people), or no objection; never "approved". */
export type RuleAnswer = "ask" | "no_objection" | "stop";

/** Somebody who may change rules signs that a version takes effect, having read its comparison. */
export interface RuleChangeSigned {
  type: "RuleChangeSigned";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  from_digest: string;
  to_version: string;
  to_digest: string;
  report_digest: string;
  words: string;
}

/** Somebody who may change rules puts a version of their own on record, in full. */
export interface RulesProposed {
  type: "RulesProposed";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  from_digest: string;
  to_version: string;
  to_digest: string;
  rules_text: string;
  words: string;
}

/** Everything a screen's hash is over. What a room has none of leaves its hash as it was before there were any. */
export interface ScreenDocument {
  board: (RequestShown)[];
  uses: (UseShown)[];
  harm: (HarmShown)[];
  alerts: (AlertShown)[];
  seats: (SeatShown)[];
  lines?: (LineShown)[];
  notified?: (NotificationShown)[];
  watches?: (WatchShown)[];
  walls?: (SeatShown)[];
}

/** A screen with its hash and the log's head at that moment. */
export interface ScreenTold {
  kind: "screen";
  context: Context;
  digest: string;
  head: LogHead;
  screen: ScreenDocument;
}

/** A seat on which a person sits. */
export interface SeatShown {
  seat_id: string;
  role: string;
  nation: string;
}

/** What a person would have thought at a moment, from a seat's view, before they opened what came after. */
export interface SecondThought {
  type: "SecondThought";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  request_id: string;
  moment_seq: number;
  as_seat_id: string;
  answer: Answer;
  words: string;
}

/** What a request reached when. */
export interface StageShown {
  name: string;
  at_us: number;
}

/** Advice given beforehand, for a kind in an area, on conditions in words, until an instant at the latest. */
export interface StandingAdviceGiven {
  type: "StandingAdviceGiven";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  kind: Kind;
  area_id: string;
  conditions: string;
  until_us: number;
}

/** Facts that people state, because no part of the room measures them; rules are told the newest. */
export type StatedFact = "civilians" | "crosses_line" | "line" | "notice" | "notified" | "sensing" | "source_count" | "view";

/** Why a request ended without a decision; final. */
export type StopCause = "clock" | "expiry" | "record" | "rule" | "witness";

/** Why a request ended without a decision. */
export interface StoppedShown {
  cause: StopCause;
  sentence: string;
  at_us: number;
}

/** A stretch of room time that runs without a jump. */
export interface StretchShown {
  number: number;
  start_us: number;
  end_us: number;
}

/** An interpreter's words for a comment, and of which party that interpreter is. */
export interface TranslationShown {
  party: string;
  words: string;
  language: string;
}

/** Why an urgent warning is given; the words of each language stand in one table. */
export type UrgentCause = "aircraft_in_volume" | "aircraft_near_line" | "loss_of_control" | "medical";

/** An urgent warning, what cannot be so in it, and whether somebody of the other party has seen it. */
export interface UrgentShown {
  digest: string;
  party: string;
  cause: UrgentCause;
  volume: LineVolume;
  sent_us: number;
  heard_us: number;
  is_seen: boolean;
  faults: (string)[];
  asked: (string)[];
}

/** Any watch officer takes it at once. */
export interface UrgentWarning {
  kind: "urgent";
  cause: UrgentCause;
  volume: LineVolume;
}

/** A crew says that it acted without the room: when, what, where, under which delegation, and why it had to. */
export interface UseReported {
  type: "UseReported";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  use_id: string;
  request_id: string;
  kind: Kind;
  area_id: string;
  event_us: number;
  attacked: boolean;
  waiting_costs: boolean;
  crew_sees: boolean;
  necessity: string;
  label: Label;
}

/** A crew's use of a delegation: when it was, when it was told, what does not fit, what the rules say. */
export interface UseShown {
  use_id: string;
  request_id: string;
  kind: Kind;
  area_id: string;
  event_us: number;
  received_us: number;
  outside: (string)[];
  answer: RuleAnswer | null;
  parts: (string)[];
  withheld: boolean;
  necessity: string;
  who: Who;
  review: ReviewShown;
}

/** What an adviser presses. */
export type Verdict = "concur" | "doubt";

/** Which altitudes were compared; unknown means the pair is judged as if level with each other. */
export type VerticalBasis = "geometric" | "pressure" | "unknown";

/** One video: how far its clock is from the room's, where its camera is, the frame's centre and corners. */
export interface VideoShown {
  feed_id: string;
  behind_us: number | null;
  is_off: boolean;
  place: PlaceShown | null;
  frame: PlaceShown | null;
  corners: (PlaceShown)[];
}

/** We mean to be in this volume. */
export interface VolumeNotified {
  kind: "notice";
  volume: LineVolume;
}

/** Who keeps a watch hands it over: the brief that they read, by its digest, and what they add in words. */
export interface WatchHandedOver {
  type: "WatchHandedOver";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  brief: string;
  words: string;
}

/** A seat's watch: kept, handed over, or not acknowledged by who sits there, and since when. */
export interface WatchShown {
  seat_id: string;
  role: string;
  nation: string;
  state: string;
  since_us: number;
  handed_us: number;
  words: string;
}

/** Who sits down on a watch acknowledges its brief as it stands now, and keeps the watch from then on. */
export interface WatchTakenOver {
  type: "WatchTakenOver";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  brief: string;
  words: string;
}

/** Somebody by role and nation; screens show no names of persons. */
export interface Who {
  role: string;
  nation: string;
  seat_id: string;
  simulated: boolean;
}

/** The decider gives the written answers that a decision taken in seconds owes. */
export interface WordsGiven {
  type: "WordsGiven";
  act_id: string;
  room_id: string;
  person_id: string;
  seat_id: string;
  at_us: number;
  head: LogHead;
  request_id: string;
  decision_id: string;
  lawful_and_valid: string;
  expected_advantage: string;
  remaining_doubt: string;
}
