// How much a value takes.

/** What an object or a list takes besides what is in it. */
const OBJECT = 16;
const NUMBER = 8;

/**
 * About how many bytes a value takes in memory, two to a character. What can be read only once, such as a `Response` or a
 * stream, is of no use to a second caller: it is larger than any cache, and so is what cannot be looked at.
 */
export function sizeOf(value) {
  const seen = new Set();
  const open = [value];
  let bytes = 0;
  try {
    while (open.length > 0) {
      const it = open.pop();
      if (typeof it === "string") bytes += it.length * 2;
      else if (typeof it !== "object" || it === null) bytes += NUMBER;
      else if (!seen.has(it)) {
        seen.add(it);
        if (isReadOnce(it)) return Number.MAX_SAFE_INTEGER;
        bytes += OBJECT;
        if (it instanceof Map) it.forEach((each, key) => open.push(key, each));
        else if (it instanceof Set || Array.isArray(it)) it.forEach((each) => open.push(each));
        else if (typeof it.byteLength === "number") bytes += it.byteLength;
        else if (typeof Blob === "function" && it instanceof Blob) bytes += it.size;
        else {
          for (const key of Object.keys(it)) {
            bytes += key.length * 2;
            open.push(it[key]);
          }
        }
      }
    }
  } catch {
    return Number.MAX_SAFE_INTEGER;
  }
  return bytes;
}

/** Requests and answers of `fetch`, streams of the web, of Node and of the clients of models, and what generators give. */
function isReadOnce(it) {
  if (typeof it.bodyUsed === "boolean" || typeof it.getReader === "function") return true;
  return typeof it[Symbol.asyncIterator] === "function" || typeof it.next === "function";
}
