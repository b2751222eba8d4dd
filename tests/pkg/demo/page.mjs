// The demo page in a real browser, with the packed package: what the tests of its sections share.

import { join } from "node:path";
import { after } from "node:test";

import { startServer } from "../../../www/server.mjs";
import { launch, project } from "../support.mjs";

const cleanUp = [];
after(async () => {
  for (const work of cleanUp.reverse()) await work();
});

/** Where the packed package is. */
export const pkg = join(await project({ after: (work) => cleanUp.push(work) }, import.meta.url), "node_modules/repflow");
const server = await startServer({ port: 0, pkg });
cleanUp.push(() => server.close());
const browser = await launch({ after: (work) => cleanUp.push(work) });

/** The page, ready, and whatever it complains about. */
export async function open(t, viewport = { width: 1280, height: 900 }) {
  const page = await browser.newPage({ viewport });
  t.after(() => page.close());
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`${error}`));
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  await page.goto(server.url);
  await state(page, "ready");
  return { page, complaints };
}

/** Waits until the coach's request is there. */
export const state = (page, name) => page.waitForSelector(`html[data-state="${name}"]`, { timeout: 60_000 });

/** Waits until a section is there. */
export const section = (page, id, name) => page.waitForSelector(`#${id}[data-state="${name}"]`, { timeout: 60_000 });

/** What the elements of a test id say in one of their `data-`. */
export const said = (page, testid, key) => page.getByTestId(testid).evaluateAll((nodes, key) => nodes.map((node) => node.dataset[key]), key);

/** The text of the file that a click saves, and its name. */
export async function saved(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  return { name: download.suggestedFilename(), bytes: Buffer.concat(chunks) };
}
