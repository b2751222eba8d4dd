// Topics as NATS has them: names between dots; in patterns, `*` stands for one, and `>` at the end for one or more.

/** Topics and patterns; a wildcard stands alone. The core has the last word. */
export const TOPIC = /^(?!\$)(\*|[^\s\p{Cc}.*>]+)(\.(\*|[^\s\p{Cc}.*>]+))*(\.>)?$|^>$/u;

/** A function that tells whether a topic fits a pattern. */
export function matcher(pattern) {
  const parts = pattern.split(".").map((part) => {
    if (part === "*") return "[^.]+";
    return part === ">" ? ".+" : part.replace(/[\\^$+?()[\]{}|/-]/g, "\\$&");
  });
  const form = new RegExp(`^${parts.join("\\.")}$`, "s");
  return (topic) => form.test(topic);
}
