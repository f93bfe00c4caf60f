"""Every field of every message and what it means. A field that is not here does not exist (SCOPE limits 2, 3, 10)."""

_TEXT = """
about: what a stated fact or a message of the line is about: a request, area, city, the room; a message by its digest
absent: required roles that no person has advised from yet
accuracy: how well a place is measured
acknowledged_by: the seat that said it has seen an alert
across_m: one sigma of a place across a bearing
act_id: nonce of an act, also its idempotency key
acting_nation: the nation whose own decider decides
actor: who acted, as the room knew it then
address_blocks: blocks of 24-bit addresses that name a party
advice: what advisers said, or the rule that asks them
advisers: roles that must be asked
agenda: messages to be spoken about in the next call
airfield_rings: where separation is the tower's business
airfields: airfields of the map
alert_id: an alert's name in this room
alerts: alerts as a screen shows them
along_m: one sigma of a place along a bearing
alt_ft: pressure altitude, 1013.25 hPa
alternatives: what else was considered
always_shown_count: how many cells of a plan a match may show however small the plan is
answer: what a decider pressed
answer_after_s: after how long a simulated counterpart answers
area: the pack's name of an area
area_id: an area of the pack; there is no finer place
area_ids: areas of the room within reach of a notified place
area_km2: an area's size on the ellipsoid
areas: areas of the pack
around: a place around which a rule of separation holds, latitude first
as_of: of when a fact is, as packs write it
as_of_us: of when a stated fact is
as_seat_id: the seat from whose view somebody looked back
asked: roles that a finding asks
asks: roles that a policy asks
assertion: a passkey's confirmation of an act
at: a room time as people write it
at_us: room time of an act or outcome
attacked: whether people there were under attack, as the crew says
authenticator_data: what the authenticator says of itself and the person, WebAuthn 6.1
author: who wrote a request
availability: whether somebody's service answers, as an arbiter says
bad_count: what a feed sent that was refused
base_url: the address of a manager's service
basis: which altitudes were compared
bearing_deg: the direction that an error is measured along, from true north
beforehand: whether advice was given before the request was written
begin_us: when a planned volume begins
begins_key: whether decoding can begin with these bytes of a video
behind: policies behind an answer of the rules
behind_us: how far behind the room's clock a camera's newest word came
below_ft: the level below which a ring applies
between_parties: whether an alert is about aircraft of both parties
block: a tape block's name
board: requests as a screen shows them
body: the fact inside an entry
breaks_first: which minimum is broken first
brief: the digest of a brief that somebody read
brings: the implicit subscription that an entity brings
bytes_count: bytes that a feed has sent
call_at: local time of the daily call
call_due_us: when the next daily call on a line is due
calls: calls on a line
callsign: what an aircraft calls itself
callsigns: names of scripted aircraft
camera: the route of the aircraft that films, for a feed of video
carried_out_us: room time at which somebody said that it has been done; 0 before
cases: test cases of a pack's rules
cause: why something ended
caveat: what a nation takes no part in, in words
ceiling_ft: the upper level of a volume, by the pressure surface
center: the middle of a circle, as longitude and latitude
center_e7deg: the middle of a circle, longitude then latitude, 1e-7 degrees
changed: policies that differ between two versions
cited: acts that a decider relied on
city: the city that an area is part of
clashes: where and when our own plans come too near to one of theirs, in whole cells
class_count: how many classes of questions a change of rules answers otherwise
cleared_bytes: bytes of an unfinished write that a start cleared away
cleared_ft: the level at which a climb or descent is taken to end
client_data: what the browser says that it asked for, WebAuthn 5.8.1
climbs_from_field: whether a scripted aircraft starts on the ground
clock: the pack's clock
closed: whether a follow-up was answered
closed_by: who closed a review
closed_us: room time at which a review was closed; 0 while it is open
closest_seen_m: the smallest distance while an alert stood
coarse_count: coarse cells that each side puts into a match, or that both plans touch
code: stable name of a refusal
comments: free text on a line, in its own language
commitment: SHA-256 of what a party puts into a match, with its salt
conditions: on what conditions advice given beforehand holds, in words
confirmed: whether a decision was confirmed with a passkey
contact_role: whom to call about a notified place, by role
context: what a screen says it is
copy_of: whose copy of the joint log it is
corners: the corners of what a camera sees
corridor: corners of a place in which a rule of separation holds
could_go_wrong: what could go wrong, and for whom
count: how many tracks or aircraft
counter_epoch_us: room time at which a source's counter was 0
counterpart: who answers the line while nobody plays the other party
countersignature: the receiver's signature over the same text
counts: whether advice counts as required advice
cpa_m: distance at closest approach
cpa_us: room time of closest approach
credential_id: a passkey's id
crew_sees: whether the crew itself saw it, as the crew says
cut_bytes: bytes cut behind what the record vouches for
date: the room's date
decided: a signed decision as shown
decision: what the rule engine itself said
decision_id: the act that decided
delegation: how a delegation stands
descends_to_field: whether a scripted aircraft lands
digest: SHA-256 of bytes or of a screen
document: the exact text that a person signed
doubt_id: the act that raised a doubt
doubts: doubts as a screen shows them
dropped_count: elements of CoT that are not read
due_of_day_s: when the daily call is due, since local midnight
due_us: until when a review is due
earlier: earlier refusals of the same kind where ground is shared
encounter: the closest approach of a pair
end: the exercise's last minute
end_us: when a loss of separation ends, or a stretch of room time does
ended: why an alert is over
ends: the implicit subscription that ends with a change
engine: the rule engine's own answer
entity: an operational intent or a constraint of the directory
entity_id: the id of an operational intent or a constraint
epoch_room_us: room time at a clock setting
epoch_toe_us: entry time of a clock setting
epoch_us: midnight of the room's date
errors: errors of policies, in the engine's words
escalated_us: when it was found that nobody had answered an alert, or 0
event: what kind of event came near a notified place
event_us: room time at which a use happened
events: what a replay can step to
expected_advantage: the decider's answer to the second question
fact: which fact is stated
facts: what rules were told of a request
failed: why the record cannot be written
fallbacks: separations that parties declared for a suspended line
faults: why policies, schema or question do not fit each other
feature: the kind of a map feature
feed: which feed a scripted aircraft is heard on
feed_id: a feed's name
feeds: feeds of a pack or room
fictional: whether all geography is invented
fields: fields that were typed anew, one by one
files: rule files of a version
finding: what the rules answered last
fine_count: fine cells that each side puts into a match, or that both plans touch
first: the first of two, or of a block
first_off_block_min: minutes from the start to the first departure
first_room_us: room time of a tape block's first frame
floor_ft: the lower level of a volume, by the pressure surface
follow_id: an event near a notified place that somebody has to answer
follow_ups: events that came near a notified place
form: how a passkey is used and checked: webauthn or ssh
format: a feed's wire format
frame: the middle of what a camera sees
frame_count: frames in a tape block
frame_lat_deg: the middle of what a camera sees, latitude
frame_lon_deg: the middle of what a camera sees, longitude
from_digest: hash of the rules that a change replaces
from_ft: the level from which a rule of separation holds
from_us: start of a request's window
geo_alt_ft: altitude above the ellipsoid
geo_minus_pressure_ft: the difference as the aircraft reports it
grace_s: how long a call may be late
gs_dkt: ground speed in tenths of a knot
gs_kt: ground speed
guests: own positions of TAK clients
half_height_m: how far an aircraft may be above or below its trajectory
half_time_us: how early or late an aircraft may be on its trajectory
half_width_m: how far an aircraft may be to the side of its trajectory
handed_us: when a watch was handed over last, 0 where it never was
harm: harm that was reported, after the fact
harm_id: a report of harm's name on the board
has_place: whether a report told a place
head: the log's newest checkpoint that a screen had
header: the pack's main file
heads: how far both parties' messages on a line go
headway_min: minutes between departures
heard_count: messages of the other party that a room holds
heard_from: the crew's seat whose radioed doubt somebody entered
heard_head: digest of the newest of these
heard_us: when a message of theirs came, by our own room time
height_m: height above the ellipsoid
held: by whom an area is held at the start, in the map's words
high_m: up to which height above the ellipsoid
high_mm: the upper height of a volume, millimetres above the ellipsoid
holder: the crew's seat that asks for or holds a delegation
hoped_for: what is hoped for
horizon: where what came later is hidden from a person
horizontal_m: horizontal minimum
horizontal_nm: horizontal minimum as packs write it
id: a name inside a pack
identity: transponder address or CoT uid of an aircraft
implicit: whether a subscription came with an intent and goes with it
in_exercise: whether a chunk came into the room of an exercise
in_force: the version of the rules in force at the start
is_datagram: whether a chunk's ends are those of a message
is_exercise: whether the rules are those of an exercise
is_near_line: whether an area may lie within 20 NM of a party line
is_off: whether a camera's clock is too far from the room's to be one with it
is_open: whether a line is open in this run of the room
is_seen: whether a person of the other party has seen an urgent warning
items: what a brief tells, one by one
joined: parties that are called together, each on its own line with the caller
jump_to_us: room time to jump to
jumped: whether a clock setting begins a new time context
keep_s: how long a block of the tape was kept after it was sealed
key: idempotency key of an entry
key_id: short name of a public key
key_line: a verifier key in the one-line form of signed notes
key_lines: verifier keys of the witnesses that are asked
kind: kind of request, seat or aircraft
kinds: kinds of request
label: level and nations an item is releasable to
lacked: seats that could not see a fact
language: language tag of a nation
last: the last of a block of addresses
last_room_us: room time of a tape block's last frame
lasts_min: how long a notice lasts
lat_deg: latitude, WGS 84
lat_e7deg: latitude in 1e-7 degrees
late: whether a review was closed after it was due
late_us: how much later than due a notification came
lawful_and_valid: the decider's answer to the first question
lead_us: how long before it begins a notification came; negative, when it had begun
left_us: how long its window still lasted then
level: how far an item may travel inside its nations
level_ft: level that a scripted aircraft flies
level_tolerance_ft: how far a level may come apart on another engine
line: which kind of line it is, or how a pack answers lines; in a rule of separation, the states it holds for
line_id: which line between the parties
lines: lines to other parties, as a screen shows them
lon_deg: longitude, WGS 84
lon_e7deg: longitude in 1e-7 degrees
lookahead_s: how far ahead is looked
lookahead_us: how far ahead conflicts are looked for
loop: whether scripted aircraft fly round a path
loss_us: room time at which separation is lost
lost_s: age at which a feed is lost
low_m: from which height above the ellipsoid
low_mm: the lower height of a volume, millimetres above the ellipsoid
machine: the system and processor that computed
manager: whose service manages an entity or a subscription
map_geojson: the map as it is drawn
match: the match of plans that it is about, by the digest of the message that proposed it
matches: private matchings of plans on a line
matter: what an item of a brief is: open, doubted, stale, suspended or due
measured: whether a line is heard, whatever was declared
measured_us: since when a line is heard or silent, by room time
members: roles that speak on a line
message_count: messages received
minima: what must be kept between aircraft
minimum_ft: vertical minimum, as shown
minimum_m: horizontal minimum, as shown
minutes: a party's minutes of a call: up to which message
misread_count: how many first read-backs have digits turned round
missed_us: when a daily call was due that was not held
moment_seq: the entry up to which a moment shows the record
moment_us: the room time that a note is pinned to
more_count: how many entries of the same come behind
most_of_flight_count: how many cells one flight may cover in a match
most_shown_permille: how large a share of a plan's coarse cells a match may show
name: what people call something
nation: three-letter code of a nation
nations: nations of a room or label
near_m: how near to a notified place is near
necessity: why a crew had to act, in its words
need_to_know: groups whose members alone may see an item, or in which a seat is; sorted, each once
needed_count: how many witnesses must have seen a decision before it is published
new_digest: hash of the rules that are proposed
new_version: the version that is proposed
newest: digest of the message that came last on a line
newest_us: room time of a feed's newest data
note: a plain-language note
notes: observers' notes, pinned to a moment of a request
notices: notices on a line, and how far each came
notification_id: a notification of a place or movement that is to be spared
notification_readers: the group that sees a notification unless its notifier names another
notified: places and movements that are to be spared, as this viewer may know them
now_m: distance when the probe looked
now_vertical_ft: vertical distance when the probe looked
number: a track's number in this room
numpy: the version of numpy that computed
objection: why something cannot be accepted by us
observations: reports of one feed in one chunk
oddity: what speaks against a track being one aircraft where it is shown
of_constraints: whether a subscription is told of constraints
of_intents: whether a subscription is told of operational intents
old_digest: hash of the rules in force at a comparison
on_ground: whether an aircraft says it is on the ground
open: whether a doubt is unanswered
open_count: how many other requests were open then
opening: acts from before the exercise's start
origin: the log's name in its checkpoints
other_parties: parties with rooms of their own
other_party: who is at the other end of a line
other_room: the other party's room that an exercise starts
our_party: who we are on the line
outcome: how a match of plans ended
outline: the corners of a volume
outside: in which ways a use lies outside its delegation
overdue: whether a review was not closed in time
overlaps: areas that share ground with an area
ovn: an opaque version number that shows that somebody saw the newest version
owed_us: until when written answers are owed; 0 when none are
pack: the name of a pack
pack_digest: hash over a pack's files
pack_id: a pack's name
part: a policy by its full id
part_count: how many parts there are
parties: parties for whose aircraft a rule of separation holds
parts: policies behind an answer by their full ids
party: whose aircraft it is
passkey: the public half of a person's passkey
past_decisions: decisions that no longer stand
path: vertices of a scripted route
paused: whether room time stands
person_id: a number for a person; the name is in the roster
place: where a camera is
places: where a notified site is, or the way of a notified movement
plan_id: whose planned volume it is
plans: the flights that a party puts into a match
points: where an aircraft means to be when
position_count: positions received
position_tolerance_e7deg: how far a position may come apart on another engine
possible_count: how many classes become newly possible
powers: what a seat may do
present: who of a party is there for a call, by role
pressure: how long ago a request was asked, how long its window lasted, how many others were open
prev: leaf hash of the entry before
previous: the digest of the same party's message before
priority: whose plan yields, as a service says
processor_features: instruction sets that the processor offers
public_key: Ed25519 public key in hex
python: the version of Python that computed
radius_m: the radius of a circle, or 0 for a polygon
radius_mm: the radius of a circle, or 0 for a polygon
radius_nm: radius of a ring around an airfield
raised_us: room time at which an alert was raised
rate_permille: room seconds per thousand seconds
raw: bytes of a video, whole packets, without what may not be kept
read_back_after_s: after how long a simulated counterpart reads back
reason: why something was refused or ended
reasons: policies behind the engine's own decision
received_us: room time of receipt
refused: why what came on a line was not taken
regime: where the minima of an alert come from, empty for the room's own
remaining_doubt: the decider's answer to the third question
rendering: the exact words that were shown to who confirmed
reopened_seq: the entry that is open again, as what it missed came back
report_digest: hash of a comparison's whole report
request_id: a request's name on the board
resolution: the written answer to a doubt
result: digest of the cells that both plans touch
retired: versions of rules that never take effect again
review: a review and how it stands
ring: corners of an outline as longitude and latitude
ring_e7deg: corners of an outline, longitude then latitude, 1e-7 degrees
rings: vertices of an area
role: a role as the pack names it
roles: roles of a pack
rolls: who is there for a call, by party
room_id: a room's name
room_us: room time
root: root of the log's tree
rota: how a line is answered
routes: scripted aircraft
rp_id: the party that a passkey is for, a host name
rule_id: the rule that asks
rulebook: all versions of a pack's rules
rules: ids of rules behind an answer
rules_digest: hash of the rules' text
rules_text: the rules' full text
rules_version: version of the rules
said: the fields of the last read-back, as they were typed
said_by: who says that harm was done, in words
said_count: messages that a party has said on a line
salt: random digits in a commitment, so that nobody can try plans against it
sample: first bytes of something refused
says: notices that a simulated counterpart sends
schema: what rules may ask of
screen: what a screen shows
screen_digest: hash of the screen a decision was read from
screens: the hash of each audience's screen at a moment
sealed_bytes: how long a sealed tape block is
sealed_digest: SHA-256 over a sealed tape block's stored bytes
seat: a seat of the pack
seat_id: a seat's name
seats: seats of a pack or room
second: the second of two
seen: the digest of the other party's newest message that the sender had
selected_ft: the pressure altitude that a crew selected to fly to
selected_toa_us: when the selected altitude was reported
sent_us: when the sender says that it sent a message
sentence: why, in words
separation: rules of separation, the first that fits counts
seq: an entry's number in the log
shared_count: how many cells both plans touch
signature: Ed25519 signature in hex
signature_lines: witnesses' signatures, as they stand under a note
signed: a message of the line with its signatures
silent_us: age of a feed's newest message
simulated: whether a script sits there
since_asked_us: how long ago a request was asked when it was decided
since_us: since when a seat could see a fact
size_bytes: how long a medium is
size_count: entries that a checkpoint covers
skew_us: how far the other room's clock is ahead of ours
software: what wrote the record
source: whose a medium is, or who brought an entry
sources: feeds that report a track
squawk: Mode 3/A code
stage: stage of a match: count, coarse, fine
stages: what a request reached, with when
stale_s: age at which a feed is stale
standing: how far a notice came; received is not agreed
start: the exercise's first minute
start_us: where a stretch of room time begins
state: state of data, a request or a feed
states: age state of each track
step: what a part of a match belongs to: set, question, answer
step_s: after how long the next role is asked
stopped: why a request ended without decision
stored_bytes: bytes of a tape block as stored
story: what an exercise is about
stretches: stretches of room time that run without a jump
subject: what kind of thing an item of a brief is about
subject_id: the use or report of harm that a review is about
subscribers: who is to be told of a change
subscription: somebody's wish to be told of changes
subscription_id: the id of a subscription, empty where there is none
suspended: parties that declared a line suspended
tables: what a video must begin with
tak_port: whose picture TAK clients without a certificate have
tape_failed: why the tape cannot be written
terms: what both parties agree to compare, and how much of a plan may be shown
text: a rule file's text
their_party: who the other party is on the line
thoughts: second thoughts: what somebody would have answered
times_us: room time at each vertex
title: what a pack is called
to_digest: hash of the rules that a change brings
to_version: the version that a change brings
toa_us: time of applicability
toe_us: time of entry
told_count: how many changes a subscription was told of
took_part: persons who took part in an event, and cannot answer its follow-up
tor_us: time of receipt
track_id: a track's number as text
tracks: tracks of a picture
transcript: digest of all that went over the line for a match
translations: interpreters' words for a comment
trk_cdeg: true track in hundredths of a degree
trk_deg: true track
uid: a TAK client's uid
unless_taken: the seat that silences a simulated counterpart once somebody sits there
unreceipted_count: our messages that the other room has not receipted
unshown_count: how many notices that count are not on the screen
until: when a fact lapses, as packs write it
until_us: end of a request's window
urgent: whether a call cannot wait
urgent_step_s: the same for what is urgent
urgents: urgent warnings on a line
use: who uses an airfield
use_id: a use's name on the board
uses: crews' uses of delegations
usual: facts that a case leaves out
utc_offset: the room's distance from UTC, as packs write it
utc_offset_s: the room's distance from UTC
valid: whether policies, schema and question fit each other
valid_from: when a version of rules may take effect at the earliest
valid_until: when a version of rules ends at the latest
value: what is stated of a fact, one of the few words that it takes
velocity_toa_us: time of applicability of a velocity
verdict: what an adviser pressed
version: version of a request or entry type
version_count: how many versions an entity has had
versions: versions of a pack's rules, oldest first
vertical_at_cpa_ft: vertical distance at closest approach
vertical_ft: vertical minimum or distance
videos: each video: its clock, and where its camera looks
volume: a volume of air for a time
volumes: planned volumes, or pairs of them
vs_fpm: vertical rate
wait_us: how long witnesses may take before a decision is stopped
waiting_costs: whether waiting would have cost people there, as the crew says
wall_id: one wall of a seat, as the record names it
walls: seats whose view is open on a screen with nobody at it
watch_until_us: when the watch ends, and with it every delegation
watches: watches as a screen shows them
what: what is asked
who: somebody by role and nation
why: why something is on the agenda
window_from: start of a window as packs write it
window_until: end of a window as packs write it
withheld: whether some of a finding may not be shown here
witness_failed: which witnesses do not sign, and why; absent when all do
words: words as they were written
written_us: room time at which a request was written
wrong: fields that the last read-back had otherwise
zstd: the version of zstd that compressed
"""

FIELDS = dict(line.split(": ", 1) for line in _TEXT.strip().splitlines())
