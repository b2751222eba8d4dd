// What the coach answers. Made of the Rust types by tests/fitness/schema.rs: REPFLOW_BLESS=1 writes it anew.

export interface Block {
  /** All of it, by `time_budget::block_s`. */
  duration_s: number;
  /** What it is. */
  kind: BlockKind;
  /** Where it came from. */
  provenance: BlockProvenance;
  /** How often its steps are gone through. */
  rounds: number;
  /** Getting there and setting up, before the first set. */
  setup_s: number;
  /** What to do in a round. */
  steps: Array<Step>;
}

export type BlockKind = "warm_up" | "main" | "superset" | "circuit" | "intervals" | "conditioning" | "cool_down";

export interface BlockProvenance {
  /** How far down the fallback chain it was built. */
  fallback_level: number;
  /** The model; `null` for the offline coach. */
  model: string | null;
  /** Who built it. */
  provider: string;
  /** What decided something. */
  rules: Array<string>;
}

export type Focus = "strength" | "hypertrophy" | "endurance" | "power" | "general_fitness" | "weight_loss";

export interface Goal {
  /** The most. Time is planned with it. */
  max: number;
  /** The least. */
  min: number;
  /** What is counted. */
  type: GoalKind;
}

export type GoalKind = "reps" | "time_s";

export interface HrZone {
  /** Beats a minute it ends before. */
  max_bpm: number;
  /** Beats a minute it starts at. */
  min_bpm: number;
  /** Its name. */
  name: string;
}

export interface Insight {
  /** Why this session. */
  analysis: string;
  /** What to think of while training. */
  cues: Array<string>;
  /** What to be careful with. What the coach itself warns of is in the workout's `warnings`. */
  warnings: Array<string>;
}

export type Intensity = "light" | "moderate" | "hard";

export type Level = "beginner" | "intermediate" | "advanced";

export type Pattern = "squat" | "hinge" | "lunge" | "push_horizontal" | "push_vertical" | "pull_horizontal" | "pull_vertical" | "core" | "carry" | "isolation_upper" | "isolation_lower" | "plyometric" | "cardio" | "mobility" | "stretch";

export type Phase = "warm_up" | "main" | "cool_down";

export interface Provenance {
  /** Which cache the model's answer came from: `exact`, `normalised` or `stale`; `null` when it was asked. */
  cache: string | null;
  /** How far down the fallback chain it was built. */
  fallback_level: number;
  /** The model; `null` for the offline coach. */
  model: string | null;
  /** The focus of the prescription row that was used. */
  prescription: Focus;
  /** Who built it: `offline-coach`, or a model's provider. */
  provider: string;
  /** How often a model was asked to mend its answer. Not said by who does not know of it. */
  repairs: number | null;
  /** What decided something, each with the id of its rule. */
  rules: Array<string>;
  /** What the choices between equals depended on. */
  seed: number;
  /** What the numbers rest on. */
  sources: Array<string>;
  /** Its version. */
  version: string;
}

export interface Referral {
  /** How much training is allowed until then: the names of `Clearance`. */
  clearance: string;
  /** Why. */
  reasons: Array<string>;
}

export type SetType = "warm_up" | "ramp_up" | "working" | "cool_down";

export type Status = "ok" | "light_only" | "referral";

export interface Step {
  /** One line of coaching. */
  cue: string;
  /** Its id in the catalogue, which is that of free-exercise-db. */
  exercise_id: string;
  /** When a set is done. Of each side when `per_side`. */
  goal: Goal;
  /** How hard, in one word. */
  intensity: Intensity;
  /** Its name there. */
  name: string;
  /** The movement it trains. */
  pattern: Pattern;
  /** Whether a set is done on each side. */
  per_side: boolean;
  /** The part of the session. */
  phase: Phase;
  /** Why a model chose it, in its words: plain text. */
  rationale?: string;
  /** From the end of a set of this exercise to the start of its next: `rest_s` alone, or the partner's set and both pauses in a superset. This is the rest that a prescription means. */
  recovery_s?: number;
  /** Pause after each set, before whatever comes next in the block; not after the last set of the block. */
  rest_s: number;
  /** What kind of set. */
  set_type: SetType;
  /** How many sets in the whole block. */
  sets: number;
  /** How hard, by whatever can be known. */
  target: Target;
  /** Seconds a repetition takes, for a goal in repetitions. */
  tempo_s?: number;
  /** Seconds of work in a set, both sides together. */
  work_s: number;
}

export interface Target {
  /** Heart rate. */
  hr_zone?: HrZone;
  /** The share of the one-repetition maximum, for a load that can be chosen. */
  pct_1rm?: number;
  /** Repetitions in reserve. */
  rir?: number;
  /** Perceived exertion on the lifting scale, 10 − RIR; for work by time, of ten. */
  rpe?: number;
  /** The weight, when the one-repetition maximum is known. */
  weight_kg?: number;
}

export interface Totals {
  /** The whole session. */
  duration_s: number;
  /** Energy above rest; `null` when the body weight is not known. */
  kcal_net: number | null;
  /** Working sets. */
  sets: number;
  /** Fractional working sets: primary 1, secondary ½. */
  sets_per_muscle: Record<string, number>;
}

export interface Warning {
  /** What kind: `pattern_unavailable`, `pattern_skipped`, `pattern_other_day`, `load_limited`, `restriction`, `referral`, `effort_capped`, `prescription_changed`, `time_filled`, `target_skipped`; of a programme also `volume_low`, `balance_off`, `session_shortened`, `phase_changed`; in a group also `station_varied`, `steady_varied`, `focus_changed`, `excluded`. */
  code: string;
  /** What to know. */
  message: string;
  /** The movement it is about. */
  pattern?: Pattern;
}

export interface Workout {
  /** What to do, in order. Empty when `status` is `referral`. */
  blocks: Array<Block>;
  /** How long it was asked to take. */
  duration_min: number;
  /** What it is for. */
  focus: Focus;
  /** What a model says of its choice; not there when no model chose. */
  insight?: Insight;
  /** For whom. */
  level: Level;
  /** What it is not. */
  notice: string;
  /** Where it came from. */
  provenance: Provenance;
  /** Who should see the person first, or too. */
  referral?: Referral;
  /** Whether there is something to do. */
  status: Status;
  /** A line to show. */
  title: string;
  /** Sums over the blocks. */
  totals: Totals;
  /** Whose it is. */
  user_id: string;
  /** What the person should know. */
  warnings: Array<Warning>;
  /** A function of the request, and of what a model chose: the same ones have the same id. */
  workout_id: string;
}
