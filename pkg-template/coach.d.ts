// What the coach answers. Made of the Rust types by tests/fitness/schema.rs: REPFLOW_BLESS=1 writes it anew.

export interface Adaptation {
  /** What to do instead of what is left out: `[{ exercise_id, name, options }]`. */
  alternatives?: Array<Alternatives>;
  /** What the rules allow at most. */
  ceiling: Decision;
  /** What changes. */
  changes: Changes;
  /** What becomes of the session. */
  decision: Decision;
  /** The exercise that is being done, where it goes on. */
  exercise?: Adapted;
  /** What it is not. */
  notice: string;
  /** Where it came from. */
  provenance: unknown;
  /** Why: `[{ rule, message }]`. */
  reasons: Array<Reason>;
  /** What to do now, after a stop: `{ kind, max_bpm?, advice, referral? }`. `kind` is `rest`, or `active` for easy movement below `max_bpm`; `referral` says who should see the person. */
  recovery?: Recovery;
  /** `ok`, or `stop`. */
  status: string;
  /** Whose session it is. */
  user_id: string;
  /** The workout: what is done as it was, what is left as it goes on, without what the person should not do. Not there after a stop. */
  workout?: Workout;
  /** The workout that was named, or given. */
  workout_id?: string;
}

export interface AdaptationValidation {
  /** The adaptation, or that of the rules where it failed. */
  adaptation: Adaptation;
  /** `pass` or `fail`. */
  status: string;
  /** What does not hold. */
  violations: Array<RuleViolation>;
}

export interface Adapted {
  /** Its id in the catalogue. */
  exercise_id: string;
  /** What changes in place of a weight, or with it. */
  how: string;
  /** Its name there. */
  name: string;
  /** Repetitions of each set that is left; seconds for what is done by time. */
  reps: number;
  /** The pause after each set that is left. */
  rest_s: number;
  /** How many sets in all, those that are done included. */
  sets: number;
  /** The weight of each set that is left. */
  weight_kg?: number;
}

export interface Advice {
  /** In words. */
  advice: Array<string>;
  /** What to do next. */
  next?: Array<NextExercise>;
  /** What it is not. */
  notice: string;
  /** How to progress. */
  progression?: Array<ExerciseProgress>;
  /** Where it came from. */
  provenance: AdviceProvenance;
  /** How recovered. */
  recovery?: RecoveryState;
  /** Who should see the person. */
  referral?: Referral;
  /** What to do instead. */
  substitutions?: Array<Substitution>;
}

export interface AdviceProvenance {
  /** Who advises. */
  provider: string;
  /** The rules that decided something. */
  rules: Array<string>;
}

export interface Alternative {
  /** Its id in the catalogue. */
  exercise_id: string;
  /** Its name. */
  name: string;
  /** Why. */
  reason: string;
}

export interface Alternatives {
  /** Its id in the catalogue. */
  exercise_id: string;
  /** Its name. */
  name: string;
  /** What to do instead, the best first. */
  options: Array<Alternative>;
}

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

export interface CapsInForce {
  /** The highest share of the one-repetition maximum. */
  pct_1rm_max: number | null;
  /** The shortest rest between sets. */
  rest_min_s: number | null;
  /** The highest rating of perceived exertion. */
  rpe_max: number | null;
}

export interface Changes {
  /** Sets of each exercise for one joint or the trunk. */
  accessory_sets: number;
  /** Of the load; for body weight of the repetitions, one for each 5 %. */
  load_pct: number;
  /** Of the rests. */
  rest_pct: number;
  /** Of the sets of every exercise that are left. */
  sets_pct: number;
}

export interface CheckResult {
  /** What does not hold. */
  violations: Array<RuleViolation>;
}

export interface CommonGround {
  /** What there is to train with. */
  equipment: Record<string, number>;
  /** What the session is for. */
  focus: Focus;
  /** The levels there are. */
  levels: Array<Level>;
  /** What has to be minded for somebody. */
  limitations: Array<string>;
}

export interface Compatibility {
  /** What the coach makes of it. */
  notes: Array<string>;
  /** Every pair, in the order of the user ids. */
  pairs: Array<Pair>;
  /** The mean of the pairs, from 0 to 1, in hundredths. */
  score: number;
}

export type Decision = "stop" | "strong_cut" | "cut" | "hold" | "progress";

export interface DoneSet {
  /** Of which exercise. */
  exercise_id: string;
  /** Whether it counts as work. */
  main: boolean;
  /** How many repetitions, or seconds. */
  reps: number;
  /** How many repetitions were left in reserve. */
  rir?: number;
  /** Which set of it. */
  set: number;
  /** With which weight. */
  weight_kg?: number;
}

export interface EffortNow {
  /** In a word. */
  difficulty: string;
  /** Repetitions in reserve. */
  rir: number | null;
  /** Of ten. */
  rpe: number | null;
  /** As planned. */
  target_rir: number | null;
}

export type Equipment = "dumbbell" | "kettlebell" | "barbell" | "rack" | "bench" | "bands" | "anchor" | "pull_up_bar" | "cable" | "machine" | "box" | "dip_bars" | "bar_low" | "suspension" | "jump_rope" | "bike" | "rower" | "elliptical" | "treadmill" | "stair_machine";

export interface EquipmentAnalysis {
  /** What there is. */
  available: Array<Equipment>;
  /** Movement by movement. */
  patterns: Array<PatternUse>;
  /** What else would help. */
  unlocks: Array<Unlock>;
  /** What is not. */
  unused: Array<Equipment>;
  /** What is used. */
  used: Array<Equipment>;
}

export interface Excluded {
  /** Why. */
  reasons: Array<string>;
  /** Who should see them. */
  referral: Referral;
  /** Who. */
  user_id: string;
}

export interface ExerciseProgress {
  /** The one-repetition maximum by Epley. */
  estimated_1rm_kg: number | null;
  /** Its id in the catalogue. */
  exercise_id: string;
  /** What is counted. */
  goal: GoalKind;
  /** The weight of last time. */
  last_weight_kg: number | null;
  /** Its name. */
  name: string;
  /** Why. */
  reason: string;
  /** The most. */
  reps_max?: number;
  /** The fewest repetitions, or seconds. */
  reps_min?: number;
  /** Repetitions in reserve. */
  rir?: number;
  /** The rule that decided. */
  rule: string;
  /** How it has changed in six weeks. */
  trend_pct: number | null;
  /** The weight. */
  weight_kg?: number;
}

export interface FatigueBand {
  /** `fresh`, `normal`, `tired`, `very_tired` or `exhausted`. */
  band: string;
  /** 0 to 1. */
  value: number;
}

export interface FitnessAssessment {
  /** Sessions a week. */
  days_per_week: number;
  /** Heart-rate zones; `null` without an age, and with a beta blocker. */
  heart_rate: HeartRateZones | null;
  /** What to mind. */
  limitations: Array<string>;
  /** What it is not. */
  notice: string;
  /** How much and how hard. */
  prescription: PrescriptionInForce;
  /** The request, with what the tests say of maxima. */
  request: unknown;
  /** What is left out. */
  restrictions: RestrictionsInForce;
  /** Whether to train. */
  screening: ScreeningResult;
  /** What speaks for the person. */
  strengths: Array<string>;
  /** Known and estimated maxima. */
  training_maxima: Array<TrainingMaximum>;
  /** How much in a week. */
  weekly: WeeklyPlan;
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

export interface GroupClock {
  /** Steady work for all, after the stations and a transition; 0 when there is none. */
  conditioning_s: number;
  /** The cool-down. */
  cool_down_s: number;
  /** From the beginning of a set to that of the next. */
  interval_s: number;
  /** How many turns there are: as many as stations. */
  rotations: number;
  /** Sets at each station. */
  sets: number;
  /** All of it. */
  total_s: number;
  /** Getting to a station and setting up. */
  transition_s: number;
  /** One station: the transition, and the sets to the end of the last one. */
  turn_s: number;
  /** The warm-up. */
  warm_up_s: number;
  /** The longest set of anybody; whose set is shorter waits for the bell after the last one. */
  work_s: number;
}

export interface GroupCompatibility {
  /** What they share. */
  common: CommonGround;
  /** Pair by pair. */
  compatibility: Compatibility;
}

export interface GroupStation {
  /** How many people may be there at once. */
  capacity: number;
  /** What stands there. */
  equipment: Record<string, number>;
  /** The ids of the exercises that are done there, the most common one first. */
  exercises: Array<string>;
  /** The movement that it trains. */
  pattern: Pattern;
  /** Its id: `s1`, `s2`, …. */
  station: string;
}

export interface GroupWorkout {
  /** The clock that everybody keeps. */
  clock: GroupClock;
  /** How well all of the group train together. */
  compatibility: Compatibility;
  /** How long it was asked to take. */
  duration_min: number;
  /** Who must not train today. */
  excluded: Array<Excluded>;
  /** What it is for: what was asked, or general fitness when no clock suits everybody's rows otherwise. */
  focus: Focus;
  /** Whose it is. */
  group_id: string;
  /** What a model says of its choice; not there when no model chose. */
  insight?: Insight;
  /** What it is not. */
  notice: string;
  /** What everybody who trains does; empty in a base workout, which has no variations yet. */
  participants: Array<Member>;
  /** Where it came from. */
  provenance: Provenance;
  /** Where everybody who trains is, turn by turn. */
  rotation: Array<Turns>;
  /** The stations, in the order of the rotation. */
  stations: Array<GroupStation>;
  /** `ok`, or `referral` when nobody may train. */
  status: Status;
  /** A line to show. */
  title: string;
  /** What the group should know. What one person should know is in their workout. */
  warnings: Array<Warning>;
}

export interface HeartRateByAge {
  /** The maximum. */
  max_bpm: number;
  /** Moderate effort. */
  moderate_bpm: [number, number];
}

export interface HeartRateNow {
  /** Beats a minute. */
  bpm: number;
  /** Percent of the maximum. */
  pct_max: number | null;
  /** Percent of the reserve. */
  pct_reserve: number | null;
  /** `very_light`, `light`, `moderate`, `vigorous` or `near_max`. */
  zone: string | null;
}

export interface HeartRateZones {
  /** Light effort. */
  light_bpm: [number, number];
  /** The maximum. */
  max_bpm: number;
  /** `reserve` or `maximum`. */
  method: string;
  /** Moderate effort. */
  moderate_bpm: [number, number];
  /** Vigorous effort. */
  vigorous_bpm: [number, number];
}

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

export type Kind = "plyometric" | "compound" | "isolation" | "core" | "conditioning" | "mobility" | "stretch";

export type Level = "beginner" | "intermediate" | "advanced";

export interface Limitations {
  /** What is left out. */
  restrictions: RestrictionsInForce;
  /** Whether to train. */
  screening: ScreeningResult;
  /** Whose. */
  user_id: string;
}

export interface LiveAnswer {
  /** What is in force. */
  changes: LiveChanges;
  /** What becomes of the session. */
  decision: Decision;
  /** The next set; `null` when there is none. */
  next: NextSet | null;
  /** Why. */
  reasons: Array<Reason>;
  /** What to do after a stop. */
  recovery?: Recovery;
  /** `running`, `stopped` or `finished`. */
  status: string;
  /** What was done, at the end. */
  summary?: LiveSummary;
}

export interface LiveChanges {
  /** The load. */
  load_pct: number;
  /** The rests. */
  rest_pct: number;
  /** Sets to go. */
  sets_left: number;
}

export interface LiveState {
  /** When the last one was. */
  beat_s?: number;
  /** The last heart rates. */
  beats: Array<number>;
  /** Where the effort ends that is cleared. */
  cleared_bpm?: number;
  /** The most careful decision since the last set. */
  eased: Decision;
  /** Where light effort ends. */
  easy_bpm?: number;
  /** Whether a beta blocker hides the heart rate. */
  hidden: boolean;
  /** The heart rate that is a stop. */
  limit_bpm?: number;
  /** The load in force, in percent of the plan. */
  load_pct: number;
  /** What is done. */
  log: Array<DoneSet>;
  /** The most careful decision so far. */
  lowest: Decision;
  /** The most that is allowed. */
  most: Decision;
  /** The highest share of a maximum. */
  most_pct: number;
  /** What hurt last, as it was said. */
  pain?: unknown;
  /** Working sets as planned. */
  planned: number;
  /** Why it was stopped, and what screening said. */
  reasons: unknown;
  /** What screening said. */
  referral: Array<string>;
  /** The rests in force. */
  rest_pct: number;
  /** `running`, `stopped` or `finished`. */
  status: string;
  /** What there is to do. */
  steps: Array<LiveStep>;
  /** Whose it is. */
  user_id: string;
  /** Which workout. */
  workout_id: string;
}

export interface LiveStep {
  /** The number of its block: those of one block are done in turn. */
  block: number;
  /** How many are done. */
  done: number;
  /** Its id in the catalogue. */
  exercise_id: string;
  /** When a set is done, as planned. */
  goal: Goal;
  /** Whether it is part of the work between warm-up and cool-down. */
  main: boolean;
  /** Its name. */
  name: string;
  /** The pause after a set, as planned. */
  rest_s: number;
  /** How many sets it shall be. */
  sets: number;
  /** How hard, as planned. */
  target: Target;
}

export interface LiveSummary {
  /** The share of them, 0 to 1. */
  adherence: number;
  /** What to do next time. */
  next_session: Array<NextTime>;
  /** Sets that were done. */
  sets_done: number;
  /** Sets that were planned. */
  sets_planned: number;
  /** Weight times repetitions. */
  volume_kg: number;
}

export interface LiveTurn {
  /** How to go on. */
  answer: LiveAnswer | null;
  /** What to keep. */
  state: LiveState;
}

export interface Member {
  /** How experienced. */
  level: Level;
  /** The same in a line. */
  summary: string;
  /** Who. */
  user_id: string;
  /** What this person does: the stations in their order, on the clock of the group. */
  workout: Workout;
}

export type Muscle = "quadriceps" | "hamstrings" | "glutes" | "chest" | "lats" | "middle_back" | "lower_back" | "shoulders" | "traps" | "triceps" | "biceps" | "forearms" | "abdominals" | "abductors" | "adductors" | "calves" | "neck";

export interface MuscleRecovery {
  /** `recover`, `train`, `maintain` or `enough`. */
  advice: string;
  /** Hours since it worked hard; `null` when it did not. */
  hours_since: number | null;
  /** The muscle. */
  muscle: Muscle;
  /** How many it should be. */
  range: [number, number];
  /** Whether it may work hard again. */
  ready: boolean;
  /** Fractional sets in the last seven days. */
  week_sets: number;
}

export interface NextExercise {
  /** Its id in the catalogue. */
  exercise_id: string;
  /** What is counted. */
  goal: GoalKind;
  /** Its name. */
  name: string;
  /** The movement. */
  pattern: Pattern;
  /** Why. */
  reason: string;
  /** The most. */
  reps_max: number;
  /** The fewest repetitions, or seconds. */
  reps_min: number;
  /** Rest after a set. */
  rest_s: number;
  /** Repetitions in reserve. */
  rir?: number;
  /** How many sets. */
  sets: number;
  /** The weight, where it is known. */
  weight_kg?: number;
}

export interface NextSet {
  /** Its exercise. */
  exercise_id: string;
  /** When it is done. */
  goal: Goal;
  /** Its name. */
  name: string;
  /** The pause after it. */
  rest_s: number;
  /** Which set. */
  set: number;
  /** Of how many. */
  sets: number;
  /** How hard. */
  target: Target;
}

export interface NextTime {
  /** What to do. */
  advice: string;
  /** Its id in the catalogue. */
  exercise_id: string;
  /** Its name. */
  name: string;
}

export interface Pair {
  /** One user id, the one that sorts first. */
  a: string;
  /** The other user id. */
  b: string;
  /** From 0 to 1, in hundredths. */
  score: number;
}

export type Pattern = "squat" | "hinge" | "lunge" | "push_horizontal" | "push_vertical" | "pull_horizontal" | "pull_vertical" | "core" | "carry" | "isolation_upper" | "isolation_lower" | "plyometric" | "cardio" | "mobility" | "stretch";

export interface PatternUse {
  /** How many exercises there are for it. */
  choices: number;
  /** The movement. */
  pattern: Pattern;
  /** `trained`, `available` or `unavailable`. */
  status: string;
}

export interface PerformanceAssessment {
  /** What the rules allow at most. */
  ceiling: Decision;
  /** How hard it feels. */
  effort: EffortNow;
  /** How tired. */
  fatigue: FatigueBand;
  /** `symptom`, `pain`, `beta_blocker`, `screening`. */
  flags: Array<string>;
  /** The heart; `null` when nothing was measured. */
  hr: HeartRateNow | null;
  /** What it is not. */
  notice: string;
  /** Why. */
  reasons: Array<Reason>;
}

export type Phase = "warm_up" | "main" | "cool_down";

export type PhaseName = "foundation" | "development" | "specialization";

export interface PreferenceAnalysis {
  /** What is not. */
  avoided: Taste;
  /** The share of sessions that were finished. */
  completion: number | null;
  /** 0 to 1: how much it rests on. */
  confidence: number;
  /** How long sessions are. */
  duration_min: number | null;
  /** The goal, when it was said. */
  focus: Focus | null;
  /** The level, when it was said. */
  level: Level | null;
  /** What is liked. */
  preferred: Taste;
  /** How many sessions it rests on. */
  sessions: number;
  /** Whose it is. */
  user_id: string;
}

export interface PrescriptionInForce {
  /** What it is for. */
  focus: Focus;
  /** For whom. */
  level: Level;
  /** Share of the one-repetition maximum. */
  pct_1rm: [number, number];
  /** Repetitions. */
  reps: [number, number];
  /** Rest after a set of an exercise of several joints. */
  rest_compound_s: [number, number];
  /** Rest after a set of any other. */
  rest_isolation_s: [number, number];
  /** Repetitions in reserve. */
  rir: [number, number];
  /** Sets of an exercise. */
  sets: [number, number];
}

export interface Programme {
  /** Sessions a week. */
  days_per_week: number;
  /** What it is for. */
  focus: Focus;
  /** What a model says of the last phase it planned. */
  insight?: Insight;
  /** For whom. */
  level: Level;
  /** What it is not. */
  notice: string;
  /** The phases, in order. */
  phases: Array<TrainingPhase>;
  /** A function of the request. */
  programme_id: string;
  /** Where it came from. */
  provenance: Provenance;
  /** Who should see the person first, or too. */
  referral?: Referral;
  /** The first day of the first week. */
  start_date?: string;
  /** Whether there is something to do. */
  status: Status;
  /** A line to show. */
  title: string;
  /** Whose it is. */
  user_id: string;
  /** What the person should know, besides what each session says. */
  warnings: Array<Warning>;
  /** The weeks, in order. None when `status` is `referral`. */
  weeks: Array<Week>;
}

export interface ProgressionAdvice {
  /** When and by how much. */
  advice: string;
  /** Its id in the catalogue. */
  exercise_id: string;
  /** How. */
  method: string;
}

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

export interface Reason {
  /** What it says. */
  message: string;
  /** The id of the rule. */
  rule: string;
}

export interface Recovery {
  /** What to do. */
  advice: Array<string>;
  /** `rest`, or `active` for easy movement. */
  kind: string;
  /** The most for easy movement. */
  max_bpm?: number;
  /** Who should see the person. */
  referral?: RecoveryReferral;
}

export interface RecoveryReferral {
  /** How hard it may be until then. */
  clearance?: string;
  /** Why. */
  reasons: Array<string>;
}

export interface RecoveryState {
  /** Whether an easy week is due. */
  deload: boolean;
  /** Weeks in a row without an easy one. */
  loading_weeks: number;
  /** Muscle by muscle. */
  muscles: Array<MuscleRecovery>;
}

export interface Referral {
  /** How much training is allowed until then: the names of `Clearance`. */
  clearance: string;
  /** Why. */
  reasons: Array<string>;
}

export interface RestrictionsInForce {
  /** The limits. */
  caps: CapsInForce;
  /** Movements that are out. */
  excluded_patterns: Array<Pattern>;
  /** Demands that are out. */
  excluded_tags: Array<Tag>;
  /** What they say. */
  notes: Array<string>;
  /** The ids of the rules. */
  rules: Array<string>;
}

export interface RuleViolation {
  /** Where and how. */
  message: string;
  /** Its id. */
  rule: string;
}

export interface SafetyValidation {
  /** How hard it may be. */
  clearance: string;
  /** What it is not. */
  notice: string;
  /** Who should see the person. */
  referral: Referral | null;
  /** `pass`, `caution`, `refer` or `fail`. */
  status: string;
  /** What does not hold. */
  violations: Array<RuleViolation>;
  /** What the rules changed. */
  warnings: Array<string>;
}

export interface ScreeningResult {
  /** What counts as active. */
  active_definition: string;
  /** How hard it may be. */
  clearance: string;
  /** Why, when somebody should be seen. */
  reasons: Array<string>;
}

export interface Session {
  /** The day of the week, 1 for Monday. */
  day: number;
  /** The id of its workout. */
  session_id: string;
  /** What to do. */
  workout: Workout;
}

export interface SessionAlternatives {
  /** For each exercise that loads the painful part. */
  alternatives: Array<Alternatives>;
}

export interface SessionConditions {
  /** What the rules allow at most. */
  ceiling: Decision;
  /** `stop`, `adapt`, `hold` or `progress`. */
  condition: string;
  /** Why. */
  reasons: Array<Reason>;
  /** What the person's health changes. */
  restrictions: Array<string>;
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

export interface Substitution {
  /** What to do instead; none is better than a wrong one. */
  alternatives: Array<Alternative>;
  /** Its id in the catalogue. */
  exercise_id: string;
  /** Its name. */
  name: string;
}

export type Tag = "OH" | "SHX" | "SX" | "DK" | "IM" | "WR" | "GR" | "SUP" | "PRN" | "ISO" | "FLX" | "SL" | "INV" | "ANK" | "ELB" | "NK" | "HIP" | "R_SHO" | "R_ELB" | "R_WR" | "R_NK" | "R_BACK" | "R_HIP" | "R_KN" | "R_ANK" | "MAIN";

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

export interface Taste {
  /** Equipment. */
  equipment: Array<Equipment>;
  /** Exercises. */
  exercises: Array<string>;
  /** Kinds of exercise. */
  kinds: Array<Kind>;
  /** Muscles. */
  muscles: Array<Muscle>;
  /** Movements. */
  patterns: Array<Pattern>;
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

export interface TrainingMaximum {
  /** By Brzycki. */
  brzycki_kg?: number;
  /** By Epley. */
  epley_kg?: number;
  /** The exercise. */
  exercise_id: string;
  /** The one-repetition maximum. */
  one_rep_max_kg: number;
  /** What loads are planned with. */
  training_max_kg: number;
}

export interface TrainingPhase {
  /** What its sessions are for. */
  focus: Focus;
  /** Which. */
  phase: PhaseName;
  /** How exercises get harder from session to session. */
  progression: string;
  /** Who planned it. */
  provenance: BlockProvenance;
  /** What a model says of it. */
  summary?: string;
  /** Its first and last week. */
  weeks: [number, number];
}

export interface Turns {
  /** The ids of the stations, turn by turn. */
  stations: Array<string>;
  /** Who. */
  user_id: string;
}

export interface Unlock {
  /** How many exercises it opens. */
  exercises: number;
  /** The item. */
  item: Equipment;
  /** Movements it opens. */
  patterns: Array<Pattern>;
}

export interface UserAnalysis {
  /** Heart rates; `null` without an age, and with a beta blocker. */
  heart_rate: HeartRateByAge | null;
  /** What it is not. */
  notice: string;
  /** How much and how hard. */
  prescription: PrescriptionInForce;
  /** The request, with canonical words and defaults. */
  request: unknown;
  /** What is left out. */
  restrictions: RestrictionsInForce;
  /** Whether to train. */
  screening: ScreeningResult;
  /** How much in a week. */
  weekly: WeeklyPlan;
}

export interface Warning {
  /** What kind: `pattern_unavailable`, `pattern_skipped`, `pattern_other_day`, `load_limited`, `restriction`, `referral`, `effort_capped`, `prescription_changed`, `time_filled`, `target_skipped`; of a programme also `volume_low`, `balance_off`, `session_shortened`, `phase_changed`; of a group `focus_changed`, `excluded`, `station_varied`, `steady_varied`. */
  code: string;
  /** What to know. */
  message: string;
  /** The movement it is about. */
  pattern?: Pattern;
}

export interface Week {
  /** Whether it is an easy one. */
  deload: boolean;
  /** That share over the one of the last week that was no deload; not there in the first. */
  load_ratio?: number;
  /** What it is about. */
  note: string;
  /** The share of the one-repetition maximum for lifts of several joints whose load can be chosen. */
  pct_1rm: number;
  /** The phase it belongs to. */
  phase: PhaseName;
  /** Repetitions in reserve; one more for what a mild injury touches. */
  rir: number;
  /** What to do, by day. */
  sessions: Array<Session>;
  /** Percent of the sets of a usual week. */
  sets_pct: number;
  /** Fractional working sets: primary 1, secondary ½. */
  sets_per_muscle: Record<string, number>;
  /** From 1 to 12. */
  week: number;
}

export interface WeeklyCover {
  /** What this session gives. */
  covered: Record<string, number>;
  /** Days to train. */
  days: [number, number];
  /** Fractional sets for a muscle. */
  sets_per_muscle: [number, number];
}

export interface WeeklyPlan {
  /** Days to train. */
  days: [number, number];
  /** Fractional sets for a muscle. */
  sets_per_muscle: [number, number];
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

export interface WorkoutRecommendations {
  /** For every exercise that counts. */
  alternatives: Array<Alternatives>;
  /** What to think of next time. */
  next_session: Array<string>;
  /** For every exercise that counts. */
  progression: Array<ProgressionAdvice>;
  /** The week. */
  weekly: WeeklyCover;
}
