// Topics and patterns of them, as NATS has subjects.

/**
 * Tokens between dots, without control characters; a wildcard stands alone, and `>` only at the end. The core has the last word.
 */
export const TOPIC = /^(?!\$)(\*|[^\s\0-\x1f\x7f-\x9f.*>]+)(\.(\*|[^\s\0-\x1f\x7f-\x9f.*>]+))*(\.>)?$|^>$/;

/** Tells whether a topic fits a pattern: `*` is one token, `>` at the end one or more. */
export function matcher(pattern) {
  const expected = pattern.split(".");
  const isOpen = expected.at(-1) === ">";
  if (isOpen) expected.pop();
  return (topic) => {
    const tokens = topic.split(".");
    const fits = isOpen ? tokens.length > expected.length : tokens.length === expected.length;
    return fits && expected.every((token, at) => token === "*" || token === tokens[at]);
  };
}
