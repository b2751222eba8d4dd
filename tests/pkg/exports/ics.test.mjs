// Calendars, read by a parser that others wrote.

import assert from "node:assert/strict";

import ICAL from "ical.js";

import { AWKWARD, errorOf, integration, programmeOf, retold, test, workouts } from "./package.mjs";

const START = { startDate: "2026-01-05" };
const events = (text) => new ICAL.Component(ICAL.parse(text)).getAllSubcomponents("vevent").map((event) => new ICAL.Event(event));
const uids = (text) => events(text).map(({ uid }) => uid);

/** What holds for every line of a calendar. */
function assertIsWellFormed(text) {
  assert.ok(text.endsWith("END:VCALENDAR\r\n"));
  const lines = text.slice(0, -2).split("\r\n");
  for (const line of lines) {
    assert.ok(!/[\0-\x08\x0a-\x1f\x7f]/.test(line), JSON.stringify(line));
    assert.ok(Buffer.byteLength(line) <= 75, line);
    // A half of a character would not survive.
    assert.equal(Buffer.from(line).toString(), line);
  }
  return lines;
}

test("a workout is an event that says what there is to do", async () => {
  for (const workout of await workouts()) {
    const text = await integration.exportWorkout(workout, "ics", START);
    const lines = assertIsWellFormed(text);
    assert.equal(lines.filter((line) => line === "BEGIN:VEVENT").length, 1);
    const [event] = events(text);
    assert.equal(event.uid, `${workout.workout_id}@repflow`);
    assert.equal(event.summary, workout.title);
    assert.equal(event.duration.toSeconds(), workout.totals.duration_s);
    assert.equal(event.startDate.toString(), "2026-01-05T07:00:00");
    assert.equal(event.startDate.zone.tzid, "floating");
    const said = event.description.split("\n").filter((line) => line.startsWith("- "));
    const steps = workout.blocks.flatMap((block) => block.steps);
    assert.equal(said.length, steps.length);
    for (const [at, { name, goal, target, rest_s }] of steps.entries()) {
      assert.ok(said[at].startsWith(`- ${name}: `), said[at]);
      assert.ok(said[at].includes(`${goal.max} ${goal.type === "reps" ? "reps" : "s"}`), said[at]);
      if (target.weight_kg !== undefined) assert.ok(said[at].includes(`, ${target.weight_kg} kg`), said[at]);
      assert.equal(said[at].endsWith(`, rest ${rest_s} s`), rest_s > 0, said[at]);
    }
    assert.ok(event.description.endsWith(workout.notice));
  }
});

test("a programme has one event for each session, on its day, and each keeps its id", async () => {
  const made = await workouts(60);
  const programme = programmeOf(made);
  const text = await integration.exportProgram(programme, "ics");
  assertIsWellFormed(text);
  const found = events(text);
  assert.equal(found.length, made.length);
  assert.equal(new Set(uids(text)).size, made.length);
  const sessions = programme.weeks.flatMap(({ week, sessions }) => sessions.map((session) => ({ week, ...session })));
  for (const [at, { week, day, workout }] of sessions.entries()) {
    const date = new Date(Date.UTC(2026, 0, 5) + (7 * (week - 1) + day - 1) * 86_400_000).toISOString().slice(0, 10);
    assert.equal(found[at].startDate.toString(), `${date}T07:00:00`);
    assert.equal(found[at].summary, workout.title);
  }
  const later = await integration.exportProgram(programme, "ics", { startDate: "2026-02-02", time: "18:30", createdAt: "2026-01-31T00:00:00Z" });
  assert.deepEqual(uids(later), uids(text));
  assert.equal(events(later)[0].startDate.toString(), "2026-02-02T18:30:00");
  assert.ok(later.includes("DTSTAMP:20260131T000000Z"));
  assert.equal(await integration.exportProgram(structuredClone(programme), "ics"), text);
});

test("every session is on its own day of the week, not before the programme begins", async () => {
  const programme = programmeOf(await workouts(6));
  for (let first = 1; first <= 14; first += 1) {
    const startDate = `2026-01-${String(first).padStart(2, "0")}`;
    const found = events(await integration.exportProgram(programme, "ics", { startDate }));
    for (const [at, { week, day }] of programme.weeks.flatMap(({ week, sessions }) => sessions.map(({ day }) => ({ week, day }))).entries()) {
      const date = found[at].startDate.toJSDate();
      assert.equal((date.getDay() + 6) % 7, day - 1);
      const days = Math.round((Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - Date.parse(startDate)) / 86_400_000);
      assert.ok(days >= 7 * (week - 1) && days < 7 * week, `${startDate}, week ${week}, day ${day}: after ${days} days`);
    }
  }
});

test("what people and models write comes back as it was", async () => {
  const [workout] = await workouts(1);
  for (const text of AWKWARD) {
    const calendar = await integration.exportWorkout({ ...retold(workout, text), workout_id: text, focus: text }, "ics", START);
    assertIsWellFormed(calendar);
    const [event, ...others] = events(calendar);
    assert.equal(others.length, 0);
    const clean = text.replaceAll("\r\n", "\n");
    assert.equal(event.summary, clean);
    assert.equal(event.uid, `${clean}@repflow`);
    assert.ok(event.description.split(`- ${clean}: `).length > workout.blocks.length, event.description);
    const categories = event.component.getFirstProperty("categories").getValues();
    assert.equal(categories.length, 2);
    assert.equal(categories[1].toLowerCase(), clean.replaceAll("_", " ").toLowerCase());
  }
});

test("control characters do not get in", async () => {
  const [workout] = await workouts(1);
  const calendar = await integration.exportWorkout({ ...workout, title: "a\0b\x07c\rd\x7f" }, "ics", START);
  assertIsWellFormed(calendar);
  assert.equal(events(calendar)[0].summary, "abc\nd");
});

test("with a time zone, a session begins when its clocks say so, before and after they change", async () => {
  const [workout] = await workouts(1);
  const begins = async (timeZone, startDate, time) => {
    const [event] = events(await integration.exportWorkout(workout, "ics", { startDate, time, timeZone }));
    assert.equal(event.startDate.zone, ICAL.Timezone.utcTimezone);
    return event.startDate.toJSDate().toISOString();
  };
  for (const [timeZone, startDate, time, moment] of [
    ["UTC", "2026-01-31", "07:00", "2026-01-31T07:00:00.000Z"],
    ["Europe/Berlin", "2026-03-28", "07:00", "2026-03-28T06:00:00.000Z"],
    ["Europe/Berlin", "2026-03-29", "07:00", "2026-03-29T05:00:00.000Z"],
    ["Europe/Berlin", "2026-03-29", "01:30", "2026-03-29T00:30:00.000Z"],
    ["Europe/Berlin", "2026-03-29", "03:30", "2026-03-29T01:30:00.000Z"],
    ["Europe/Berlin", "2026-10-25", "00:30", "2026-10-24T22:30:00.000Z"],
    ["America/New_York", "2026-12-31", "23:30", "2027-01-01T04:30:00.000Z"],
    ["Asia/Kathmandu", "2026-01-01", "00:00", "2025-12-31T18:15:00.000Z"],
    ["Pacific/Auckland", "2026-01-01", "07:00", "2025-12-31T18:00:00.000Z"],
    // Years are read in full.
    ["Europe/Berlin", "2099-12-31", "23:30", "2099-12-31T22:30:00.000Z"],
  ]) {
    assert.equal(await begins(timeZone, startDate, time), moment, `${startDate} ${time} ${timeZone}`);
  }
});

test("a calendar needs a day to begin", async () => {
  const [workout] = await workouts(1);
  const error = await errorOf(integration.exportWorkout(workout, "ics"));
  assert.equal(error.code, "config.invalid");
  assert.match(error.message, /`startDate` is missing; it must be a day/);
  const { start_date, ...programme } = programmeOf([workout]);
  assert.equal((await errorOf(integration.exportProgram(programme, "ics"))).code, "config.invalid");
  assert.equal(events(await integration.exportProgram(programme, "ics", { startDate: start_date }))[0].startDate.toString(), "2026-01-05T07:00:00");
});
