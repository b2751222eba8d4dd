// Values where they stand: a template that is a path and nothing more needs no evaluation in the core.

import { hasFields } from "./errors.js";

/** Where a path may begin; see `put_path` in src/wasm/plan.rs. Beside these there are the items of loops. */
const INPUT = 0;
const OUTPUT = 1;

/** What stands at no path. */
export const NOWHERE = Symbol();

/**
 * A path as it is read: what it begins at, which step or how many loops out, and what leads on from there. The whole output of a step is
 * only its number, and the whole input is -1: those need not be looked for in an object of their own.
 */
export function pathOf(path) {
  if (path === undefined) return undefined;
  const [root, of, ...keys] = path.reverse();
  if (keys.length > 0) return { root, of, keys };
  return root === INPUT ? -1 : root === OUTPUT ? of : { root, of, keys: undefined };
}

/**
 * What stands at a path as seen from a node. `NOWHERE` where there is no path or it leads nowhere: then the core is to say why.
 * Reading may run a getter of the caller, which may end the run.
 */
export function valueAt(run, node, path) {
  if (path === undefined) return NOWHERE;
  if (typeof path === "number") return path < 0 ? run.input : run.outputs[run.nodeOf(node, path)];
  const { root, of, keys } = path;
  const value = root === INPUT ? run.input : root === OUTPUT ? run.outputs[run.nodeOf(node, of)] : run.items[run.nodes.frameOut(node, of)];
  return keys === undefined ? value : within(value, keys);
}

/** As the core would read it: own properties, and of a list the elements that it has. */
function within(value, keys) {
  try {
    for (const key of keys) {
      if (!(typeof key === "number" ? Array.isArray(value) && key < value.length : isObject(value) && Object.hasOwn(value, key))) return NOWHERE;
      value = value[key];
    }
  } catch {
    // A getter that throws is not there.
    return NOWHERE;
  }
  return value;
}

const isObject = (value) => hasFields(value) || typeof value === "function";
