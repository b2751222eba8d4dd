// A file that the page made, given to the browser to keep.

import { el } from "./dom.js";

/** How long a browser may take to begin; it reads the file from memory. */
const KEPT_MS = 60_000;

/** Saves a text or bytes under a name. */
export function download(name, type, data) {
  const href = URL.createObjectURL(new Blob([data], { type }));
  el("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), KEPT_MS);
}
