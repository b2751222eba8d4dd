// Sessions as a calendar of RFC 5545: an event for each.
//
// Times are floating, which is the same time of day wherever the calendar is read. With a time zone they are moments in UTC, worked
// out for each day, so that daylight saving is kept without a description of the zone in the file.

import { UTF8, period, setOf, titled } from "./export-words.js";

/** The calendar. */
export function ics(sessions, settings) {
  const stamp = compact(settings.createdAt);
  const lines = [
    "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Repflow//Workouts//EN", "CALSCALE:GREGORIAN",
    ...sessions.flatMap(({ key, date, workout, phase, deload }) => [
      "BEGIN:VEVENT",
      `UID:${escape(key)}@repflow`,
      `DTSTAMP:${stamp}`,
      `DTSTART:${startOf(date, settings)}`,
      `DURATION:${period(workout.totals.duration_s)}`,
      `SUMMARY:${escape(workout.title)}`,
      `DESCRIPTION:${escape(descriptionOf(workout))}`,
      `CATEGORIES:${["workout", workout.focus, phase, deload && "deload"].filter(Boolean).map((word) => escape(titled(word))).join(",")}`,
      "END:VEVENT",
    ]),
    "END:VCALENDAR",
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join("");
}

/** What there is to do, line by line. */
const descriptionOf = ({ blocks, notice }) =>
  [
    ...blocks.flatMap(({ kind, rounds, steps }) => [
      titled(kind) + (rounds > 1 ? `, ${rounds} rounds` : ""),
      ...steps.map((step) => `- ${step.name}: ${setOf(step).join(", ")}${step.rest_s > 0 ? `, rest ${step.rest_s} s` : ""}`),
      "",
    ]),
    notice,
  ].join("\n");

/** `20260131T070000Z`. */
const compact = (moment) => new Date(moment).toISOString().replace(/[-:]|\.\d+/g, "");

/** When a session begins. */
function startOf(date, { time, timeZone }) {
  const momentAt = (offset) => Date.parse(`${date}T${time}${offset}`);
  const wall = momentAt("Z");
  if (timeZone === undefined) return compact(wall).slice(0, -1);
  const offsetAt = (moment) => new Intl.DateTimeFormat("en", { timeZone, timeZoneName: "longOffset" }).format(moment).split("GMT")[1] || "Z";
  // What the clocks are ahead by then; the second look is for days when they change.
  return compact(momentAt(offsetAt(momentAt(offsetAt(wall)))));
}

/** A text as a value. Control characters have no place in one. */
const escape = (text) =>
  text
    .replace(/\r\n?/g, "\n")
    .replace(/[\0-\x08\x0b-\x1f\x7f]/g, "")
    .replace(/[\\;,]/g, "\\$&")
    .replaceAll("\n", "\\n");

/** A line in pieces of at most 75 octets; no character is cut. */
function folded(line) {
  let [out, octets] = ["", 0];
  for (const character of line) {
    const { length } = UTF8.encode(character);
    if (octets + length > 75) [out, octets] = [`${out}\r\n `, 1];
    out += character;
    octets += length;
  }
  return out;
}
