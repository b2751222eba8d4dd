// The demo page in a real browser, and the main job in a terminal, both with the packed package.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { assertIsTheWorkoutAskedFor } from "../support.mjs";
import { open, pkg, said, saved, section, state } from "./page.mjs";

test("the page makes the workout of the form, and shows what the engine did", async (t) => {
  const { page, complaints } = await open(t);
  await page.getByTestId("generate").click();
  await state(page, "done");
  const blocks = await page.getByTestId("block").evaluateAll((nodes) => nodes.map((node) => node.dataset.kind));
  assert.equal(blocks.at(0), "warm_up");
  assert.equal(blocks.at(-1), "cool_down");
  assert.ok((await page.getByTestId("exercise").count()) >= 6);
  assert.match(await page.getByTestId("notice").textContent(), /not medical advice/i);
  const steps = await page.getByTestId("timeline-step").evaluateAll((nodes) => nodes.map((node) => node.dataset));
  for (const id of ["analyze", "base", "recommend", "equipment", "safety", "detail"]) {
    assert.ok(steps.some(({ step, status }) => step === id && status === "completed"), `${id} in ${JSON.stringify(steps)}`);
  }
  assert.deepEqual(complaints, []);
});

test("bad input typed in is answered with every problem", async (t) => {
  const { page, complaints } = await open(t);
  await page.getByTestId("mode-json").check();
  await page.getByTestId("request-json").fill(
    '{ "userId": "", "duration": 600, "focus": "strenght", "equipment": ["dumbels"], "fitnessLevel": "intermediate", "age": -3 }',
  );
  await page.getByTestId("generate").click();
  await state(page, "error");
  assert.equal(await page.getByTestId("error-code").textContent(), "workout.invalid");
  const pointers = await page.getByTestId("problem").evaluateAll((nodes) => nodes.map((node) => node.dataset.pointer));
  assert.deepEqual(pointers.sort(), ["/age", "/duration", "/equipment/0", "/focus", "/userId"]);
  await page.getByTestId("request-json").fill("this is not JSON <img src=x onerror=alert(1)>");
  await page.getByTestId("generate").click();
  await state(page, "error");
  assert.equal(await page.getByTestId("error-code").textContent(), "not JSON");
  assert.equal(await page.locator("img[src=x]").count(), 0);
  assert.deepEqual(complaints, []);
});

test("what is typed into a field for a number and is none is refused, and not left out", async (t) => {
  const { page, complaints } = await open(t);
  await page.locator("details:has(#age) > summary").click();
  for (const [field, typed] of [["age", "--5"], ["duration", "1e"]]) {
    await page.getByTestId(field).fill("");
    await page.getByTestId(field).pressSequentially(typed);
  }
  await page.getByTestId("generate").click();
  await state(page, "error");
  const pointers = await page.getByTestId("problem").evaluateAll((nodes) => nodes.map((node) => node.dataset.pointer));
  assert.deepEqual(pointers.sort(), ["/age", "/duration"]);
  await page.getByTestId("days-per-week").pressSequentially("e");
  await page.getByTestId("age").fill("");
  await page.getByTestId("duration").fill("30");
  await page.locator("#programme-run").click();
  await section(page, "programme", "error");
  assert.match(await page.locator("#programme-result").textContent(), /daysPerWeek/);
  assert.deepEqual(complaints, []);
});

test("a workout in the making can be cancelled", async (t) => {
  const { page } = await open(t);
  await page.getByTestId("slow-motion").check();
  await page.getByTestId("generate").click();
  await page.waitForSelector('[data-testid="timeline-step"][data-status="running"]');
  await page.getByTestId("cancel").click();
  await state(page, "error");
  assert.equal(await page.getByTestId("error-code").textContent(), "run.cancelled");
});

test("a workout is taken along in each format, and its checks are shown", async (t) => {
  const { page, complaints } = await open(t);
  await page.getByTestId("generate").click();
  await state(page, "done");
  const files = {};
  for (const format of ["fit", "ics", "csv", "jsonld"]) {
    const { name, bytes } = await saved(page, page.getByTestId("exports").locator(`[data-format="${format}"]`));
    assert.match(name, new RegExp(`^w-[0-9a-f]{8}\\.${format}$`));
    files[format] = bytes;
  }
  assert.equal(files.fit.toString("latin1", 8, 12), ".FIT");
  assert.match(files.ics.toString(), /^BEGIN:VCALENDAR\r\n/);
  assert.match(files.csv.toString(), /exercise/);
  assert.equal(JSON.parse(files.jsonld)["@type"], "ExercisePlan");

  const checks = page.getByTestId("checks");
  await checks.filter({ hasText: "All checks hold" }).waitFor();
  await page.getByTestId("spoil").click();
  await page.getByTestId("violation").first().waitFor();
  assert.deepEqual(await said(page, "violation", "rule"), ["T2", "T3"]);
  await page.getByTestId("spoil").click();
  await checks.filter({ hasText: "All checks hold" }).waitFor();
  assert.deepEqual(complaints, []);
});

test("a programme shows twelve weeks, and the sessions of the one that is chosen", async (t) => {
  const { page, complaints } = await open(t);
  await page.getByTestId("days-per-week").fill("3");
  await page.getByTestId("start-date").fill("2027-01-04");
  await page.getByTestId("programme-run").click();
  await section(page, "programme", "done");
  assert.deepEqual(await said(page, "phase", "phase"), ["foundation", "development", "specialization"]);
  const deloads = await said(page, "week-bar", "deload");
  assert.deepEqual(deloads.flatMap((deload, index) => (deload === "yes" ? [index + 1] : [])), [4, 8, 12]);
  await page.getByTestId("week-bar").nth(10).click();
  assert.equal(await page.getByTestId("session-day").count(), 3);
  await page.getByTestId("session-day").nth(1).click();
  assert.equal(await page.getByTestId("session-day").nth(1).textContent(), "Wednesday 17 March");
  assert.ok((await page.getByTestId("session").getByTestId("exercise").count()) >= 6);

  const exports = page.getByTestId("programme-view").getByTestId("exports").first();
  const calendar = await saved(page, exports.locator('[data-format="ics"]'));
  assert.match(calendar.name, /^p-[0-9a-f]{8}\.ics$/);
  assert.equal(calendar.bytes.toString().match(/BEGIN:VEVENT/g).length, 36);
  const table = await saved(page, exports.locator('[data-format="csv"]'));
  assert.match(table.bytes.toString(), /specialization/);

  await page.getByTestId("days-per-week").fill("6");
  await page.getByTestId("duration").fill("600");
  await page.getByTestId("programme-run").click();
  await section(page, "programme", "error");
  assert.deepEqual((await said(page, "problem", "pointer")).sort(), ["/daysPerWeek", "/duration"]);
  assert.deepEqual(complaints, []);
});

test("a live session goes on from set to set, gets easier, and ends with a summary", async (t) => {
  const { page, complaints } = await open(t);
  assert.equal(await page.getByTestId("live-start").isDisabled(), true);
  await page.getByTestId("generate").click();
  await state(page, "done");
  await page.getByTestId("live-start").click();
  await section(page, "live", "running");
  const log = page.getByTestId("live-signal");
  const tell = async (testid) => {
    const count = await log.count();
    await page.getByTestId(testid).click();
    await log.nth(count).waitFor();
    return page.getByTestId("live-decision").getAttribute("data-decision");
  };
  const first = await page.getByTestId("live-next").textContent();
  assert.equal(await tell("live-set"), "hold");
  assert.notEqual(await page.getByTestId("live-next").textContent(), first);
  assert.equal(await tell("live-too-hard"), "strong_cut");
  assert.ok((await page.getByTestId("live-reason").count()) > 0);
  assert.match(await page.getByTestId("live-took").textContent(), /ms$/);
  await tell("live-heart-rate");
  const name = await page.getByTestId("live-next").getAttribute("data-exercise");
  await tell("live-skip");
  assert.notEqual(await page.getByTestId("live-next").getAttribute("data-exercise"), name);

  await page.getByTestId("live-reps").fill("-3");
  await page.getByTestId("live-set").click();
  await page.locator("#live-problem").getByTestId("problem").waitFor();
  assert.deepEqual(await said(page, "problem", "pointer"), ["/reps"]);

  assert.equal(await tell("live-symptom-tell"), "stop");
  await page.getByTestId("live-recovery").waitFor();
  await tell("live-finish");
  assert.match(await page.getByTestId("live-summary").textContent(), /Working sets/);
  assert.deepEqual(complaints, []);
});

test("a group has stations, a rotation and a clock, and says who is left out", async (t) => {
  const { page, complaints } = await open(t);
  await page.getByTestId("group-run").click();
  await section(page, "group", "done");
  const members = await said(page, "member", "user");
  assert.deepEqual(members, ["ada", "bo", "cleo"]);
  assert.deepEqual(await said(page, "excluded", "user"), ["dan"]);
  const stations = await page.getByTestId("station").count();
  assert.ok(stations >= 2);
  assert.equal(await page.getByTestId("rotation").locator("tbody tr").count(), members.length);
  assert.equal(await page.getByTestId("rotation").locator("thead th").count(), stations);
  assert.match(await page.getByTestId("clock").textContent(), /Turn/);

  await page.getByTestId("person").nth(1).locator('[name="injuries"]').fill("kne, shoulder");
  await page.getByTestId("person-remove").nth(3).click();
  await page.getByTestId("group-run").click();
  await section(page, "group", "error");
  assert.deepEqual(await said(page, "problem", "pointer"), ["/participants/1/injuries/0"]);
  assert.match(await page.getByTestId("suggestion").textContent(), /knee/);
  assert.deepEqual(complaints, []);
});

test("every example of the playground ends", async (t) => {
  const { page, complaints } = await open(t);
  const examples = page.getByTestId("playground-example");
  const count = await examples.count();
  assert.ok(count >= 4);
  const ends = [];
  for (let index = 0; index < count; index += 1) {
    await examples.nth(index).click();
    await page.getByTestId("playground-run").click();
    await page.waitForSelector('#playground[data-state="done"], #playground[data-state="error"]', { timeout: 30_000 });
    ends.push(await page.locator("#playground").getAttribute("data-state"));
  }
  assert.ok(ends.includes("done") && ends.includes("error"), `${ends}`);
  assert.deepEqual(complaints, []);
});

test("nothing sticks out of a small screen", async (t) => {
  const { page } = await open(t, { width: 375, height: 740 });
  await page.getByTestId("generate").click();
  await state(page, "done");
  for (const id of ["programme", "group"]) {
    await page.getByTestId(`${id}-run`).click();
    await section(page, id, "done");
  }
  await page.getByTestId("live-start").click();
  await section(page, "live", "running");
  const width = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(width <= 375, `the page is ${width} px wide`);
});

test("one workout in the terminal", async () => {
  const once = fileURLToPath(new URL("../../../www/once.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [once, "--pkg", pkg]);
  for (const word of [/warm-up/i, /cool-down/i, /not medical advice/i, /offline-coach/]) assert.match(stdout, word);
  const json = await promisify(execFile)(process.execPath, [once, "--pkg", pkg, "--json"]);
  assertIsTheWorkoutAskedFor(JSON.parse(json.stdout));
});
