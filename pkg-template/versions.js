// Versions as SemVer 2.0 orders them.

const IDENTIFIER = "(?:0|[1-9]\\d*|\\d*[A-Za-z-][0-9A-Za-z-]*)";
export const SEMVER = `(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-(${IDENTIFIER}(?:\\.${IDENTIFIER})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`;

/** SemVer 2.0, by the expression that semver.org gives. */
export const VERSION = new RegExp(`^${SEMVER}`);
/** The three numbers, and what a pre-release has beside. */
export function partsOf([major, minor, patch, early]) {
  return [[major, minor, patch], early?.split(".") ?? []];
}

/** Numbers come before words; numbers may have any length. */
function compareParts(a, b) {
  const [isNumber, isOther] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isNumber !== isOther) return isNumber ? -1 : 1;
  return (isNumber && a.length - b.length) || (a < b ? -1 : Number(a > b));
}

function compareLists(a, b) {
  const at = a.findIndex((part, at) => part !== b[at]);
  return at < 0 || at >= b.length ? a.length - b.length : compareParts(a[at], b[at]);
}

/** -1 when `a` comes before `b`, 1 when it comes after it, 0 when neither does. */
export function compareVersions(a, b) {
  const [[numbers, early], [others, earlier]] = [a, b].map((version) => partsOf(VERSION.exec(version).slice(1)));
  const isRelease = Number(early.length === 0) - Number(earlier.length === 0);
  return Math.sign(compareLists(numbers, others) || isRelease || compareLists(early, earlier));
}
