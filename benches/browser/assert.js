// As much of `node:assert` as the workloads use that run in a page.

export function fail(message) {
  throw new Error(message);
}

export function equal(got, expected, message = "not equal") {
  if (!Object.is(got, expected)) fail(`${message}: ${got}, not ${expected}`);
}

export default { equal, fail };
