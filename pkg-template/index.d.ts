/// <reference lib="esnext.disposable" />

/**
 * Repflow: the workflow engine for AI features that run where the user is.
 *
 * Nothing needs to be initialised or freed: the WebAssembly core loads at first use.
 */

/** Milliseconds above 0, or a number with one of the units ms, s, m, h and d: `"250ms"`, `"1.5s"`, `"5m"`. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

// ── Errors ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How to react to an error. */
export type ErrorKind =
  | "validation"
  | "unauthorized"
  | "timeout"
  | "cancelled"
  | "rate_limited"
  | "exhausted"
  | "network"
  | "unavailable"
  | "failed"
  | "internal";

/** Which error it is; a code never changes once released. */
export type ErrorCode =
  | "workflow.invalid"
  | "workflow.not_registered"
  | "input.invalid"
  | "output.invalid"
  | "config.invalid"
  | "workout.invalid"
  | "workout.infeasible"
  | "expression.failed"
  | "step.failed"
  | "step.timeout"
  | "run.timeout"
  | "run.cancelled"
  | "run.no_such_signal"
  | "run.queue_full"
  | "step.cancelled"
  | "journal.invalid"
  | "journal.definition_changed"
  | "bus.invalid"
  | "bus.no_such_feature"
  | "bus.no_such_action"
  | "bus.feature_exists"
  | "bus.timeout"
  | "bus.cancelled"
  | "bus.failed"
  | "bus.unavailable"
  | "bus.too_deep"
  | "bus.overflow"
  | "policy.timeout"
  | "policy.total_timeout"
  | "policy.cancelled"
  | "policy.failed"
  | "circuit.open"
  | "bulkhead.full"
  | "bulkhead.timeout"
  | "rate_limit.exceeded"
  | "rate_limit.quota_exceeded"
  | "ai.bad_request"
  | "ai.unauthorized"
  | "ai.not_found"
  | "ai.rate_limited"
  | "ai.exhausted"
  | "ai.unavailable"
  | "ai.timeout"
  | "ai.connection"
  | "ai.failed"
  | "ai.truncated"
  | "ai.malformed"
  | "ai.refused"
  | "ai.incomplete"
  | "ai.filtered"
  | "ai.invalid_answer"
  | "ai.budget_exceeded"
  | "ai.not_cached"
  | "internal.disposed"
  | "internal.load_failed"
  | "internal.panic";

/** One thing that is wrong in what was given. */
export interface Problem {
  /** Where: a JSON pointer (RFC 6901) into what was given; empty for the whole. */
  pointer: string;
  /** What is wrong there, what was given, and what is allowed. */
  message: string;
  /** What was probably meant, when something close exists. */
  suggestion?: string;
}

/** Every error of the package. What a handler threw is its `cause`, as it was thrown. */
export class RepflowError extends Error {
  private constructor();
  readonly name: "RepflowError";
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly severity: "info" | "error" | "critical";
  /** Whether the same call may work a moment later. */
  readonly retryable: boolean;
  /** Everything that is wrong in what was given; empty when the error is not about input. */
  readonly problems: readonly Problem[];
  readonly runId?: string;
  readonly workflowId?: string;
  readonly stepId?: string;
  /** How often the step was tried. */
  readonly attempts?: number;
  readonly correlationId?: string;
  /** In how many milliseconds to try again, where that is known: of a limit, or of an open circuit breaker. */
  readonly retryAfterMs?: number;
  /** Of a model service: the HTTP status. None for an error in the middle of a stream. */
  readonly status?: number;
  /** Of a model service: its own code, its type, and the parameter that is wrong. */
  readonly serviceCode?: string;
  readonly serviceType?: string;
  readonly param?: string;
  /** Of a model service: by which id it knows the request. */
  readonly requestId?: string;
  /** When fallbacks failed, too: what the function or the step threw, then what each fallback threw. The first is the `cause`. */
  readonly errors?: readonly unknown[];
  /** In a loop: the place of the item in its list, from 0; that of the outermost loop first. */
  readonly iteration?: readonly number[];
  /** Of a run that has ended in vain, when it had something to undo. */
  readonly compensation?: CompensationReport;
  toJSON(): object;
}

/** What became of the steps that a run had to undo. */
export interface CompensationReport {
  /** Steps that were undone, in that order. */
  readonly compensated: readonly string[];
  /** Steps that could not be, and why. */
  readonly notCompensated: ReadonlyArray<{ readonly stepId: string; readonly iteration?: readonly number[]; readonly error: unknown }>;
}

// ── The bus ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Any topic, with any data. */
type AnyEvents = Record<string, any>;
/** Any feature, with any action. */
type AnyFeatures = Record<string, Record<string, (params: any) => any>>;

/** What belongs together, wherever it came from, and where it stands in a trace. */
interface Correlation {
  /** The same for all that a run, a request or an event leads to. */
  correlationId?: string;
  /** Of W3C Trace Context: what this is a part of. A new trace begins without it, or when it is malformed. */
  traceparent?: string;
  /** Goes with `traceparent`, untouched. */
  tracestate?: string;
}

/**
 * How to ask and to tell. By way of a context, both carry its correlation id and its trace, and say who it is; a request
 * ends with the call that made it.
 */
interface Asking<Events extends object, Features extends object> {
  /**
   * Asks a feature to perform an action. Of an async generator it gives the return value, or the list of what it yielded
   * when there is none. Rejects with `bus.no_such_feature`, `bus.no_such_action`, `bus.timeout`, `bus.cancelled`,
   * `bus.unavailable`, with `input.invalid` or `output.invalid` by the schemas of the action, with the error of a limit, or
   * with `bus.failed`, whose `cause` is what the handler threw; a `RepflowError` that it threw comes as it is.
   */
  request<Name extends keyof Features & string, Act extends keyof Features[Name] & string>(
    feature: Name,
    action: Act,
    params: ParamsOf<Features[Name][Act]>,
    options?: RequestOptions,
  ): Promise<AnswerOf<Features[Name][Act]>>;

  /**
   * Asks for an answer in parts: what an async generator yields, as it comes. Any other answer is one part. It asks when it
   * is first read; leaving the loop gives the request up. Fails as `request` does.
   */
  requestStream<Name extends keyof Features & string, Act extends keyof Features[Name] & string>(
    feature: Name,
    action: Act,
    params: ParamsOf<Features[Name][Act]>,
    options?: RequestOptions,
  ): AsyncGenerator<PartOf<Features[Name][Act]>, ReturnOf<Features[Name][Act]>, undefined>;

  /**
   * Tells everybody who listens, in order of priority, and resolves when all handlers have ended. A handler that fails, or
   * takes longer than `requestTimeout`, stops nobody else; it is told on the topic `repflow.listener.failed`. Rejects with
   * `bus.invalid` for what is no topic or is reserved, and with `bus.too_deep` where handlers publish inside of each other
   * without end.
   */
  publish<Topic extends keyof Events & string>(
    topic: Topic,
    data: Events[Topic],
    options?: PublishOptions,
  ): Promise<PublishResult>;
}

/** What the context of a call and that of an event have in common. */
interface Context<Events extends object, Features extends object> {
  /** Of whoever caused this: the caller's, the run's, or that of the event, whose id it is when it has none. */
  readonly correlationId: string;
  /** As the bus has it. It works on its own, too, as do the others. */
  readonly request: Asking<Events, Features>["request"];
  readonly requestStream: Asking<Events, Features>["requestStream"];
  readonly publish: Asking<Events, Features>["publish"];
  /** Of W3C Trace Context: `00-<32 digits of the trace>-<16 digits of this call>-<flags>`. */
  readonly traceparent: string;
  readonly tracestate?: string;
  /** What to send along, so that a service belongs to the same trace. */
  readonly headers: TraceHeaders;
  /** `fetch` with these headers, and with the signal of the call. A header that is given stays, and a signal counts, too. */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
}

export type TraceHeaders = {
  readonly traceparent: string;
  readonly tracestate?: string;
  readonly "x-correlation-id": string;
};

/** What a handler is given beside its parameters. */
export interface CallContext<Events extends object = AnyEvents, Features extends object = AnyFeatures>
  extends Context<Events, Features> {
  readonly feature: string;
  readonly action: string;
  /** Aborted when the answer is no longer wanted: timeout, cancellation, the end of the run. */
  readonly signal: AbortSignal;
  /** In a step of a workflow: which run, which workflow, which step, and which attempt, from 1. */
  readonly runId?: string;
  readonly workflowId?: string;
  readonly stepId?: string;
  readonly attempt?: number;
  /** In a step: 0 for the step itself, then its fallbacks. */
  readonly level?: number;
  /**
   * In a step: the same for all its attempts, also after a restart, and another one for each step, item and run. Give it
   * to services that then know a request they have had.
   */
  readonly idempotencyKey?: string;
  /** Tells who listens to the run of a part of the result, or how far it is: an event `step.progress`. */
  readonly progress: (data: unknown) => void;
  /** Writes a line among the events of the run: `step.logged`. */
  readonly log: StepLog;
}

/** What a listener is given beside the event. */
export interface EventContext<Events extends object = AnyEvents, Features extends object = AnyFeatures>
  extends Context<Events, Features> {
  /** Who listens, where that was said. */
  readonly feature?: string;
}

/** Its functions work on their own, too. Outside of steps nobody hears them. */
export interface StepLog {
  readonly debug: (message: string, fields?: object) => void;
  readonly info: (message: string, fields?: object) => void;
  readonly warn: (message: string, fields?: object) => void;
  readonly error: (message: string, fields?: object) => void;
}

/** An action of a feature. Values are passed by reference, not copied. An async generator answers in parts. */
// `any` lets handlers state the parameters they expect without a cast at each registration.
export type ActionHandler<Events extends object = AnyEvents, Features extends object = AnyFeatures> = (
  params: any,
  ctx: CallContext<Events, Features>,
) => unknown;

/** An action that says what it does. */
export interface DescribedAction<Events extends object = AnyEvents, Features extends object = AnyFeatures> {
  handler: ActionHandler<Events, Features>;
  description?: string;
  /** Checks the parameters, and fills in defaults; `input.invalid` otherwise. */
  input?: JsonSchema | StandardSchemaV1;
  /** Checks the answer; `output.invalid` otherwise. */
  output?: JsonSchema | StandardSchemaV1;
}

type Actions<Events extends object, Features extends object> = Record<
  string,
  ActionHandler<Events, Features> | DescribedAction<Events, Features>
>;

interface FeatureBase {
  /** Letters, digits, `_` and `-`. */
  name: string;
  /** A semantic version. A higher one takes the place of a feature of the same name. */
  version: string;
  description?: string;
  /** What it can do, in words that others look for. */
  capabilities?: string[];
  /** What else there is to say of it. */
  metadata?: Record<string, string>;
  /** Asked on an interval. A throw, and no answer in time, are `unhealthy`. */
  healthCheck?: HealthCheck;
  /** Of all requests to the feature together; none by default. */
  limits?: FeatureLimits;
}

/** A feature with its actions, or with `load`, which brings them at the first request. */
export type Feature<Events extends object = AnyEvents, Features extends object = AnyFeatures> = FeatureBase &
  (
    | { actions: Actions<Events, Features>; load?: undefined }
    | { load: () => Promise<LoadedFeature<Events, Features>>; actions?: undefined }
  );

/** What `load` gives: a module whose exports, or whose default export, are `actions`, or functions that are the actions. */
export type LoadedFeature<Events extends object = AnyEvents, Features extends object = AnyFeatures> =
  | Loaded<Events, Features>
  | { readonly default: Loaded<Events, Features> };

type Loaded<Events extends object, Features extends object> =
  | { readonly actions: Actions<Events, Features>; readonly healthCheck?: HealthCheck }
  | { readonly [action: string]: ActionHandler<Events, Features> };

/** How many requests run at once, and at what rate. What goes beyond waits, or is refused, as it says. */
export type FeatureLimits = Pick<PolicyOptions, "bulkhead" | "rateLimit">;

/** What is there, as `discover` tells it. */
export interface FeatureDescription {
  name: string;
  version: string;
  description: string;
  capabilities: string[];
  metadata: Record<string, string>;
  /** Whether its actions are there: false for a feature with `load` that nobody has asked yet. */
  loaded: boolean;
  /** Empty until it is loaded. */
  actions: ActionDescription[];
  health: FeatureHealth;
  load: {
    /** Requests that have not ended. */
    inFlight: number;
    /** In the last minute. */
    requestsPerSecond: number;
  };
}

export interface ActionDescription {
  name: string;
  description?: string;
  input?: JsonSchema | StandardSchemaV1;
  output?: JsonSchema | StandardSchemaV1;
}

/** Which features are looked for; all that is given must match. */
export interface DiscoverFilter {
  name?: string;
  /** One, or several of which it must have all. */
  capability?: string | readonly string[];
  /** One, or several of which one must match. */
  health?: HealthStatus | readonly HealthStatus[];
  /** Exactly `"1.2.0"`, or a range: `"^1.2.0"`, `"~1.2.0"`, `">=1.2.0"`. */
  version?: string;
}

// ── Events on the bus

/** Something that was published, in the fields of CloudEvents 1.0. Times are RFC 3339. */
export interface BusEvent<Data = unknown, Topic extends string = string> {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  /** The topic. */
  readonly type: Topic;
  /** By reference: as it was published. */
  readonly data: Data;
  /** When it was published. */
  readonly time: string;
  readonly correlationid?: string;
  /** The id of the event whose handler published this one. */
  readonly causationid?: string | undefined;
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
  /** Its place among all events of the bus: 16 digits, which sort as text. */
  readonly sequence: string;
  readonly priority?: number | undefined;
  /** When it was published, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** From then on it is not replayed, and no history query gives it. The same clock. */
  readonly expiresAt?: number | undefined;
  /** An object that is a CloudEvents 1.0 event in JSON. */
  toJSON(): CloudEvent;
}

/** A CloudEvents 1.0 event in JSON. What is absent is left out. */
export interface CloudEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: string;
  time: string;
  /** `application/json`, or `application/octet-stream` with `data_base64`. */
  datacontenttype: string;
  /** `null` with `datalost` when JSON cannot hold it. */
  data?: unknown;
  /** Of data that is bytes. */
  data_base64?: string;
  datalost?: true;
  correlationid?: string;
  causationid?: string;
  traceparent?: string;
  tracestate?: string;
  sequence: string;
  recordedtime: string;
  expirytime?: string;
  priority?: number;
}

/** What an alert is about. */
export interface Alert<Value = number> {
  /** The name of its rule. */
  rule: string;
    metric: AlertRule["metric"];
  /** Absent when it is cleared because nothing happened any more. */
  value: Value;
  threshold: number;
  feature?: string;
  action?: string;
  topic?: string;
}

/** What the handler of an alert is told. */
export type AlertChange = ({ type: "alert.raised" } & Alert) | ({ type: "alert.cleared" } & Alert<number | undefined>);

/** What the bus itself publishes, as the source `repflow`. Nobody else can publish on these topics. */
export interface ReservedEvents {
  "feature.registered": { name: string; version: string };
  "feature.replaced": { name: string; version: string; previous: string };
  "feature.unregistered": { name: string; version: string };
  /** The health of a feature became worse, or is still not good: from unhealthy to degraded. */
  "feature.degraded": {
    name: string;
    version: string;
    status: "degraded" | "unhealthy";
    previous: HealthStatus;
    /** What showed it; `time` when old requests are out of the window. */
    reason: "check" | "requests" | "time";
  };
  "feature.recovered": { name: string; version: string; previous: HealthStatus };
  "alert.raised": Alert;
    "alert.cleared": Alert<number | undefined>;
  /** A handler or a filter failed, or it was published too deep. */
  "repflow.listener.failed": { topic?: string; feature?: string; error: unknown };
}

/** What can be heard: the app's own topics, and those of the bus. */
type TopicOf<Events> = (keyof Events & string) | keyof ReservedEvents;

type DataOf<Events, Topic> = Topic extends keyof ReservedEvents
  ? ReservedEvents[Topic]
  : Topic extends keyof Events
    ? Events[Topic]
    : never;

/** The topics that a pattern may match, and some more: here `*` also stands for several names. */
type Matched<Pattern> = Pattern extends `${infer Before}*${infer After}`
  ? `${Before}${string}${Matched<After>}`
  : Pattern extends `${infer Before}>`
    ? `${Before}${string}`
    : Pattern;

/** The events of a topic, or of all topics that a pattern matches, which `type` then tells apart. */
type EventOn<Events, Pattern> = string extends keyof Events
  ? BusEvent<DataOf<Events, Pattern>, string extends Pattern ? string : Matched<Pattern> & string>
  : { [Topic in Extract<TopicOf<Events>, Matched<Pattern>>]: BusEvent<DataOf<Events, Topic>, Topic> }[Extract<
      TopicOf<Events>,
      Matched<Pattern>
    >];

/** A topic, or a pattern: `*` stands for one name between dots, `>` at the end for all that follow. */
type PatternOf<Events> = TopicOf<Events> | `${string}*${string}` | `${string}>`;

/** How many handlers an event reached, how many did not want it, and how many failed. */
export interface PublishResult {
  delivered: number;
  filtered: number;
  failed: number;
}

export interface PublishOptions extends Correlation {
  /** Who tells, as a URI reference such as a name; `repflow` by default, and in a handler its feature. */
  source?: string;
  /** A whole number for those who listen to go by. It does not change the order of delivery. */
  priority?: number;
  /** How long it is of use: it leaves replay and history queries then. Without it, as long as it is remembered. */
  expiresIn?: Duration;
}

/** Which events are wanted, beside the topic. */
interface Selection<Event> {
  /**
   * A function, or an expression over `event` and `data`: `"data.minutes > 30 && event.source == 'coach'"`. One that fails
   * counts as a handler that failed. Throws `bus.invalid` for text that is no such expression; while the core is not there
   * yet, that is told on `repflow.listener.failed`.
   */
  filter?: string | ((event: Event) => boolean);
  /**
   * Remembered events come first, in their order: all, those since a time, or those after the event of an id. They come
   * after the caller is done, in a microtask.
   */
  since?: "start" | Date | number | (string & {});
  /** Ends it. */
  signal?: AbortSignal;
}

export interface SubscribeOptions<Event = BusEvent> extends Selection<Event> {
  /** Who listens, for the record. */
  feature?: string;
  /** Higher hears first; 0 by default. Among equals, who subscribed first. */
  priority?: number;
  /** Ends with the first event that passes the filter; false. */
  once?: boolean;
}

export interface StreamOptions<Event = BusEvent> extends Selection<Event> {
  /** How many events may wait to be read; 256. */
  limit?: number;
  /** What leaves when there are more: the oldest, the newest, or the reader, with `bus.overflow`; dropOldest. */
  overflow?: "dropOldest" | "dropNewest" | "error";
}

/** Events as they come. Ends with its signal, with `break`, with `return()` and with the bus. */
export interface EventStream<Event = BusEvent> extends AsyncIterableIterator<Event> {
  /** How many events had no place. */
  readonly dropped: number;
  return(): Promise<IteratorResult<Event>>;
}

// ── Requests

/** An action as a type: what it is given and what it answers. */
type Action = (params: never, ...rest: never[]) => unknown;

type ParamsOf<Act> = Act extends Action ? Parameters<Act>[0] : never;

/** What a request is answered with; of a generator that returns nothing, the list of its parts. */
type AnswerOf<Act> = Act extends Action ? AnswerIn<ReturnType<Act>> : never;
type AnswerIn<Given> =
  Given extends AsyncGenerator<infer Part, infer Return, any>
    ? Return extends void | undefined
      ? Part[]
      : Return
    : Awaited<Given>;

type PartOf<Act> = Act extends Action ? PartIn<ReturnType<Act>> : never;
type PartIn<Given> = Given extends AsyncGenerator<infer Part, any, any> ? Part : Awaited<Given>;

type ReturnOf<Act> = Act extends Action ? ReturnIn<ReturnType<Act>> : never;
type ReturnIn<Given> = Given extends AsyncGenerator<any, infer Return, any> ? Return : void;

export interface RequestOptions extends Correlation {
  /** How long to wait for the answer, or for each of its parts; the bus's `requestTimeout`. */
  timeout?: Duration;
  /** Gives the request up. */
  signal?: AbortSignal;
  /** Who asks, for the record; `app` by default, and in a handler its feature. */
  source?: string;
  /** Whether an unhealthy feature is not asked at all, which is `bus.unavailable`; false. */
  failFast?: boolean;
}

// ── Health

export type HealthStatus = "healthy" | "degraded" | "unhealthy";

export type HealthCheck = (ctx: { readonly signal: AbortSignal }) => HealthReport | PromiseLike<HealthReport>;

/** What a health check answers; nothing and `true` are `healthy`, `false` is `unhealthy`. */
export type HealthReport = HealthStatus | boolean | void | { status: HealthStatus; details?: unknown };

/** How a feature is: the worse of what its check says and what its requests show. */
export interface FeatureHealth {
  status: HealthStatus;
  /** Since when (RFC 3339). */
  since: string;
  /** When its check last answered (RFC 3339). */
  checkedAt?: string;
  /** What the check said. */
  details?: unknown;
  /** Why its check failed: the code or the name of the error. */
  reason?: string;
}

/** When a feature is taken for degraded or unhealthy. */
export interface HealthOptions {
  /** How often health checks are asked; 30 s. */
  interval?: Duration;
  /** How long a check may take; 5 s. */
  checkTimeout?: Duration;
  /** Requests are looked back at this long; 60 s. */
  window?: Duration;
  /** Fewer requests in the window change nothing; 10. */
  minRequests?: number;
  /** The share of failed requests, above 0 and up to 1, that makes it degraded; 0.1. */
  degradedErrorRate?: number;
  /** That makes it unhealthy; 0.5. */
  unhealthyErrorRate?: number;
  /** A request that takes longer is slow; 5 s. */
  slow?: Duration;
  /** The share of slow requests that makes it degraded; 0.5. */
  degradedSlowRate?: number;
  /** That makes it unhealthy; 0.9. */
  unhealthySlowRate?: number;
  /** A level is left only when the rates are below this share of its thresholds; 0.5. */
  recovery?: number;
  /** So many checks in a row that fail make it unhealthy; one makes it degraded; 3. */
  failuresToUnhealthy?: number;
  /** So many checks in a row that find it healthy make it healthy again; 2. */
  successesToRecover?: number;
}

// ── History and metrics

/** Which remembered events are wanted; all that is given must match. */
export interface HistoryQuery {
  /** A topic or a pattern. */
  topic?: string;
  /** The `source`. */
  feature?: string;
  correlationId?: string;
  /** All, those since a time, or those after the event of an id. */
  since?: "start" | Date | number | (string & {});
  /** Those up to a time. */
  until?: Date | number;
  /** The last so many; all by default. */
  limit?: number;
}

/** In milliseconds: percentiles of the last 5 to 10 minutes, to within 5 %; `max` and `mean` of all time. */
export interface Latency {
  p50: number;
  p90: number;
  p95: number;
  p99: number;
  max: number;
  mean: number;
}

export interface TopicMetrics {
  published: number;
  delivered: number;
  filtered: number;
  failed: number;
  /** In the last minute. */
  perSecond: number;
  /** Until all handlers had ended. Where none of them takes time, one delivery in 16 is measured. */
  latency_ms?: Latency;
}

export interface ActionMetrics {
  requests: number;
  /** Those that were answered with an error; timeouts count, cancelled ones do not. */
  errors: number;
  timeouts: number;
  cancelled: number;
  /** Answers that came when nobody waited any more. */
  late: number;
  inFlight: number;
  /** The share of errors in the last minute. */
  errorRate: number;
  /** In the last minute. */
  perSecond: number;
  latency_ms?: Latency;
  /** Its code, or its name. */
  lastError?: { code: string; at: string };
}

export interface FeatureMetrics extends ActionMetrics {
  actions: Record<string, ActionMetrics>;
}

/** Who asks whom, and who tells and hears what. */
export interface CommunicationGraph {
  /** Features by name, topics as `topic:NAME`, callers that are no feature, such as workflows and `app`, as `caller:NAME`. */
  nodes: Array<{ id: string; kind: "feature" | "topic" | "caller" }>;
  edges: Array<{ from: string; to: string; kind: "request" | "publish" | "deliver"; count: number; errors: number }>;
}

/** What the bus has counted. At most 1,000 topics and 1,000 actions are told apart; the others are `(other)`. */
export interface BusMetrics {
  /** Since when (RFC 3339). */
  since: string;
  topics: Record<string, TopicMetrics>;
  features: Record<string, FeatureMetrics>;
  history: {
    events: number;
    /** Known with `maxBytes` alone. */
    bytes?: number;
    /** How many have left. */
    evicted: number;
  };
  graph: CommunicationGraph;
}

/** What to be told of: a number beyond a threshold, of a feature, an action or a topic. */
export type AlertRule = {
  name: string;
  /** A share, milliseconds, events or requests per second, or how many handlers failed. */
  metric: "errorRate" | "p50" | "p95" | "p99" | "perSecond" | "failed";
  /** Fewer requests, or events, decide nothing; 1. */
  minRequests?: number;
  /** It is not raised again sooner than this; 5 min. */
  coolDown?: Duration;
} & ({ above: number; below?: undefined } | { below: number; above?: undefined }) &
  ({ feature: string; action?: string; topic?: undefined } | { topic: string; feature?: undefined; action?: undefined });

// ── The bus itself

export interface FeatureBusOptions {
  /** How long a request waits for its answer, and a step without a `timeout` for its attempt; 30 s. */
  requestTimeout?: Duration;
  /** How many publishes may be inside of each other, from 1 to 250; 100. */
  maxDepth?: number;
  /** What is remembered of events. */
  history?: {
    /** The last so many; 1,000. 0 turns the history off. */
    maxEvents?: number;
    /** About how much their data may take; no limit by default. */
    maxBytes?: number;
  };
  health?: HealthOptions;
}

/** Features call each other and tell what happened. */
export interface FeatureBus<Events extends object = AnyEvents, Features extends object = AnyFeatures>
  extends Asking<Events, Features> {}

/**
 * Features call each other and tell what happened.
 *
 * @typeParam Events the data of each topic: `{ "workout.generated": Workout }`
 * @typeParam Features the actions of each feature: `{ "user-analysis": { analyzeProfile(params: Query): Promise<Profile> } }`.
 * An action that answers in parts returns `AsyncGenerator<Part, Return>`.
 */
export class FeatureBus<Events extends object = AnyEvents, Features extends object = AnyFeatures> {
  constructor(options?: FeatureBusOptions);

  /**
   * Adds a feature. A higher version takes the place of the one that is there; what is under way ends with the old one.
   * Throws `bus.invalid` with every problem, or `bus.feature_exists`.
   */
  registerFeature(feature: Feature<Events, Features>): void;

  /**
   * Removes a feature: new requests are refused at once. Resolves when those under way have ended. What is left after
   * `grace` is cancelled: its callers get `bus.unavailable`. Rejects with `bus.no_such_feature`.
   */
  unregisterFeature(name: string, options?: { grace?: Duration }): Promise<void>;

  /** What is there, by name. */
  discover(filter?: DiscoverFilter): Promise<FeatureDescription[]>;

  /**
   * Hears a topic or a pattern; returns a function that ends it. The context is given to handlers that state it as a
   * parameter.
   */
  subscribe<Pattern extends PatternOf<Events>>(
    pattern: Pattern,
    handler: (event: EventOn<Events, Pattern>, ctx: EventContext<Events, Features>) => unknown,
    options?: SubscribeOptions<EventOn<Events, Pattern>>,
  ): () => void;

  /** The events of a topic or a pattern, to be read one after the other. Hears from now on, also before it is read. */
  stream<Pattern extends PatternOf<Events>>(
    pattern: Pattern,
    options?: StreamOptions<EventOn<Events, Pattern>>,
  ): EventStream<EventOn<Events, Pattern>>;

  /** What is remembered, the oldest first. */
  history(query?: HistoryQuery): Promise<BusEvent[]>;

  /** The same as text: one CloudEvents 1.0 event in JSON on each line. */
  exportHistory(query?: HistoryQuery): Promise<string>;

  /** What was counted so far. */
  metrics(): Promise<BusMetrics>;

  /** Runs the health checks now, of all features or of one, and says how they are, by name. */
  checkHealth(name?: string): Promise<Record<string, FeatureHealth>>;

  /**
   * Looks at a number once a second. When it is beyond the threshold, `alert.raised` is published; when it is back,
   * `alert.cleared`. The handler is told both. Resolves with a function that ends it;
   * rejects with `bus.invalid`.
   */
  addAlert(rule: AlertRule, handler?: (change: AlertChange) => unknown): Promise<() => void>;

  /** Rejects what is under way and refuses further use. */
  dispose(): void;
}

// ── Policies ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * What may stand for a word, a duration or a name in a definition. A definition may come from a JSON file or a variable,
 * whose strings are just strings; the core checks them. The options of `policy()` take no such text.
 */
type AnyText = string & {};

/** Which errors are meant: by kind, by code, ours or a service's, or by HTTP status. */
export type ErrorFilter = ReadonlyArray<ErrorKind | ErrorCode | (string & {}) | number>;

/** How often to try, and how long to wait in between. */
interface RetrySchedule<Text = never> {
  /** Attempts in all, the first included; 3. */
  maxAttempts?: number;
  /** How the delay grows; exponential. */
  backoff?: "constant" | "linear" | "exponential" | Text;
  /** The first delay; 200 ms. */
  delay?: Duration | Text;
  /** No delay is longer, and a service that asks for a longer one is not asked again; 30 s. */
  maxDelay?: Duration | Text;
  /**
   * How much of the delay is left to chance: all of it, half of it, nothing, or drawn along a smooth curve so that many
   * callers spread evenly, which belongs to the exponential backoff; full.
   */
  jitter?: "none" | "full" | "equal" | "decorrelated" | Text;
  /** No attempt begins later than this after the call began; without it, only the attempts count. */
  maxElapsed?: Duration | Text;
  /** What all callers together may spend on retries; a definition may also name one. None by default. */
  budget?: RetryBudgetOptions<Text> | Text;
}

/** Makes retries a share of all calls, so that they cannot multiply the load of a service that is down. */
export interface RetryBudgetOptions<Text = never> {
  /** How much of a retry each call that succeeds pays for: 0.2 is one for five calls; 0.2. */
  ratio?: number;
  /** Retries per second that nobody has to pay for; 1. */
  minPerSecond?: number;
  /** How long a payment, or a retry, counts; 10 s. */
  ttl?: Duration | Text;
}

/** What happens after an attempt that failed. */
export interface RetryOptions extends RetrySchedule {
  /**
   * Which errors are worth another attempt, instead of those that are retryable. A function is asked about what yours
   * threw; a policy's own timeouts and refusals then stay as they are.
   */
  on?: ErrorFilter | ((error: unknown) => boolean);
}

/** When a circuit breaker opens, and for how long. */
interface CircuitBreakerRules<Text = never> {
  /** It looks back this long; 30 s. */
  window?: Duration | Text;
  /** It looks back at so many calls, instead of a time. */
  windowCalls?: number;
  /** The share of calls that must fail for it to open, above 0 and up to 1; 0.5. */
  failureRate?: number;
  /** A call that takes longer is slow; without it, none is. */
  slowCall?: Duration | Text;
  /** The share of calls that must be slow for it to open; 1. */
  slowCallRate?: number;
  /** Fewer calls decide nothing; 10, or `windowCalls` when that is less. */
  minCalls?: number;
  /** How long it stays open the first time; 10 s. */
  openFor?: Duration | Text;
  /** Each failed probing doubles the time open, up to this; 2 min. */
  maxOpenFor?: Duration | Text;
  /** How many calls it lets through after that, to decide on; 1. */
  probes?: number;
}

/** Stops asking a service that fails. */
export interface CircuitBreakerOptions extends CircuitBreakerRules {
  /** Which errors count as failures, instead of those that are the fault of the service. */
  on?: ErrorFilter | ((error: unknown) => boolean);
}

/** So many in a time, refilled steadily. */
export interface RateLimitBucket<Text = never> {
  /** How many may pass in each `per`. */
  limit: number;
  /** 1 s. */
  per?: Duration | Text;
  /** How many may pass at once after a rest; as many as `limit`. */
  burst?: number;
  /** What is counted; requests. */
  unit?: "requests" | "tokens" | Text;
}

/**
 * Keeps to a rate, and to what the service says: what `observe` was told, and the error `slow_down`. Without a rate of its
 * own it does only the latter.
 */
export interface RateLimitOptions<Text = never> extends Partial<RateLimitBucket<Text>> {
  /** Requests per UTC day; no quota by default. */
  perDay?: number;
  /** How long a call may wait for its turn; 0, which refuses at once. */
  maxWait?: Duration | Text;
  /** More limits, all of which hold: requests and tokens, for example. */
  buckets?: ReadonlyArray<RateLimitBucket<Text>>;
}

/** Limits how many run at once. */
export interface BulkheadOptions<Text = never> {
  /** How many may run at once; 10. */
  maxConcurrent?: number;
  /** How many may wait for their turn; 0, which refuses at once. */
  maxQueue?: number;
  /** How long one waits at most; as long as its other limits let it. */
  maxWait?: Duration | Text;
  /** Lets the limit follow what the service can take, up to `maxConcurrent`. */
  adaptive?: AdaptiveOptions<Text>;
}

export interface AdaptiveOptions<Text = never> {
  /** What lowers the limit: overload and slow answers, or also a latency that grows; aimd. */
  algorithm?: "aimd" | "gradient" | Text;
  /** The limit is never below; 1. */
  minConcurrent?: number;
  /** The limit to start with; 10, brought within `minConcurrent` and `maxConcurrent`. */
  initial?: number;
  /** For `aimd`: a slower answer counts as overload; 5 s. */
  latency?: Duration | Text;
  /** What is left of the limit after an overload, from 0.5 to below 1; 0.9. */
  backoffRatio?: number;
}

/**
 * Asks a second time beside an attempt that takes long, or the next fallback early: only for what may run twice, and be paid
 * for twice.
 */
export interface HedgeOptions<Text = never> {
  /** How long an attempt may take before the next one starts beside it; without it, as long as `percentile` says. */
  delay?: Duration | Text;
  /** The share of calls that are back by then, of the last 100; 0.95. */
  percentile?: number;
  /** No hedge by `percentile` before so many calls are known; 10. */
  minCalls?: number;
  /** How many may start beside the first, 3 at most; 1. */
  maxExtra?: number;
  /**
   * What starts: the same `again`, or the next `fallback`, whose error is `undefined` then. Whichever answers first wins,
   * and whichever fails leaves the other as it is; again.
   */
  with?: "again" | "fallback" | Text;
}

/** Keeps answers. Those of fallbacks are not kept. */
export interface CacheOptions {
  /** How long an answer is good. */
  ttl: Duration;
  /**
   * About how much all answers may take, in bytes, keys included; 10 MiB. What can be read only once, such as a `Response`,
   * is not kept.
   */
  maxBytes?: number;
  /** How long after `ttl` an answer is given while a new one is fetched, which nobody waits for; 0. */
  staleWhileRevalidate?: Duration;
  /** How long after `ttl` an answer is given when all else failed; 0. */
  staleIfError?: Duration;
}

/** What an error means, where the built-in table says something else. All must match that is given of the first four. */
export interface ErrorRule<Text = never> {
  /** The error's `code`, or that of the body of the answer. */
  code?: string;
  /** The `type` in the body of the answer. */
  type?: string;
  /** The name of the error. */
  name?: string;
  /** The HTTP status, or the first and the last of a range. */
  status?: number | readonly number[];
  kind: ErrorKind | Text;
  /** As its kind has it, unless given. */
  severity?: "info" | "error" | "critical" | Text;
  /** As its kind has it, unless given. */
  retryable?: boolean;
}

/** What a function of `classify` can say of an error; the built-in table then judges that instead of the error. */
export interface ErrorFacts {
  code?: string | number;
  name?: string;
  message?: string;
  /** The HTTP status. */
  status?: number;
  /** As the header `x-should-retry`: overrides the table, but not that a quota or a bill is used up. */
  retryable?: boolean;
  /** When the service wants to be asked again, in milliseconds. */
  retryAfterMs?: number;
}

/** What a function under a policy is given. */
export interface PolicyContext {
  /** Aborted when the answer is no longer wanted: timeout, another attempt that was faster, a caller who gave up. */
  readonly signal: AbortSignal;
  /** Counts every time the function or a fallback is called, from 1. */
  readonly attempt: number;
  /** 0 for the function itself, then its fallbacks. */
  readonly level: number;
  /** Says that output was seen, such as the first word of a stream: from here on nothing is tried again. */
  readonly commit: () => void;
}

/**
 * Gives another answer when the function has failed for good, or, where a hedge starts it early, while it still runs: then
 * there is no error yet. It is not retried, and keeps to `timeout`.
 */
export type Fallback<Answer = unknown> = (error: unknown, ctx: PolicyContext) => Answer | PromiseLike<Answer>;

/**
 * The policies around a function, outermost first. What is not there does nothing.
 *
 * @typeParam Answer what the fallbacks give
 */
export interface PolicyOptions<Answer = never> {
  /** Bounds the call with all its attempts, waits and fallbacks; unbounded. */
  totalTimeout?: Duration;
  /** Keeps answers, by the `key` of each call. Callers of the same key share the work, as with `singleFlight`. */
  cache?: CacheOptions;
  /** Lets callers that ask for the same `key` at the same time share the work; false. */
  singleFlight?: boolean;
  /** What to do when all attempts have failed; a list is tried in order. */
  fallback?: Fallback<Answer> | ReadonlyArray<Fallback<Answer>>;
  /** Tries again. */
  retry?: RetryOptions;
  /** Stops asking a service that fails. */
  circuitBreaker?: CircuitBreakerOptions;
  /** Keeps to a rate. */
  rateLimit?: RateLimitOptions;
  /** Limits how many run at once. */
  bulkhead?: BulkheadOptions;
  /** Bounds one attempt, once it has its turn; unbounded. */
  timeout?: Duration;
  /** Asks a second time beside an attempt that takes long. */
  hedge?: HedgeOptions;
  /** What errors mean: rows that come before the built-in table, or a function that tells it what an error says. */
  classify?: readonly ErrorRule[] | ((error: unknown) => ErrorFacts | undefined);
}

/** What a single call is given beside its function. */
export interface ExecuteOptions {
  /** Gives the call up: it rejects with `policy.cancelled`, whose `cause` is the reason of the signal. */
  signal?: AbortSignal | undefined;
  /** What tells the same work from other work, as plain data; needed with `cache` and `singleFlight`. */
  key?: unknown;
  /** Whose rate it counts against, such as a user's; all calls share one rate by default. */
  limitKey?: string;
  /** What it takes of a rate limit of tokens; 0. */
  tokens?: number;
}

/** What a service says of one of its limits, as in the headers `x-ratelimit-*`. */
export interface ObservedLimit {
  /** What is left of it; a whole number. */
  remaining: number;
  /** How long until it is whole again, in milliseconds. */
  resetMs: number;
  /**
   * The whole of it. With it, what is missing is taken to come back steadily until the reset; without it, all at once, at
   * the reset.
   */
  limit?: number | undefined;
}

/** What a service says of its limits. */
export interface ObservedLimits {
  /** Whose limits, as in `execute`; those of the calls that name nobody by default. */
  limitKey?: string | undefined;
  requests?: ObservedLimit | undefined;
  tokens?: ObservedLimit | undefined;
}

/** What happened so far. The counts that need the core are absent until it is loaded. */
export interface PolicyStats {
  /** Calls begun. */
  calls: number;
  /** Calls that have not ended. */
  inFlight: number;
  /** Calls answered with a value. */
  succeeded?: number;
  /** Calls answered with an error. */
  failed?: number;
  /** Calls that their caller gave up. */
  cancelled?: number;
  /** Times the function or a fallback was called. */
  attempts?: number;
  /** Attempts after one that failed. */
  retries?: number;
  /** Attempts and calls that took too long. */
  timeouts?: number;
  /** Attempts beside one that took long. */
  hedges?: number;
  /** Times a fallback was taken. */
  fallbacks?: number;
  /** Attempts refused by the circuit breaker. */
  shortCircuited?: number;
  /** Attempts refused by the bulkhead. */
  rejected?: number;
  /** Attempts refused by the rate limit. */
  rateLimited?: number;
  /** Retries that the budget refused. */
  budgetExhausted?: number;
  /** Calls answered from the cache. */
  cacheHits?: number;
  /** Those of them that were past their time. */
  staleHits?: number;
  /** Calls answered by the work of another. */
  shared?: number;
  /** The circuit breaker and the calls it looks back at, where there is one. */
  circuit?: { state: CircuitState; calls: number; failures: number; slow: number };
  /** Calls inside of the bulkhead, its limit now, and how many wait, where there is one. */
  bulkhead?: { running: number; limit: number; queued: number };
  /** What the cache holds, where there is one. */
  cache?: { entries: number; bytes: number };
}

export type CircuitState = "closed" | "open" | "half_open" | "isolated";

export type CircuitEventType = "circuit.opened" | "circuit.half_opened" | "circuit.closed" | "circuit.isolated";

/** A circuit breaker changed its state. */
export interface CircuitChange {
  type: CircuitEventType;
  from: CircuitState;
  to: CircuitState;
  /** Milliseconds since the Unix epoch. */
  at: number;
}

/** Something that happened to a call, or to what calls share. `at` is milliseconds since the Unix epoch. */
export type PolicyEvent =
  | { type: "attempt.started"; at: number; attempt: number; level: number }
  | {
      type:
        | "attempt.failed"
        | "attempt.timed_out"
        | "attempt.short_circuited"
        | "attempt.rejected"
        | "attempt.rate_limited";
      at: number;
      /** `undefined` when there was none because it was refused. */
      attempt: number | undefined;
      error: unknown;
    }
  /** The call took longer than its `totalTimeout`. */
  | { type: "call.timed_out"; at: number; attempt: undefined; error: unknown }
  /** The number of the next attempt, and how long until it begins. */
  | { type: "retry.scheduled"; at: number; attempt: number; delayMs: number }
  /** Which fallback, from 1, and why; without an error when it starts early, beside what still runs. */
  | { type: "fallback.started"; at: number; level: number; error: unknown }
  | { type: "call.completed"; at: number; cached: boolean; attempts: number }
  | { type: "call.failed" | "call.cancelled"; at: number; error: unknown }
  | CircuitChange;

/** The events of a type, or of several. */
type EventOf<Event extends { type: string }, Type> = Event extends { type: infer Own }
  ? (Type & Own extends never ? never : Event)
  : never;

/** A circuit breaker, by hand. */
export interface CircuitControl {
  /** Refuses every call until `lift` was called as often. */
  isolate(): void;
  /** Ends one isolation; the last one leaves the circuit breaker closed, with nothing remembered. */
  lift(): void;
  /** Closes it, and forgets the calls that it looked back at. Does not end an isolation. */
  close(): void;
}

/** Where a circuit breaker is. */
export interface CircuitSnapshot {
  state: CircuitState;
  /** Milliseconds since the Unix epoch; 0 when it is not open. */
  openUntil: number;
  /** How often it opened in a row. */
  opens: number;
  /** How many isolations hold. */
  isolations: number;
}

/** What outlives a reload, as plain data. */
export interface PolicySnapshot {
  circuit?: CircuitSnapshot;
  /** How much of the quotas per day is used: by whom, on which day (counted from the Unix epoch), how many requests. */
  quotas?: Array<{ key: string; day: number; used: number }>;
}

/**
 * Policies around any function. Calls of one policy share its circuit breaker, its limits, its budget and its cache.
 *
 * @typeParam Answer what the fallbacks give
 */
export interface Policy<Answer = never> {
  /**
   * Calls a function under the policies. Rejects with what it threw, or with the error of a policy; with fallbacks, with
   * `policy.failed`, whose `errors` are all of them.
   */
  execute<T>(execute: (ctx: PolicyContext) => T | PromiseLike<T>, options?: ExecuteOptions): Promise<T | Answer>;

  /** What happened so far. */
  stats(): PolicyStats;

  /** Hears events, by type, or all with `*`; returns a function that ends it. A type that there is not is refused. */
  on<Type extends PolicyEvent["type"]>(
    type: Type,
    handler: (event: EventOf<PolicyEvent, Type>) => unknown,
    options?: { signal?: AbortSignal },
  ): () => void;
  on(type: "*", handler: (event: PolicyEvent) => unknown, options?: { signal?: AbortSignal }): () => void;

  /** The circuit breaker, by hand; without one it does nothing. */
  readonly circuit: CircuitControl;

  /**
   * Holds calls back as far as the service says that it has no room for them; never lets one come earlier than the rates
   * of the policy. The newest word counts. Throws `config.invalid` when what is told makes no sense, or when the policy has
   * no `rateLimit`.
   */
  observe(said: ObservedLimits): void;

  /** What outlives a reload, as plain data: give it to the next policy. */
  snapshot(): PolicySnapshot;

  /** Forgets what the cache holds, and does not keep what is being asked for now. */
  clearCache(): void;

  /** Rejects what is under way, and refuses further use. */
  dispose(): void;
}

/**
 * Puts policies around functions: timeouts, retries, a circuit breaker, limits, a cache. Throws `config.invalid` with
 * every problem at once where the core is loaded; otherwise the first call rejects with it.
 *
 * @typeParam Answer what the fallbacks give; to be said when they give different things: `policy<string | number>({ … })`
 */
export function policy<Answer = never>(
  options: PolicyOptions<Answer>,
  more?: { snapshot?: PolicySnapshot | undefined },
): Policy<Answer>;

// ── Workflows ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A duration in a definition; the orchestrator checks it. */
export type DurationText = Duration | AnyText;

/** A workflow, as data. `workflow.schema.json` of the package describes the same for editors and other languages. */
export interface WorkflowDefinition {
  $schema?: string;
  /** Letters, digits, `_` and `-`. */
  id: string;
  version?: string;
  description?: string;
  /** A JSON Schema of the input. Checked before the run starts; the defaults of properties are filled in. */
  parameters?: JsonSchema;
  /** Bounds the whole run. */
  timeout?: DurationText;
  /** How many calls of one run may run at once; or limits by key, across all runs of this workflow. */
  concurrency?: number | KeyedConcurrency | { limit: number; key?: undefined; perKey?: undefined };
  /** A step without `needs` runs after the step before it. */
  steps: readonly Step[];
  /** A template of the run's output; without one it is the output of the last step. */
  output?: unknown;
  metadata?: unknown;
}

/** A JSON Schema (draft 2020-12, or the one that its `$schema` names). */
export type JsonSchema = object | boolean;

/** How many calls may run at once, of one run and of all runs whose `key` is the same. */
export interface KeyedConcurrency {
  /** How many calls of one run. */
  limit?: number;
  /** What tells runs apart, such as `{{ input.userId }}`. */
  key: string;
  /** How many calls of all runs of this workflow with the same `key`. */
  perKey: number;
}

/** The keys that say what a step does. It has one of them, and `forEach` goes with `steps`. */
type StepKind = "call" | "workflow" | "emit" | "parallel" | "steps" | "switch" | "forEach" | "wait";

/** No other kind. */
type Only<Kind extends StepKind> = { [Other in Exclude<StepKind, Kind>]?: undefined };

interface StepBase {
  /** Letters, digits, `_` and `-`; unique in the definition. */
  id: string;
  description?: string;
  /** The steps of the same list that it waits for; `[]` starts at once. */
  needs?: readonly string[];
  /** An expression. When it is false the step is skipped: its output is null, and the steps after it still run. */
  when?: string;
  /** What its failure does: fail the run, or go on with null as its output; fail. */
  onError?: "fail" | "continue" | AnyText;
  /** Of steps that wait for their turn, the higher goes first; 0. */
  priority?: number;
  metadata?: unknown;
}

/** What guards a call, outermost first. What is not there does nothing. */
interface StepPolicies {
  /** Bounds the step with all its attempts, waits and fallbacks. */
  totalTimeout?: DurationText;
  /** Keeps answers. Those of fallbacks are not kept. */
  cache?: StepCache;
  /** Lets steps that ask for the same at the same time share the work; false. */
  singleFlight?: boolean;
  /** What to do when all attempts have failed, tried in order. */
  fallback?: readonly StepFallback[];
  /** Tries again. */
  retry?: Retry;
  /** Stops asking a service that fails: its own for this step of all runs, or the one of this name. */
  circuitBreaker?: CircuitBreaker | AnyText;
  /** Keeps to a rate: its own for this step of all runs, or the one of this name. A call is one request, no tokens. */
  rateLimit?: RateLimitOptions<AnyText> | AnyText;
  /** Limits how many run at once: its own for this step of all runs, or the one of this name. */
  bulkhead?: BulkheadOptions<AnyText> | AnyText;
  /** Bounds one attempt, once it has its turn. */
  timeout?: DurationText;
  /** Asks a second time beside an attempt that takes long. */
  hedge?: Omit<HedgeOptions<AnyText>, "with">;
  /** What errors mean, where the built-in table does not know it. */
  classify?: ReadonlyArray<ErrorRule<AnyText>>;
}

/** Keeps the answers of a step. */
export interface StepCache {
  /** How long an answer is good. */
  ttl: DurationText;
  /** How much all answers may take as JSON, in bytes, keys included; 10 MiB. */
  maxBytes?: number;
  /** How long after `ttl` an answer is given when all else failed; 0. */
  staleIfError?: DurationText;
  /** What tells the same work from other work, as a template; the action and what it is given. */
  key?: string;
}

/** What answers instead of a step that has failed. Without `with` it is given the same as the step. */
export type StepFallback =
  | { call: string; with?: unknown; workflow?: undefined; value?: undefined }
  | { workflow: string; with?: unknown; call?: undefined; value?: undefined }
  | { value: unknown; with?: undefined; call?: undefined; workflow?: undefined };

/** What undoes a step that has completed, when the run fails or is cancelled later. */
export interface Compensation
  extends Pick<
    StepPolicies,
    "totalTimeout" | "retry" | "circuitBreaker" | "rateLimit" | "bulkhead" | "timeout" | "classify"
  > {
  /** `feature.action` */
  call: string;
  /** What the action is given, with `{{ expressions }}`; without it, the output of the step that it undoes. */
  with?: unknown;
}

/** Requests an action of a feature. */
export interface CallStep extends StepBase, StepPolicies, Only<"call"> {
  /** `feature.action` */
  call: string;
  /** What the action is given, with `{{ expressions }}`; without it, the input of the run. */
  with?: unknown;
  /** What undoes it. */
  compensate?: Compensation;
  /** What makes the call the same call, as a template; the handler finds it in its context. */
  idempotencyKey?: string;
}

/** Runs a registered workflow to its end. */
export interface WorkflowStep extends StepBase, StepPolicies, Only<"workflow"> {
  /** Its id. */
  workflow: string;
  /** Its input, with `{{ expressions }}`; without it, the input of the run. */
  with?: unknown;
  /** What undoes it. */
  compensate?: Compensation;
  idempotencyKey?: string;
}

/** Tells everybody who listens to a topic, and goes on when every handler has been called. Its output is null. */
export interface EmitStep extends StepBase, Only<"emit"> {
  /** The topic. */
  emit: string;
  /** The data of the event, with `{{ expressions }}`. */
  with?: unknown;
}

/** What a step with steps of its own may have. */
interface Bounds {
  /** How many of them may run at once. */
  concurrency?: number;
  /** Bounds all of them together. */
  timeout?: DurationText;
}

/** Runs steps at the same time; its output is theirs, by id. */
export interface ParallelStep extends StepBase, Bounds, Only<"parallel"> {
  parallel: readonly Step[];
}

/** Runs steps one after the other; its output is theirs, by id. */
export interface GroupStep extends StepBase, Bounds, Only<"steps"> {
  steps: readonly Step[];
}

/** Runs the steps of the first case that holds; its output is theirs, by id, or null when none holds. */
export interface SwitchStep extends StepBase, Only<"switch"> {
  /** Only the last may do without `when`: it holds when no other does. */
  switch: ReadonlyArray<{ when?: string; steps: readonly Step[] }>;
  /** Bounds the steps of the case together. */
  timeout?: DurationText;
}

/** Runs steps for each item of a list; its output is a list of their outputs by id, in the order of the items. */
export interface ForEachStep extends StepBase, Only<"forEach" | "steps"> {
  /** An expression in braces that gives a list, or the items themselves. */
  forEach: string | readonly unknown[];
  /** What the steps call the item in expressions; `item`. Its place is `index`, from 0. */
  as?: string;
  steps: readonly Step[];
  /** How many items are worked on at once; all. */
  concurrency?: number;
  /** Bounds all items together. */
  timeout?: DurationText;
}

/** Waits for a time to pass, an instant, or a signal, whose payload is its output. */
export interface WaitStep extends StepBase, Only<"wait"> {
  wait:
    | DurationText
    | { duration: DurationText }
    /** ISO 8601 with a time zone, milliseconds since the Unix epoch, or an expression in braces that gives either. */
    | { until: string | number }
    | { signal: string; timeout?: DurationText };
}

/** What is absent may also be there as `undefined`, which TypeScript makes of lists of different objects. */
type Given<T> = { [Key in keyof T]: {} extends Pick<T, Key> ? T[Key] | undefined : T[Key] };

export type Step =
  | Given<CallStep>
  | Given<WorkflowStep>
  | Given<EmitStep>
  | Given<ParallelStep>
  | Given<GroupStep>
  | Given<SwitchStep>
  | Given<ForEachStep>
  | Given<WaitStep>;

/** What happens after an attempt that failed. An error that says `retryable: false` is not retried. */
export interface Retry extends RetrySchedule<AnyText> {
  /** Which errors are worth another attempt, instead of those that are retryable. */
  on?: ErrorFilter;
}

/** Stops asking a service that fails. */
export interface CircuitBreaker extends CircuitBreakerRules<AnyText> {
  /** Which errors count as failures, instead of those that are the fault of the service. */
  on?: ErrorFilter;
}

/** What steps share when they refer to its name. */
export interface SharedPolicies {
  circuitBreaker?: CircuitBreakerRules<AnyText>;
  rateLimit?: RateLimitOptions<AnyText>;
  bulkhead?: BulkheadOptions<AnyText>;
  retry?: { budget?: RetryBudgetOptions<AnyText> };
}

interface RunEventBase {
  /** Its place in the run, from 0, without gaps. */
  seq: number;
  /** Milliseconds since the Unix epoch. */
  at: number;
  runId: string;
  workflowId: string;
  correlationId: string;
  /** Of a run that a step of another run has started: whose it is. */
  parentRunId?: string;
  parentStepId?: string;
  parentIteration?: number[];
}

interface StepEventBase extends RunEventBase {
  stepId: string;
  /** In a loop: the place of the item in its list, from 0; that of the outermost loop first. */
  iteration?: number[];
  /** Whether it is about undoing the step. */
  compensation?: true;
}

interface AttemptEventBase extends StepEventBase {
  /** From 1. */
  attempt: number;
}

export interface RunEvent extends RunEventBase {
  type: "run.started" | "run.completed" | "run.timed_out" | "run.cancelled" | "run.paused" | "run.resumed" | "run.restored";
}

export interface RunFailedEvent extends RunEventBase {
  type: "run.failed";
  /** The step that failed it; absent when its output did. */
  stepId?: string;
  iteration?: number[];
}

/** The run ends in vain, and undoes before that what it can. */
export interface CompensatingEvent extends RunEventBase {
  type: "run.compensating";
  reason: "failed" | "output_failed" | "timed_out" | "cancelled";
}

export interface StepEvent extends StepEventBase {
  type:
    | "step.started"
    | "step.completed"
    | "step.failed"
    | "step.cancelled"
    | "step.skipped"
    | "step.timed_out"
    | "attempt.short_circuited"
    | "attempt.rejected"
    | "attempt.rate_limited"
    | "attempt.shared"
    | "attempt.unshared"
    | "timer.fired"
    | "compensation.started"
    | "compensation.completed"
    | "compensation.failed";
}

/** What only values told is known: whether a condition holds, which case, how many items, until when. */
export interface EvaluatedEvent extends StepEventBase {
  type: "step.evaluated";
  question: "when" | "case" | "items" | "until";
  /** For a case its place, or null for none; for an instant milliseconds since the Unix epoch. */
  answer: boolean | number | null;
}

export interface AttemptEvent extends AttemptEventBase {
  type: "attempt.started" | "attempt.failed" | "attempt.timed_out" | "attempt.interrupted";
}

/** A handler told of its progress. `data` is kept for those only who listened then. */
export interface ProgressEvent extends AttemptEventBase {
  type: "step.progress";
  data?: unknown;
}

/** A handler wrote a line. */
export interface LoggedEvent extends AttemptEventBase {
  type: "step.logged";
  level?: "debug" | "info" | "warn" | "error";
  message?: string;
  fields?: object;
}

export interface RetryEvent extends AttemptEventBase {
  type: "retry.scheduled";
  /** Until the next attempt. */
  delayMs: number;
}

export interface FallbackEvent extends StepEventBase {
  type: "fallback.started";
  /** Which one, from 1. */
  level: number;
}

export interface TimerEvent extends StepEventBase {
  type: "timer.set";
  /** Milliseconds since the Unix epoch. */
  dueAt: number;
}

export interface SignalEvent extends RunEventBase {
  type: "signal.received";
  signal: string;
  payload: unknown;
}

export interface IterationEvent extends StepEventBase {
  type: "iteration.started";
  iteration: number[];
}

/** Something that happened in a run. */
export type WorkflowEvent =
  | RunEvent
  | RunFailedEvent
  | CompensatingEvent
  | StepEvent
  | EvaluatedEvent
  | AttemptEvent
  | ProgressEvent
  | LoggedEvent
  | RetryEvent
  | FallbackEvent
  | TimerEvent
  | SignalEvent
  | IterationEvent;

export type WorkflowEventType = WorkflowEvent["type"];

/** A circuit breaker changed its state. It belongs to all runs. */
export interface CircuitEvent extends CircuitChange {
  /** Its name in `policies`, or `workflow.step` when it is a step's own. */
  circuit: string;
}

/** What outlives a reload, as plain data. */
export interface OrchestratorSnapshot {
  /** Circuit breakers, by name. */
  circuits?: Record<string, CircuitSnapshot>;
}

export interface WorkflowOrchestratorOptions {
  /** The bus whose features the steps call; one of its own by default. */
  bus?: FeatureBus<any, any>;
  /** What steps share when they refer to it by name: `circuitBreaker: "model"`. */
  policies?: Record<string, SharedPolicies>;
  /** What `snapshot()` gave before a reload. */
  snapshot?: OrchestratorSnapshot | undefined;
  /** Definitions to register, as by `registerTemplate`. */
  templates?: readonly TemplateDefinition[];
  /** How many runs may be active at once; the others wait for their turn. No limit by default. */
  maxConcurrentRuns?: number;
  /** How many may wait; the `result` of one more rejects with `run.queue_full`. No limit by default. */
  maxQueuedRuns?: number;
  /** Which runs that have ended can still be asked for: the last `count` (100), no older than `age` (10 min). */
  retention?: { count?: number; age?: Duration };
}

export interface RunOptions {
  /** Cancels the run. */
  signal?: AbortSignal;
  /** Told what happens, as it happens. */
  onEvent?: (event: WorkflowEvent) => void;
  /** Goes to every handler; the run's id by default. */
  correlationId?: string;
  /** Of W3C Trace Context: what the run is a part of. A new trace begins without it. */
  traceparent?: string;
  /** Goes with `traceparent`, untouched. */
  tracestate?: string;
  /** Of the runs that wait for a place, the higher ones begin first; 0 by default. */
  priority?: number;
}

/** How a step stands, or ended. */
export interface StepResult {
  status: "pending" | "running" | "waiting" | "completed" | "failed" | "cancelled" | "skipped" | "compensated";
  attempts: number;
  durationMs: number | null;
  /** Null unless it completed. */
  output: unknown;
  /** Of a step that failed: the same as the run's, had it failed with it. */
  error?: RepflowError;
  /** Whether it failed, was answered by a fallback, or ran a workflow that is degraded. */
  degraded?: true;
  /** Which fallback answered, from 1. */
  level?: number;
  /** Why the step itself, level 0, and its earlier fallbacks did not answer. */
  failures?: Array<{ level: number; error: unknown }>;
  /** Of a loop: the steps of its body by id, for each item that was begun. */
  iterations?: Array<Record<string, StepResult>>;
}

export interface RunResult<Output = unknown> {
  runId: string;
  workflowId: string;
  correlationId: string;
  status: "completed";
  /** Whether something failed on the way: a step that may, or one that a fallback answered for. */
  degraded: boolean;
  output: Output;
  /** By id; steps in the body of a loop stand in its `iterations`. */
  steps: Record<string, StepResult>;
  durationMs: number;
}

/** `queued` until it begins, also while the core is loaded. `compensating` while it undoes what it did in vain. */
export type RunStatus =
  | "queued"
  | "running"
  | "paused"
  | "compensating"
  | "completed"
  | "failed"
  | "cancelled"
  | "timed_out";

/** A run, as a list has it. */
export interface RunSummary {
  runId: string;
  /** Absent while nothing is known of a definition that has none. */
  workflowId: string | undefined;
  correlationId: string;
  priority: number;
  status: RunStatus;
  /** Milliseconds since the Unix epoch; `null` until then. */
  startedAt: number | null;
  endedAt: number | null;
  /** So far, while it runs. */
  durationMs: number | null;
  /** Of a run that a step of another run has started: whose it is. */
  parentRunId?: string;
  parentStepId?: string;
  parentIteration?: number[];
}

/** How a run stands at one moment. */
export interface RunInfo extends RunSummary {
  /** Whether something failed so far that did not stop it. */
  degraded: boolean;
  /** By id; empty before it begins, and when it ended so long ago that it is not kept any more. */
  steps: Record<string, StepResult>;
}

/** A run as plain data that JSON can hold. What is in it belongs to the version of the package that wrote it. */
export interface Journal {
  readonly version: 1;
  readonly runId: string;
  readonly workflowId: string;
  readonly correlationId: string;
  readonly definition: WorkflowDefinition;
  /** When it was made, in milliseconds since the Unix epoch. */
  readonly at: number;
  readonly [more: string]: unknown;
}

/** Its functions work on their own, too. It keeps nothing of a run that has ended but its result. */
export interface RunHandle<Output = unknown> {
  readonly id: string;
  readonly result: Promise<RunResult<Output>>;
  /** How the run stands now. */
  status(): RunInfo;
  /** Stops the run: what runs gets its signal, what can be undone is, and `result` rejects with `run.cancelled`. */
  cancel(reason?: unknown): void;
  /** Lets nothing new begin. What runs may end; a run that waits for its place waits until it is resumed. */
  pause(): void;
  resume(): void;
  /**
   * Sends a signal that a step waits for; one that comes early is kept. Says whether it still matters to the run. Throws
   * `run.no_such_signal` when no step ever waits for it.
   */
  signal(name: string, payload?: unknown): boolean;
  /** All events of the run, from its first to its last; none of a run that has ended. */
  events(): AsyncIterableIterator<WorkflowEvent>;
  /**
   * The journal of the run as it stands: `restore` goes on from it, also in another process. Throws `journal.invalid` for a
   * run that has ended, and for values that are not plain data.
   */
  snapshot(): Journal;
}

export interface RestoreOptions {
  /** The workflow as the caller has it; refused with `journal.definition_changed` when it is not that of the journal. */
  definition?: WorkflowDefinition;
  signal?: AbortSignal;
  /** Told what happens from now on. */
  onEvent?: (event: WorkflowEvent) => void;
  schemas?: RunSchemas;
}

export interface RunFilter {
  status?: RunStatus | readonly RunStatus[];
  workflowId?: string;
  correlationId?: string;
}

/** Runs workflows whose steps are requests to features on a bus. */
export class WorkflowOrchestrator {
  constructor(options?: WorkflowOrchestratorOptions);

  /** The bus whose features the steps call. */
  readonly bus: FeatureBus<any, any>;

  /**
   * Runs a workflow to its end. Rejects with `workflow.invalid` (every problem listed, nothing started), `step.failed`,
   * `step.timeout`, `run.timeout` or `run.cancelled`. What the definition says now is what runs: one that was given before is
   * compared with what it was, unless it is frozen through and through.
   */
  executeWorkflow<Input = unknown, Output = unknown>(
    definition: WorkflowDefinition,
    input?: Input,
    options?: RunOptions,
  ): Promise<RunResult<Output>>;

  /** Starts a run that can be managed by its handle. */
  start<Input = unknown, Output = unknown>(
    definition: WorkflowDefinition,
    input?: Input,
    options?: RunOptions,
  ): RunHandle<Output>;

  /**
   * Goes on with a run where its journal ends: what had completed is not done again, waits keep their deadlines, signals
   * are kept, and attempts that ran are made again. Throws `journal.invalid` and `journal.definition_changed`.
   */
  restore<Output = unknown>(journal: Journal, options?: RestoreOptions): RunHandle<Output>;

  /** Runs that are active or ended not long ago, in the order of their start. */
  list(filter?: RunFilter): RunSummary[];

  /** The handle of a run that is active or ended not long ago. */
  get(id: string): RunHandle | undefined;

  /** Hears events of all runs and circuit breakers, by type, or all with `*`; returns a function that ends it. */
  on<Type extends WorkflowEventType>(
    type: Type,
    handler: (event: EventOf<WorkflowEvent, Type>) => void,
    options?: { signal?: AbortSignal },
  ): () => void;
  on(type: CircuitEventType, handler: (event: CircuitEvent) => void, options?: { signal?: AbortSignal }): () => void;
  on(type: "*", handler: (event: WorkflowEvent | CircuitEvent) => void, options?: { signal?: AbortSignal }): () => void;

  /** What outlives a reload, as plain data: give it to the next orchestrator. */
  snapshot(): OrchestratorSnapshot;

  /**
   * A circuit breaker, by hand: that of `policies`, or a step's own as `workflow.step`, which is there once a run has
   * reached the step. Of one that is not there nothing is moved.
   */
  circuit(name: string): CircuitControl;

  /**
   * Takes no new runs, which are refused with `internal.disposed`; resolves when all there are have ended, those that
   * wait for their turn as well.
   */
  drain(): Promise<void>;

  /** Rejects what is under way and refuses further use. The bus is left as it is. */
  dispose(): void;

  /** `dispose()`, for `using`. */
  [Symbol.dispose](): void;

  /** `drain()`, then `dispose()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

// ── Templates ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Text with a parameter of a template in it, which may stand for any value. */
type ParameterText = `${string}{{${string}}}${string}`;

/** The same, with parameters in the place of values. */
type WithParameters<T> = T extends string | number | boolean
  ? T | ParameterText
  : T extends object
    ? { [Key in keyof T]: WithParameters<T[Key]> }
    : T;

/** A definition whose values may be parameters: `"timeout": "{{ parameters.patience }}"`. */
export type TemplateDefinition = Pick<WorkflowDefinition, "parameters" | "output" | "metadata"> &
  WithParameters<Omit<WorkflowDefinition, "parameters" | "output" | "metadata">>;

declare const params: unique symbol;

/** The id of a template, which knows what parameters it takes. */
export type TemplateId<Params = unknown> = string & { readonly [params]?: Params };

/** The data that a JSON Schema describes, as far as types, properties, lists and constants say it. */
export type FromSchema<Schema> = Schema extends { const: infer Value }
  ? Value
  : Schema extends { enum: ReadonlyArray<infer Value> }
    ? Value
    : Schema extends { type: "string" }
      ? string
      : Schema extends { type: "number" | "integer" }
        ? number
        : Schema extends { type: "boolean" }
          ? boolean
          : Schema extends { type: "null" }
            ? null
            : Schema extends { type: "array" }
              ? ReadonlyArray<Schema extends { items: infer Item } ? FromSchema<Item> : unknown>
              : Schema extends { properties: infer Properties }
                ? FromProperties<Properties, Schema extends { required: ReadonlyArray<infer Key> } ? Key : never>
                : Schema extends { type: "object" }
                  ? { readonly [key: string]: unknown }
                  : unknown;

/** What has a default may be left out. */
type Needed<Properties, Required> = {
  [Key in keyof Properties]: Key extends Required ? (Properties[Key] extends { default: unknown } ? never : Key) : never;
}[keyof Properties];

type FromProperties<Properties, Required> = {
  -readonly [Key in Needed<Properties, Required>]: FromSchema<Properties[Key]>;
} & {
  -readonly [Key in Exclude<keyof Properties, Needed<Properties, Required>>]?: FromSchema<Properties[Key]> | undefined;
};

export interface WorkflowOrchestrator {
  /**
   * Registers a definition as a template, and as what a step `workflow: "id"` runs. Returns its id, which types the
   * parameters of `createWorkflowFromTemplate`. Throws `workflow.invalid` for what is no definition, and for another
   * definition of the same id and version; another version takes the place of the one before.
   */
  registerTemplate<const Definition extends TemplateDefinition>(
    definition: Definition,
  ): TemplateId<Definition extends { parameters: infer Schema } ? FromSchema<Schema> : unknown>;

  /**
   * Makes a workflow of a template: checks the parameters, fills in defaults, and puts the values where `{{ … }}`
   * mentions `parameters`. Throws `workflow.not_registered`, `input.invalid`, and `workflow.invalid` where a parameter is
   * used that has no value.
   */
  createWorkflowFromTemplate<Params = unknown>(
    id: TemplateId<Params>,
    ...params: {} extends Params ? [params?: Params] : [params: Params]
  ): WorkflowDefinition;
}

// ── Schemas ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A validator of zod, valibot, arktype or another vendor that keeps to Standard Schema, version 1. */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    /** Judges a value: gives what it makes of it, or what is wrong. */
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** For the compiler alone. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: ReadonlyArray<StandardIssue> };

interface StandardIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}

interface StepSchemas {
  input?: StandardSchemaV1 | undefined;
  output?: StandardSchemaV1 | undefined;
}

/**
 * Validators of a run. What a validator makes of a value takes its place. What it refuses is `input.invalid`, or
 * `output.invalid`.
 */
export interface RunSchemas extends StepSchemas {
  /** Of what steps are given and answer, by id. */
  steps?: Readonly<Record<string, StepSchemas>> | undefined;
}

/** Options of a run whose values are checked. */
export interface CheckedRunOptions<Schemas extends RunSchemas> extends RunOptions {
  schemas: Schemas;
}

/** What a run with these schemas is given. */
type InputOf<Schemas> = Schemas extends { input: StandardSchemaV1<infer Input, any> } ? Input : unknown;
/** What it gives. */
type OutputOf<Schemas> = Schemas extends { output: StandardSchemaV1<any, infer Output> } ? Output : unknown;

export interface WorkflowOrchestrator {
  /** The same, with validators that also type the input and the output. */
  executeWorkflow<const Schemas extends RunSchemas>(
    definition: WorkflowDefinition,
    input: InputOf<Schemas>,
    options: CheckedRunOptions<Schemas>,
  ): Promise<RunResult<OutputOf<Schemas>>>;

  /** The same, with validators that also type the input and the output. */
  start<const Schemas extends RunSchemas>(
    definition: WorkflowDefinition,
    input: InputOf<Schemas>,
    options: CheckedRunOptions<Schemas>,
  ): RunHandle<OutputOf<Schemas>>;
}

// ── Models ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A part of a conversation. */
export interface ModelMessage {
  role: "system" | "user" | "assistant" | "tool";
  content: string;
  /** What an assistant asked to be done. */
  toolCalls?: readonly ToolCall[];
  /** The call that a tool answers. */
  toolCallId?: string;
}

/** A tool that the model wants called; `arguments` are JSON text. */
export interface ToolCall {
  id: string;
  name: string;
  arguments: string;
}

/** A question to a model. */
export interface ModelRequest {
  /** The client's own when it is not given. */
  model?: string;
  messages: readonly ModelMessage[];
  /**
   * What the answer must look like: a JSON Schema in the strict subset that services enforce (every property required, no
   * others, no `allOf`, `oneOf`, `not`). The answer is checked against it, whatever the service promises.
   */
  schema?: { name: string; schema: object };
  tools?: ReadonlyArray<{ name: string; description: string; parameters: object }>;
  /** Reasoning included. */
  maxOutputTokens?: number;
  /** 0 to 2. */
  temperature?: number;
  /** How much to reason, in a word of the service. */
  effort?: string;
  /** Questions with the same key begin alike, for the service's cache of prompts. */
  promptCacheKey?: string;
  /** Who asks, hashed. Made of `user` when it is not given. */
  safetyIdentifier?: string;
  /** What rules may answer it by; see the strategies of the coach. */
  task?: { name: string; input: unknown };
  /** Further fields of the body, as the service has them. `store` stays `false`. */
  extra?: Readonly<Record<string, unknown>>;
}

/** Tokens. */
export interface ModelUsage {
  /** Cached ones included. */
  inputTokens: number;
  /** Reasoning included. */
  outputTokens: number;
  totalTokens: number;
  cachedTokens: number;
  cacheWriteTokens: number;
  reasoningTokens: number;
}

/** An answer, however it ended: only `completed` is one to be used. */
export interface ModelAnswer<Data = unknown> {
  outcome: "completed" | "tool_calls" | "refusal" | "length" | "content_filter" | "invalid";
  text: string;
  /** When a schema was given: what the text says. */
  data?: Data;
  /** Why the model will not answer. */
  refusal?: string;
  toolCalls: ToolCall[];
  /** When the outcome is `invalid`: where the answer is not what the schema says. */
  problems?: readonly Problem[];
  usage?: ModelUsage;
  /** By `prices`; absent for a model that has none. */
  cost?: number;
  /** The service's id of the answer. */
  id?: string;
  /** As the service names it. */
  model?: string;
  /** Who answered, and how often they had to be asked. */
  provenance: {
    provider: string;
    model: string | null;
    attempts: number;
    /** Where the answer was known from: for the very same question, for one that is the same in what matters, or from too long ago. */
    cache: CacheSource | null;
    requestId?: string;
    duration_ms: number;
  };
}

export type CacheSource = "exact" | "normalised" | "stale";

/** A part of an answer, as it comes. */
export interface ModelPart<Data = unknown> {
  type: "text" | "refusal" | "tool_call";
  text: string;
  /** Of which attempt, from 1; 0 for what is known from before. */
  attempt: number;
  /** Which of the tool calls, from 0. */
  index?: number;
  /** With a schema: what can be said for sure so far. Lists and texts may go on; worked out when it is read. */
  readonly partial?: DeepPartial<Data>;
}

/** Something of which some is there. */
export type DeepPartial<T> = T extends object ? { [K in keyof T]?: DeepPartial<T[K]> } : T;

/** What goes with a question. */
export interface ModelCallOptions<Data = unknown> {
  /** Gives the question up, also between attempts and in the middle of the answer: `policy.cancelled`. */
  signal?: AbortSignal;
  /** Hears the answer as it comes. From the first part on nothing is tried again, unless it `restarts`. */
  onPart?: (part: ModelPart<Data>) => void;
  /** Whoever hears the parts can begin anew: another `attempt` replaces what the one before it said. */
  restarts?: boolean;
  /** Who asks: for budgets, the cache, and, hashed, for the service. */
  user?: string;
  /** For the budget of a run. */
  runId?: string;
  /** Such as those of `ctx.headers`. */
  headers?: Readonly<Record<string, string>>;
  /** The question holds nothing personal: its answer may be kept for everybody. */
  shared?: boolean;
}

/** What a provider of your own is given. */
export interface ProviderContext {
  readonly signal: AbortSignal;
  readonly attempt: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a provider of your own may answer: text, or an answer of which the rest is filled in. */
export type ProviderAnswer = string | (Partial<Omit<ModelAnswer, "provenance" | "usage">> & { usage?: Partial<ModelUsage> });

/** Who answers, and what they can do. */
export interface ProviderInfo {
  name: string;
  /** Answers come in parts. */
  streaming: boolean;
  /** Answers keep to a schema. */
  structuredOutput: boolean;
  /** It may ask for tools to be called. */
  tools: boolean;
  /** It is asked over the network. */
  network: boolean;
}

/** Somebody who answers, written in JavaScript. */
export type ModelProvider = {
  name: string;
  /** What it says of itself in `info()`. */
  capabilities?: Partial<Omit<ProviderInfo, "name">>;
} & (
  | {
      complete(request: ModelRequest, ctx: ProviderContext): ProviderAnswer | PromiseLike<ProviderAnswer>;
      stream?(request: ModelRequest, ctx: ProviderContext): AsyncIterable<string | { type?: ModelPart["type"]; text: string }>;
    }
  | {
      complete?: undefined;
      stream(request: ModelRequest, ctx: ProviderContext): AsyncIterable<string | { type?: ModelPart["type"]; text: string }>;
    }
);

/** Questions with their answers, for tests and demonstrations. */
export interface Cassette {
  version: 1;
  exchanges: object[];
}

/** For a million tokens. */
export interface ModelPrice {
  input?: number;
  output?: number;
  /** As `input`, unless given. */
  cachedInput?: number;
  /** As `input`, unless given. */
  cacheWrite?: number;
}

/** What may be spent. A question is refused that could go beyond. */
export interface ModelBudget {
  tokens?: number;
  cost?: number;
  /** Every attempt is one. */
  calls?: number;
}

export interface ModelClientOptions {
  /** Who answers: an OpenAI-compatible service at `baseUrl` unless given. */
  provider?: "offline-coach" | { cassette: Cassette } | ModelProvider;
  /** `/ai/v1` in a browser, elsewhere `https://api.openai.com/v1`. */
  baseUrl?: string;
  /** Not for browsers, where everybody reads it; see `dangerouslyAllowBrowser`. A function is asked for each attempt. */
  apiKey?: string | (() => string | PromiseLike<string>);
  dangerouslyAllowBrowser?: boolean;
  /** Which of the two endpoints; responses. */
  api?: "responses" | "chat";
  model?: string;
  headers?: Readonly<Record<string, string>>;
  fetch?: (input: string, init: RequestInit) => Promise<Response>;
  /** `{ totalTimeout: "5m", timeout: "2m", retry: { maxAttempts: 3, delay: "500ms" }, rateLimit: { maxWait: "1m" } }`; what is given takes the place of the same. */
  policy?: Omit<PolicyOptions, "cache" | "fallback">;
  /** How long an answer may pause; 60 s. */
  idleTimeout?: Duration;
  /** The most bytes of an answer; 16 MiB. */
  maxBytes?: number;
  /**
   * Keeps answers; `{ ttl: "1h", staleIfError: "7d" }`. Never across users, and only for questions with a `user` or that are
   * `shared`.
   */
  cache?: false | Partial<CacheOptions>;
  /** By model. */
  prices?: Readonly<Record<string, ModelPrice>>;
  /** For each run, for each user and UTC day, and for all of a UTC day. */
  budgets?: { run?: ModelBudget; user?: ModelBudget; day?: ModelBudget };
  /** Users of different tenants are different users. */
  tenant?: string;
  /** Takes in every question with its answer. */
  record?: Cassette;
  snapshot?: object;
}

/** What has been asked so far. */
export interface ModelStats {
  calls: number;
  answered?: number;
  failed?: number;
  attempts?: number;
  inputTokens?: number;
  outputTokens?: number;
  cost?: number;
  cache?: { hits: Record<CacheSource, number>; entries?: number; bytes?: number };
  policy?: PolicyStats;
}

/** Asks models. */
export class ModelClient {
  /** Throws `config.invalid` with every problem, also for a key in a browser. */
  constructor(options?: ModelClientOptions);

  /**
   * Asks. Resolves with the answer, however it ended. Rejects with `ai.unauthorized`, `ai.rate_limited`, `ai.exhausted`,
   * `ai.unavailable`, `ai.timeout`, `ai.connection`, `ai.truncated`, `ai.malformed`, `ai.bad_request`, `ai.not_found`,
   * `ai.failed`, `ai.budget_exceeded`, or what a policy decided.
   */
  complete<Data = unknown>(request: ModelRequest, options?: ModelCallOptions<Data>): Promise<ModelAnswer<Data>>;

  /** Asks for parts. Who stops reading gives the question up. */
  stream<Data = unknown>(request: ModelRequest, options?: Omit<ModelCallOptions<Data>, "onPart">): ModelStream<Data>;

  /** What the service has, by id. */
  models(options?: Pick<ModelCallOptions, "signal" | "headers">): Promise<string[]>;

  /** Who answers, and what they can do. */
  info(): Promise<ProviderInfo>;

  stats(): ModelStats;

  /** What has been spent, as plain data: the option `snapshot` of the next client. */
  snapshot(): object;

  /** Rejects what is under way and refuses further use. */
  dispose(): void;
}

/** The parts of an answer; the iterator returns the whole. */
export interface ModelStream<Data = unknown> extends AsyncIterableIterator<ModelPart<Data>, ModelAnswer<Data> | undefined> {
  readonly answer: Promise<ModelAnswer<Data>>;
}

/** The models that the coach asks, before it answers by its own rules. */
export interface CoachModels {
  /** Asked by default; made of the other options unless given. */
  client?: ModelClient;
  /**
   * Who is asked, in order: models, and `"cache"` for what is known from before, also past its time. The offline coach is
   * always the last. `[{}, "cache"]`.
   */
  chain?: ReadonlyArray<"cache" | { model?: string; client?: ModelClient }>;
  /** How long each level may take; 60 s. With `hedge`, all of them together. */
  levelTimeout?: Duration;
  /**
   * When a level takes longer than this, the next begins beside it; the first good answer counts, and the others are given up.
   * That may cost the price of several.
   */
  hedge?: { delay: Duration };
}

// ── The coach ─────────────────────────────────────────────────────────────────────────────────────────────────────────

import type {
  Adaptation, Advice, Block as WorkoutBlock, CommonGround, FitnessAssessment, Focus, GroupWorkout, Level as FitnessLevel, Limitations, LiveAnswer,
  LiveState, LiveSummary, PerformanceAssessment, PreferenceAnalysis, Programme, SafetyValidation, SessionConditions, Step as WorkoutStep, Target,
  UserAnalysis, Workout,
} from "./coach.js";

export type {
  Adaptation, Advice, CommonGround, FitnessAssessment, FitnessLevel, Focus, GroupWorkout, Limitations, LiveAnswer,
  LiveState, LiveSummary, PerformanceAssessment, PreferenceAnalysis, Programme, SafetyValidation, SessionConditions,
  Target, UserAnalysis, Workout, WorkoutBlock, WorkoutStep,
};

/** A word of a list that editors complete, or another spelling of one: case, spaces and plural are forgiven. */
type Spelled<Word extends string> = Word | (string & {});

/** What there is to train with. A kettlebell or dumbbell means as many of them as an exercise takes. */
export type Equipment =
  | "dumbbell" | "kettlebell" | "barbell" | "rack" | "bench" | "bands" | "anchor" | "pull_up_bar" | "cable" | "machine"
  | "box" | "dip_bars" | "bar_low" | "suspension" | "jump_rope" | "bike" | "rower" | "elliptical" | "treadmill"
  | "stair_machine";
export type InjuryArea = "shoulder" | "knee" | "lower_back" | "wrist" | "elbow" | "ankle" | "hip" | "neck";
export type Condition =
  | "hypertension" | "uncontrolled_hypertension" | "cardiac" | "diabetes" | "kidney_disease" | "beta_blocker"
  | "pregnancy" | "osteoporosis";
export type Symptom =
  | "chest_pain" | "shortness_of_breath" | "dizziness" | "fainting" | "palpitations" | "ankle_swelling"
  | "breathless_lying_down" | "leg_pain_walking" | "heart_murmur" | "unusual_fatigue";
export type Muscle =
  | "quadriceps" | "hamstrings" | "glutes" | "chest" | "lats" | "middle_back" | "lower_back" | "shoulders" | "traps"
  | "triceps" | "biceps" | "forearms" | "abdominals" | "abductors" | "adductors" | "calves" | "neck";

/**
 * A request for a workout. Words are forgiving in case and plural (`"Dumbbells"`); one that is not known is refused, with
 * what was probably meant.
 */
export interface WorkoutRequest {
  userId: string;
  /** Minutes, 15 to 90. */
  duration: number;
  /** `endurance` is that of the muscles: many repetitions, short rests. */
  focus: Spelled<Focus>;
  /** What there is to train with; `[]` is none. */
  equipment: Spelled<Equipment>[];
  fitnessLevel: Spelled<FitnessLevel>;
  /** Years, 18 to 100. */
  age?: number;
  weightKg?: number;
  /** Moderate unless it says otherwise. */
  injuries?: Array<Spelled<InjuryArea> | { area: Spelled<InjuryArea>; severity?: Spelled<"mild" | "moderate" | "severe"> }>;
  conditions?: Spelled<Condition>[];
  /** Red-flag signs, such as chest pain: they lead to a referral, never to a workout. */
  symptoms?: Spelled<Symptom>[];
  /** Muscles to favour; one that gets no exercise is named in a `target_skipped` warning. */
  targetMuscles?: Spelled<Muscle>[];
  /** Known one-repetition maxima in kilograms, by exercise id. */
  oneRepMaxKg?: Record<string, number>;
  exercisesRegularly?: boolean;
  /** The same request with the same seed gives the same workout. */
  seed?: number;
  notes?: string;
}

/** A complete workout, and what each step of the workflow found. General information for healthy adults, not medical advice. */
export interface ComprehensiveWorkout extends Workout {
  analysis: UserAnalysis;
  recommendations: object;
  equipment: object;
  safety: SafetyValidation;
}

/** A request for twelve weeks: that of one session, whose `focus` is the goal. */
export interface ProgramRequest extends WorkoutRequest {
  /** 2 to 4; 3 for beginners and intermediates, 4 for the advanced. */
  daysPerWeek?: number;
  /** `"2027-01-04"`: the first day of the first week. */
  startDate?: string;
  /** What was tested before: maxima are estimated of it. */
  tests?: {
    lifts?: Array<{ exerciseId: string; weightKg: number; reps: number }>;
    restingHeartRateBpm?: number;
    pushUps?: number;
    plankS?: number;
  };
}

export type Difficulty = "easy" | "moderate" | "hard" | "too_hard";

/** How a session goes. */
export interface Situation {
  userId: string;
  workoutId?: string;
  /** By `exerciseId`, or by a name that people use: `"Push-ups"`. */
  currentExercise?: { exerciseId?: string; name?: string; sets?: number; reps?: number; weightKg?: number; restS?: number; setsDone?: number };
  performanceData?: {
    /** 0 to 1. */
    fatigue?: number;
    /** Beats a minute. */
    heartRate?: number;
    zoneMaxBpm?: number;
    restingHeartRate?: number;
    rpe?: number;
    rir?: number;
    targetRir?: number;
  };
  userFeedback?: { difficulty?: Difficulty; symptoms?: string[]; pain?: Spelled<InjuryArea>[]; notes?: string };
  /** Years: without it no heart rate can be too high. */
  age?: number;
  /** Whose session it is: their health, equipment and level. */
  profile?: WorkoutRequest;
  /** The workout in progress: it is what is adapted. */
  workout?: Workout;
  /** Sets that were done: they are never changed. */
  completed?: Array<{ exerciseId: string; sets: number }>;
  elapsedS?: number;
}

/** One of a group. What it does not say is the group's. */
export interface Participant extends Omit<WorkoutRequest, "duration" | "focus" | "equipment" | "seed"> {
  focus?: Spelled<Focus>;
  /** Minutes, at most. */
  maxDuration?: number;
  preferences?: object;
}

export interface GroupRequest {
  /** 2 to 20. */
  participants: Participant[];
  duration: number;
  focus?: Spelled<Focus>;
  /** What there is: one of each, or how many. */
  equipment: Spelled<Equipment>[] | Partial<Record<Spelled<Equipment>, number>>;
  /** How many stations, 2 to 8. */
  stations?: number;
  /** How many people a station holds; 2. */
  capacity?: number;
  seed?: number;
  groupId?: string;
}

/** What was done before, and how. */
export interface HistoryEntry {
  daysAgo: number;
  exerciseId: string;
  sets: Array<{ reps: number; weightKg?: number; rir?: number; rpe?: number }>;
  feeling?: Difficulty;
}

/** What recommendations are asked for. */
export interface RecommendationRequest {
  request: WorkoutRequest;
  history?: HistoryEntry[];
  workout?: Workout;
  /** Where it hurts now. */
  pain?: Spelled<InjuryArea>[];
  /** Exercises or equipment that somebody else has. */
  unavailable?: string[];
  /** The one exercise that is asked about, by id or by a name that people use. */
  exerciseId?: string;
  name?: string;
  /** How many exercises to do next, 1 to 10; 5. */
  count?: number;
}

/** How to go on, and what each step of the workflow found. */
export interface AdaptationResult extends Adaptation {
  assessment: PerformanceAssessment;
  conditions: SessionConditions;
  validation: { status: string; violations: Violation[] };
}

/** A workout for a group, and what each step of the workflow found. */
export interface GroupResult extends GroupWorkout {
  common: CommonGround;
  analysis: { fitness: UserAnalysis[]; preferences: PreferenceAnalysis[]; limitations: Limitations[] };
}

/** An invariant that does not hold: its id (`"S1"`), where and how. */
export interface Violation {
  rule: string;
  message: string;
}

/** What each signal of a live session says. */
export interface LiveSignals {
  "set-finished": {
    exerciseId?: string; set?: number; reps?: number; weightKg?: number; rir?: number; rpe?: number; difficulty?: Difficulty; fatigue?: number;
  };
  "heart-rate": { bpm: number; atS?: number };
  feedback: { difficulty?: Difficulty; fatigue?: number; symptoms?: string[]; pain?: Spelled<InjuryArea>[] };
  skip: { exerciseId?: string };
  finish: {};
}

/** A session that stays open. */
export interface LiveSession {
  readonly runId: string;
  /** What has happened so far, as plain data: `startLiveSession({ state })` goes on from there. */
  readonly state: LiveState;
  /** How to go on, as it was last said: what comes first, at the beginning. */
  readonly answer: LiveAnswer;
  /** The summary, when the session has ended. Rejects when it was cancelled. */
  readonly result: Promise<LiveSummary>;
  /** Tells what happened, and resolves with how to go on. */
  signal<Type extends keyof LiveSignals>(type: Type, data?: LiveSignals[Type]): Promise<LiveAnswer>;
  /** Ends it. */
  finish(): Promise<LiveSummary>;
  /** Gives it up. */
  cancel(reason?: unknown): void;
}

/** How a ready-made workflow is run, and who answers in it. */
export interface CoachOptions extends RunOptions {
  /** For this call alone: the rules, or a model before them. By default the chain of the integration. */
  provider?: "offline-coach" | ModelClient;
}

export type CoachWorkflow = "comprehensive-workout" | "quick-workout" | "real-time-adaptation" | "progressive-program" | "group-workout";

/** `fit`: Garmin's workout file; `ics`: RFC 5545; `csv`: RFC 4180; `jsonld`: an `ExercisePlan` of schema.org. */
export type ExportFormat = "fit" | "ics" | "csv" | "jsonld";

/** Options of an export; every format takes all of them, and uses what it has a place for. */
export interface ExportOptions {
  /** When the export says it was made, in RFC 3339; `2026-01-01T00:00:00Z` by default, so that the same workout gives the same bytes. */
  createdAt?: string;
  /** `YYYY-MM-DD`: the day of a workout; the first day of a programme, instead of its own. `ics` needs one. */
  startDate?: string;
  /** `HH:MM`, when sessions begin; 07:00 by default. */
  time?: string;
  /**
   * The IANA name of the zone whose clocks `time` is of: events are then moments in UTC. Without, they are floating: the same time of day
   * wherever the calendar is read.
   */
  timeZone?: string;
}

/** What an export needs of a workout. */
export type ExportableWorkout = Pick<Workout, "status" | "workout_id" | "title" | "focus" | "level" | "blocks" | "totals" | "notice">;

/** What an export needs of a programme. */
export interface ExportableProgram {
  status: string;
  programme_id: string;
  title: string;
  focus: string;
  level: string;
  days_per_week: number;
  /** `YYYY-MM-DD`. */
  start_date?: string | null;
  weeks: Array<{
    week: number;
    phase: string;
    deload: boolean;
    sessions: Array<{
      session_id: string;
      /** 1 is Monday, 7 Sunday. */
      day: number;
      workout: ExportableWorkout;
    }>;
  }>;
  notice: string;
}

/** A plan in JSON-LD. */
export interface ExercisePlanLd {
  "@context": "https://schema.org";
  "@type": "ExercisePlan";
  [term: string]: unknown;
}

/** The FIT file of a session of a programme. */
export interface SessionFile {
  /** `week-1-day-3.fit`. */
  name: string;
  session_id: string;
  bytes: Uint8Array;
}

/** What each format gives. */
export interface WorkoutExports {
  fit: Uint8Array;
  ics: string;
  csv: string;
  jsonld: ExercisePlanLd;
}
/** The same for a programme: a FIT file holds one workout. */
export interface ProgramExports extends Omit<WorkoutExports, "fit"> {
  fit: SessionFile[];
}

/** The ready-made workflows of the coach. */
export class AdvancedWorkflowIntegration {
  /** A feature on the given bus that has the name of one of the coach's takes its place. */
  constructor(options?: {
    bus?: FeatureBus<any, any>;
    orchestrator?: WorkflowOrchestrator;
    /** Models that are asked before the offline coach; none by default. */
    ai?: CoachModels & ModelClientOptions;
  });

  /** What asks models, where there are any. */
  readonly models?: ModelClient;
  readonly bus: FeatureBus<any, any>;
  readonly orchestrator: WorkflowOrchestrator;

  /**
   * A complete workout: analysis and base workout, then recommendations, equipment analysis and safety validation at the
   * same time, then the details. Rejects with `workout.invalid`, every problem listed, or `workout.infeasible`. The bus is told of it
   * as `workout-generated`.
   */
  generateComprehensiveWorkout(request: WorkoutRequest, options?: CoachOptions): Promise<ComprehensiveWorkout>;

  /** A workout in one step, `workout-generated` too. */
  quickWorkoutSetup(request: WorkoutRequest, options?: CoachOptions): Promise<Workout>;

  /** How to go on: stop, less, as planned, or more, and what becomes of the exercise and of the workout. `workout-adapted`. */
  adaptWorkoutInRealTime(situation: Situation, options?: CoachOptions): Promise<AdaptationResult>;

  /** Twelve weeks: foundation, development, specialization, each session a whole workout. `program-created`. */
  createProgressiveProgram(request: ProgramRequest, options?: CoachOptions): Promise<Programme>;

  /** Stations with one clock for all, and for each their own exercise, load and repetitions. `group-workout-created`. */
  createGroupWorkout(request: GroupRequest, options?: CoachOptions): Promise<GroupResult>;

  /** A session that stays open: sets and heart rates are signals, and each is answered at once. */
  startLiveSession(
    session: Partial<Situation> & { workout: Workout } | { state: LiveState },
    options?: RunOptions,
  ): Promise<LiveSession>;

  /** What to do next, what instead, and how to recover and progress, explained. */
  recommend(situation: RecommendationRequest, options?: { signal?: AbortSignal; timeout?: Duration }): Promise<Advice>;

  /** Everything that is wrong with a workout for a request, whoever built it; nothing when it is correct. */
  checkWorkout(workout: Workout, request: WorkoutRequest): Promise<Violation[]>;
  checkProgram(program: Programme, request: ProgramRequest): Promise<Violation[]>;
  checkGroupWorkout(group: GroupWorkout, request: GroupRequest): Promise<Violation[]>;
  checkAdaptation(adaptation: Adaptation, situation: Situation): Promise<Violation[]>;

  /**
   * A workout for other programs. Rejects with `config.invalid` when format or options cannot be used, and with `workout.invalid`
   * when it is no workout, or a referral, which is to be shown and not to be trained; every problem listed.
   */
  exportWorkout<Format extends ExportFormat>(
    workout: ExportableWorkout,
    format: Format,
    options?: ExportOptions,
  ): Promise<WorkoutExports[Format]>;

  /** All sessions of a programme; each has its own day of the week, in weeks that begin on the day the programme does. */
  exportProgram<Format extends ExportFormat>(
    programme: ExportableProgram,
    format: Format,
    options?: ExportOptions,
  ): Promise<ProgramExports[Format]>;

  /** The definition of a workflow, as data: run it, or change it. */
  template(id: CoachWorkflow): Promise<WorkflowDefinition>;
}
