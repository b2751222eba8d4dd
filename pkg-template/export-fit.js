// A workout as a FIT file of the type `workout`, for the watches and programs that read Garmin's format.
//
// Numbers of messages, fields and words are those of the public FIT profile. A block of several rounds is its steps and one that
// repeats them; each set is followed by its pause, as these devices expect. The pause after the last set of a block is the
// time to set up what follows; where there is none, the set-up is a pause of its own. Repetitions are the upper end of the goal, of
// each side; a time is that of both sides. The category and the name of an exercise in Garmin's own list are left open.

import { UTF8, setOf } from "./export-words.js";
import { hashOf } from "./journal.js";

/** 1989-12-31T00:00:00Z, the beginning of FIT's time, in seconds. */
const EPOCH_S = 631_065_600;

/** Base types: their byte, and how many bytes a value has. Texts have as many as the longest of the file. */
const ENUM = [0x00, 1];
const UINT16 = [0x84, 2];
const UINT32 = [0x86, 4];
const UINT32Z = [0x8c, 4];
const STRING = [0x07];

// How long a text may be, in bytes of UTF-8; a zero byte comes after it. A field has 255 bytes at most.
const NAME = 63;
const NOTES = 250;

const FILE_ID = [0, [[0, ENUM], [1, UINT16], [2, UINT16], [3, UINT32Z], [4, UINT32]]];
const WORKOUT = [26, [[4, ENUM], [11, ENUM], [6, UINT16], [8, STRING, NAME], [17, STRING, NOTES]]];
const WORKOUT_STEP = [
  27,
  [
    [254, UINT16], [0, STRING, NAME], [1, ENUM], [2, UINT32], [3, ENUM], [4, UINT32], [5, UINT32], [6, UINT32], [7, ENUM],
    [8, STRING, NOTES], [12, UINT16], [13, UINT16],
  ],
];

// Words of the profile.
const WORKOUT_FILE = 5;
const DEVELOPMENT = 255;
const TRAINING = 10;
const STRENGTH_TRAINING = 20;
const DURATION = { time_s: 0, repeat: 6, reps: 29 };
const TARGET = { heartRate: 1, open: 2 };
const INTENSITY = { main: 0, rest: 1, warm_up: 2, cool_down: 3 };
const KILOGRAM = 1;
/** Heart rates below are shares of the highest. */
const BPM_OFFSET = 100;

/** The file; of a programme, a list of them. */
export function fit(sessions, { createdAt }, programme) {
  const files = sessions.map(({ week, day, session_id, workout }) => ({
    name: `week-${week}-day-${day}.fit`, session_id, bytes: fileOf(workout, createdAt),
  }));
  return programme ? files : files[0].bytes;
}

function fileOf(workout, createdAt) {
  const steps = stepsOf(workout);
  const serial = Number.parseInt(hashOf(workout.workout_id).slice(8), 16) || 1;
  const created = Math.floor(createdAt / 1_000) - EPOCH_S;
  const data = [
    ...messages(0, FILE_ID, [[WORKOUT_FILE, DEVELOPMENT, 0, serial, created]]),
    ...messages(1, WORKOUT, [[TRAINING, STRENGTH_TRAINING, steps.length, workout.title, workout.notice]]),
    ...messages(2, WORKOUT_STEP, steps.map((step, at) => [at, ...step])),
  ];
  // Protocol 2.0, profile 21.00.
  const header = [14, 0x20, ...bytes(2_100, 2), ...bytes(data.length, 4), ...UTF8.encode(".FIT")];
  const file = [...header, ...crc(header), ...data];
  return Uint8Array.from([...file, ...crc(file)]);
}

/** The rows of the steps, without their indices. */
function stepsOf({ blocks }) {
  const rows = [];
  let pauseBefore = 0;
  const pause = (name, seconds) => {
    rows.push([name, DURATION.time_s, seconds * 1_000, TARGET.open, , , , INTENSITY.rest]);
  };
  for (const { rounds, setup_s, steps } of blocks) {
    if (setup_s > 0 && pauseBefore === 0) pause("Set up", setup_s);
    const first = rows.length;
    for (const step of steps) {
      const { name, phase, goal, work_s, rest_s, cue, target: { weight_kg, hr_zone } } = step;
      const notes = [...setOf(step), cue].join(", ");
      const weight = weight_kg > 0 && weight_kg <= 650 ? [Math.round(weight_kg * 100), KILOGRAM] : [];
      rows.push([
        name, DURATION[goal.type], goal.type === "reps" ? goal.max : work_s * 1_000,
        ...(hr_zone ? [TARGET.heartRate, 0, hr_zone.min_bpm + BPM_OFFSET, hr_zone.max_bpm + BPM_OFFSET] : [TARGET.open, , , ,]),
        INTENSITY[phase], notes, ...weight,
      ]);
      if (rest_s > 0) pause("Rest", rest_s);
      pauseBefore = rest_s;
    }
    if (rounds > 1) rows.push([, DURATION.repeat, first, TARGET.open, rounds]);
  }
  return rows;
}

/** The definition of a message, and a message for each row of values in the order of its fields. */
function messages(local, [global, fields], rows) {
  const encoded = rows.map((row) => fields.map(([, [, size], limit], at) => (size ? bytes(row[at], size) : text(row[at], limit))));
  const sizes = fields.map((_, at) => Math.max(...encoded.map((row) => row[at].length)));
  return [
    0x40 | local, 0, 0, ...bytes(global, 2), fields.length,
    ...fields.flatMap(([number, [type]], at) => [number, sizes[at], type]),
    ...encoded.flatMap((row) => [local, ...row.flatMap((value, at) => [...value, ...Array(sizes[at] - value.length).fill(0)])]),
  ];
}

/** A whole number, the lowest byte first; one that is not known is all ones. */
const bytes = (value = 0xffff_ffff, size) => Array.from({ length: size }, (_, at) => (value >>> (8 * at)) & 0xff);

/** The beginning of a text that a field has room for, and its end, a zero byte, which it cannot have before. No character is cut. */
function text(value = "", limit) {
  const room = new Uint8Array(limit);
  const { written } = UTF8.encodeInto(value.replace(/[\0-\x1f\x7f]+/g, " "), room);
  return [...room.subarray(0, written), 0];
}

/** The checksum, CRC-16/ARC. */
function crc(data) {
  let sum = 0;
  for (const byte of data) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >> 1) ^ 0xa001 : sum >> 1;
  }
  return bytes(sum, 2);
}
