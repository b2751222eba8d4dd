// The formats of JSON Schema that are judged: whether a text has one.

const DATE = /^\d{4}-\d\d-\d\d$/;
const TIME = /^([01]\d|2[0-3]):([0-5]\d:[0-5]\d|59:60)(\.\d+)?(z|[+-]([01]\d|2[0-3]):[0-5]\d)$/i;
const URI_REFERENCE = /^(?:[\w\-.~:/?#[\]@!$&'()*+,;=]|%[\da-f]{2})*$/i;
const HOSTNAME = /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*$/i;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/;

const matches = (pattern) => (text) => pattern.test(text);
const isIpv6 = (text) => /^[\d.:a-f]+$/i.test(text) && isUrl(`http://[${text}]`);
/** A day that a month does not have becomes one of the next. */
const isDate = (text) => DATE.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text);

function isUrl(text) {
  try {
    return Boolean(new URL(text));
  } catch {
    return false;
  }
}

function isDateTime(text) {
  const [date, time, more] = text.split(/t|\s/i);
  return more === undefined && time !== undefined && isDate(date) && TIME.test(time);
}

function isEmail(text) {
  const [, name, host] = /^("(?:[^"\\]|\\.)+"|[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*)@(.+)$/.exec(text) ?? [];
  if (name === undefined || name.length > 64) return false;
  const [, address] = /^\[(.*)\]$/.exec(host) ?? [];
  if (address === undefined) return HOSTNAME.test(host);
  return IPV4.test(address) || (/^ipv6:/i.test(address) && isIpv6(address.slice(5)));
}

/** Whether a text is a regular expression. */
export function isPattern(text) {
  try {
    return Boolean(new RegExp(text, "u"));
  } catch {
    return false;
  }
}

export const FORMATS = {
  date: isDate,
  time: matches(TIME),
  "date-time": isDateTime,
  duration: matches(/^P(?:\d+W|(?=[T\d])(?:\d+Y)?(?:\d+M)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)$/),
  email: isEmail,
  hostname: matches(HOSTNAME),
  ipv4: matches(IPV4),
  ipv6: isIpv6,
  uri: (text) => /^[a-z][a-z\d+.-]*:/i.test(text) && URI_REFERENCE.test(text),
  "uri-reference": matches(URI_REFERENCE),
  url: isUrl,
  uuid: matches(/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i),
  regex: isPattern,
  "json-pointer": matches(/^(?:\/(?:[^~/]|~[01])*)*$/),
};
