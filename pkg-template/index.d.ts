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
  | "config.invalid"
  | "workout.invalid"
  | "workout.infeasible"
  | "expression.failed"
  | "step.failed"
  | "step.timeout"
  | "run.timeout"
  | "run.cancelled"
  | "bus.invalid"
  | "bus.no_such_feature"
  | "bus.no_such_action"
  | "bus.feature_exists"
  | "bus.timeout"
  | "bus.cancelled"
  | "policy.timeout"
  | "policy.total_timeout"
  | "policy.cancelled"
  | "policy.failed"
  | "circuit.open"
  | "bulkhead.full"
  | "bulkhead.timeout"
  | "rate_limit.exceeded"
  | "rate_limit.quota_exceeded"
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
  toJSON(): object;
}

// ── The bus ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a handler is given beside its parameters. */
export interface CallContext {
  readonly feature: string;
  readonly action: string;
  readonly correlationId: string;
  /** Aborted when the answer is no longer wanted: timeout, cancellation, the end of the run. */
  readonly signal: AbortSignal;
  /** In a step of a workflow: which run, which workflow, which step, and which attempt, from 1. */
  readonly runId?: string;
  readonly workflowId?: string;
  readonly stepId?: string;
  readonly attempt?: number;
}

/** An action of a feature. Values are passed by reference, not copied. */
// `any` lets handlers state the parameters they expect without a cast at each registration.
export type ActionHandler = (params: any, ctx: CallContext) => unknown;

export interface Feature {
  /** Letters, digits, `_` and `-`. */
  name: string;
  /** A semantic version. */
  version: string;
  description?: string;
  /** What it can do, in words that others look for. */
  capabilities?: string[];
  actions: Record<string, ActionHandler>;
  healthCheck?: () => unknown;
}

/** What a feature says of itself. */
export interface FeatureInfo {
  name: string;
  version: string;
  description: string;
  capabilities: string[];
  actions: string[];
}

/** Something that was published, in the fields of CloudEvents 1.0. */
export interface BusEvent<Data = unknown> {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  /** The topic. */
  readonly type: string;
  /** When it was published (RFC 3339). */
  readonly time: string;
  readonly data: Data;
  readonly correlationid?: string;
}

/** How many handlers an event reached, and how many of them failed. */
export interface PublishResult {
  delivered: number;
  failed: number;
}

export interface FeatureBusOptions {
  /** How long a request waits for its answer, and a step without a `timeout` for its attempt; 30 s. */
  requestTimeout?: Duration;
}

export interface SubscribeOptions {
  /** Who listens, for the record. */
  feature?: string;
  /** Higher hears first; 0 by default. Among equals, who subscribed first. */
  priority?: number;
  /** Ends the subscription. */
  signal?: AbortSignal;
}

export interface RequestOptions {
  /** How long to wait for the answer. */
  timeout?: Duration;
  /** Gives the request up. */
  signal?: AbortSignal;
  correlationId?: string;
}

/** An action as a type: what it is given and what it answers. */
type Action = (params: never, ...rest: never[]) => unknown;

/**
 * Features call each other and tell what happened.
 *
 * @typeParam Events the data of each topic: `{ "workout.generated": Workout }`
 * @typeParam Features the actions of each feature: `{ "user-analysis": { analyzeProfile(params: Query): Promise<Profile> } }`
 */
export class FeatureBus<
  Events extends object = Record<string, any>,
  Features extends object = Record<string, Record<string, (params: any) => any>>,
> {
  constructor(options?: FeatureBusOptions);

  /** Adds a feature. Throws `bus.invalid` with every problem, or `bus.feature_exists`. */
  registerFeature(feature: Feature): void;

  /** Removes a feature: new requests are refused at once. Resolves when those under way have ended. */
  unregisterFeature(name: string): Promise<void>;

  /** What is there, by name. */
  features(): Promise<FeatureInfo[]>;

  /** Hears a topic; returns a function that ends it. */
  subscribe<Topic extends keyof Events & string>(
    topic: Topic,
    handler: (event: BusEvent<Events[Topic]>) => unknown,
    options?: SubscribeOptions,
  ): () => void;
  /** Hears a pattern: `*` stands for one name between dots, `>` at the end for all that follow. */
  subscribe(
    pattern: `${string}*${string}` | `${string}>`,
    handler: (event: BusEvent<Events[keyof Events]>) => unknown,
    options?: SubscribeOptions,
  ): () => void;

  /**
   * Tells everybody who listens, in order of priority, and resolves when all handlers have ended. A handler that fails
   * stops nobody else; it is told on the topic `repflow.listener.failed`.
   */
  publish<Topic extends keyof Events & string>(
    topic: Topic,
    data: Events[Topic],
    options?: { source?: string; correlationId?: string },
  ): Promise<PublishResult>;

  /**
   * Asks a feature to perform an action. Rejects with `bus.no_such_feature`, `bus.no_such_action`, `bus.timeout`,
   * `bus.cancelled`, or with what the handler threw.
   */
  request<Name extends keyof Features & string, Act extends keyof Features[Name] & string>(
    feature: Name,
    action: Act,
    params: Features[Name][Act] extends Action ? Parameters<Features[Name][Act]>[0] : never,
    options?: RequestOptions,
  ): Promise<Features[Name][Act] extends Action ? Awaited<ReturnType<Features[Name][Act]>> : never>;

  /** Rejects what is under way and refuses further use. */
  dispose(): void;
}

// ── Workflows ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * A duration in a definition. A definition may come from a JSON file or a variable, whose strings are just strings; the
 * orchestrator checks them.
 */
export type DurationText = Duration | (string & {});

/** A workflow, as data. */
export interface WorkflowDefinition {
  $schema?: string;
  id: string;
  version?: string;
  description?: string;
  /** Bounds the whole run. */
  timeout?: DurationText;
  /** How many calls of one run may run at once. */
  concurrency?: number;
  /** A step without `needs` runs after the step before it. */
  steps: Step[];
  /** A template of the run's output; without one it is the output of the last step. */
  output?: unknown;
  metadata?: unknown;
}

interface StepBase {
  /** Letters, digits, `_` and `-`; unique in the definition. */
  id: string;
  description?: string;
  /** The steps of the same list that it waits for; `[]` starts at once. */
  needs?: string[];
  metadata?: unknown;
}

/** Requests an action of a feature. */
export interface CallStep extends StepBase {
  /** `feature.action` */
  call: string;
  /** What the action is given, with `{{ expressions }}`; without it, the input of the run. */
  with?: unknown;
  /** Bounds one attempt. */
  timeout?: DurationText;
  retry?: Retry;
}

/** Runs steps at the same time; its output is theirs, by id. */
export interface ParallelStep extends StepBase {
  parallel: Step[];
  /** How many of them may run at once. */
  concurrency?: number;
}

/** Runs steps one after the other; its output is theirs, by id. */
export interface GroupStep extends StepBase {
  steps: Step[];
  concurrency?: number;
}

export type Step = CallStep | ParallelStep | GroupStep;

/** What happens after an attempt that failed. An error that says `retryable: false` is not retried. */
export interface Retry {
  /** Attempts in all, the first included; 3. */
  maxAttempts?: number;
  /** How the delay grows; exponential. */
  backoff?: "constant" | "linear" | "exponential" | (string & {});
  /** The first delay; 200 ms. */
  delay?: DurationText;
  /** No delay is longer; 30 s. */
  maxDelay?: DurationText;
  /** How much of the delay is left to chance: all of it, half of it, or nothing; full. */
  jitter?: "none" | "full" | "equal" | (string & {});
}

/** Something that happened in a run. */
export interface WorkflowEvent {
  /** Its place in the run, from 0, without gaps. */
  seq: number;
  type: WorkflowEventType;
  /** Milliseconds since the Unix epoch. */
  at: number;
  runId: string;
  workflowId: string;
  correlationId: string;
  stepId?: string;
  /** From 1. */
  attempt?: number;
  /** Until the next attempt. */
  delayMs?: number;
}

export type WorkflowEventType =
  | "run.started"
  | "run.completed"
  | "run.failed"
  | "run.timed_out"
  | "run.cancelled"
  | "step.started"
  | "step.completed"
  | "step.failed"
  | "step.cancelled"
  | "attempt.started"
  | "attempt.failed"
  | "attempt.timed_out"
  | "retry.scheduled";

export interface RunOptions {
  /** Cancels the run. */
  signal?: AbortSignal;
  /** Told what happens, as it happens. */
  onEvent?: (event: WorkflowEvent) => void;
  /** Goes to every handler; the run's id by default. */
  correlationId?: string;
}

export interface StepResult {
  status: "pending" | "running" | "waiting" | "completed" | "failed" | "cancelled";
  attempts: number;
  durationMs: number | null;
  output: unknown;
}

export interface RunResult<Output = unknown> {
  runId: string;
  workflowId: string;
  correlationId: string;
  status: "completed";
  output: Output;
  /** By id. */
  steps: Record<string, StepResult>;
  durationMs: number;
}

export interface RunHandle<Output = unknown> {
  readonly id: string;
  readonly result: Promise<RunResult<Output>>;
  /** Stops the run: what runs gets its signal, and `result` rejects with `run.cancelled`. */
  cancel(reason?: unknown): void;
}

/** Runs workflows whose steps are requests to features on a bus. */
export class WorkflowOrchestrator {
  constructor(options?: { bus?: FeatureBus<any, any> });

  /** The bus whose features the steps call. */
  readonly bus: FeatureBus<any, any>;

  /**
   * Runs a workflow to its end. Rejects with `workflow.invalid` (every problem listed, nothing started), `step.failed`,
   * `step.timeout`, `run.timeout` or `run.cancelled`.
   */
  executeWorkflow<Input = unknown, Output = unknown>(
    definition: WorkflowDefinition,
    input?: Input,
    options?: RunOptions,
  ): Promise<RunResult<Output>>;

  /** Starts a run that can be cancelled by its handle. */
  start<Input = unknown, Output = unknown>(
    definition: WorkflowDefinition,
    input?: Input,
    options?: RunOptions,
  ): RunHandle<Output>;

  /** Hears events of all runs, by type, or all with `*`; returns a function that ends it. */
  on(type: WorkflowEventType | "*", handler: (event: WorkflowEvent) => void, options?: { signal?: AbortSignal }): () => void;

  /** Rejects what is under way and refuses further use. The bus is left as it is. */
  dispose(): void;
}

// ── The coach ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export type Focus = "strength" | "hypertrophy" | "endurance" | "power" | "general_fitness" | "weight_loss";
export type FitnessLevel = "beginner" | "intermediate" | "advanced";

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

/** How hard. What cannot be known is absent: no weight is invented. */
export interface Target {
  weight_kg?: number;
  /** The share of the one-repetition maximum. */
  pct_1rm?: number;
  /** Repetitions in reserve. */
  rir?: number;
  /** Perceived exertion of ten. */
  rpe?: number;
  hr_zone?: { name: string; min_bpm: number; max_bpm: number };
}

/** One exercise in a block. */
export interface WorkoutStep {
  /** The id of free-exercise-db. */
  exercise_id: string;
  name: string;
  pattern: string;
  phase: "warm_up" | "main" | "cool_down";
  set_type: "warm_up" | "ramp_up" | "working" | "cool_down";
  /** In the whole block. */
  sets: number;
  /** When a set is done; of each side when `per_side`. */
  goal: { type: "reps" | "time_s"; min: number; max: number };
  target: Target;
  intensity: "light" | "moderate" | "hard";
  /** Seconds a repetition takes. */
  tempo_s?: number;
  per_side: boolean;
  /** Seconds of work in a set. */
  work_s: number;
  /** Seconds of pause after each set. */
  rest_s: number;
  /** Seconds from the end of a set to the next set of the same exercise. */
  recovery_s?: number;
  cue: string;
  [more: string]: unknown;
}

export interface WorkoutBlock {
  kind: "warm_up" | "main" | "superset" | "circuit" | "intervals" | "conditioning" | "cool_down";
  rounds: number;
  setup_s: number;
  duration_s: number;
  steps: WorkoutStep[];
  provenance: object;
}

/** A complete workout. General information for healthy adults, not medical advice. */
export interface Workout {
  /** `referral` has nothing to do but to see a doctor, and no blocks. */
  status: "ok" | "light_only" | "referral";
  workout_id: string;
  user_id: string;
  title: string;
  focus: Focus;
  level: FitnessLevel;
  duration_min: number;
  blocks: WorkoutBlock[];
  totals: {
    duration_s: number;
    sets: number;
    /** Energy above rest; `null` when the body weight is not known. */
    kcal_net: number | null;
    /** Fractional working sets: primary 1, secondary ½. */
    sets_per_muscle: Record<string, number>;
  };
  warnings: Array<{ code: string; message: string; pattern?: string }>;
  referral?: { clearance: string; reasons: string[] };
  provenance: {
    provider: string;
    version: string;
    model: string | null;
    fallback_level: number;
    seed: number;
    rules: string[];
    sources: string[];
    [more: string]: unknown;
  };
  notice: string;
  /** What each step of the workflow found. */
  analysis: object;
  recommendations: object;
  equipment: object;
  safety: object;
  [more: string]: unknown;
}

/** The ready-made workflows of the coach. */
export class AdvancedWorkflowIntegration {
  /** A feature on the given bus that has the name of one of the coach's takes its place. */
  constructor(options?: { bus?: FeatureBus<any, any>; orchestrator?: WorkflowOrchestrator });

  readonly bus: FeatureBus<any, any>;
  readonly orchestrator: WorkflowOrchestrator;

  /**
   * A complete workout: analysis and base workout, then recommendations, equipment analysis and safety validation at the
   * same time, then the details. Rejects with `workout.invalid`, every problem listed, or `workout.infeasible`.
   */
  generateComprehensiveWorkout(request: WorkoutRequest, options?: RunOptions): Promise<Workout>;
}
