// Questions to the history.

import { aString, checkOptions, matching, whole } from "./errors.js";
import { SINCE, isAfter, isTime } from "./history.js";
import { TOPIC, matcher } from "./topics.js";

const QUERY = {
  topic: [matching(TOPIC), "a topic, or a pattern such as `workout.*`"],
  feature: aString,
  correlationId: aString,
  since: SINCE,
  until: [isTime, "a date, or milliseconds since the Unix epoch"],
  limit: whole(1),
};

/** The remembered events that fit a query, the oldest first, without those that have expired. */
export function select(history, query, now) {
  checkOptions("bus.invalid", "the query of the history", query, QUERY);
  const { topic = ">", feature, correlationId, since = "start", until = Infinity, limit = Infinity } = query;
  const [fits, isLater] = [matcher(topic), isAfter(history, since)];
  const events = [...history].filter(
    (event) =>
      (feature === undefined || event.source === feature) &&
      (correlationId === undefined || event.correlationid === correlationId) &&
      // The time of an event is told in whole milliseconds.
      Math.floor(event.at) <= until &&
      !(event.expiresAt <= now) &&
      fits(event.type) &&
      isLater(event),
  );
  return events.slice(-limit);
}
