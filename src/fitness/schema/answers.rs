//! What is answered without a type of its own: the code that writes it is smaller so, and its shape stands here. It is long
//! because it is a list, and every field says what it is.

use super::super::record::record;
use super::{Definitions, Described};
use crate::fitness::adaptation::Decision;
use crate::fitness::figures::Figures;
use crate::fitness::live::LiveState;
use crate::fitness::words::{Equipment, Focus, Kind, Level, Muscle, Pattern, Tag};
use crate::fitness::workout::{Goal, GoalKind, Referral, Target};
use crate::value::Value;

/// Several records: for each a struct that is only described.
macro_rules! records {
    ($($(#[doc = $about:literal])* $name:ident { $($(#[doc = $doc:literal])* $field:ident $(= $json:literal)?: $type:ty,)* })*) => { $(
        record! {
            $(#[doc = $about])*
            #[derive(Debug)]
            pub struct $name { $($(#[doc = $doc])* pub $field $(= $json)?: $type,)* }
        }
    )* };
}

records! {
    /// A limit of effort, load and rest.
    CapsInForce {
        /// The highest rating of perceived exertion.
        rpe_max: Option<u32>,
        /// The highest share of the one-repetition maximum.
        pct_1rm_max: Option<f64>,
        /// The shortest rest between sets.
        rest_min_s: Option<u32>,
    }
    /// Whether to train today.
    ScreeningResult {
        /// How hard it may be.
        clearance: String,
        /// Why, when somebody should be seen.
        reasons: Vec<String>,
        /// What counts as active.
        active_definition: String,
    }
    /// What injuries, conditions and age change.
    RestrictionsInForce {
        /// The ids of the rules.
        rules: Vec<String>,
        /// What they say.
        notes: Vec<String>,
        /// Demands that are out.
        excluded_tags: Vec<Tag>,
        /// Movements that are out.
        excluded_patterns: Vec<Pattern>,
        /// The limits.
        caps: CapsInForce,
    }
    /// The row of the prescription in force.
    PrescriptionInForce {
        /// What it is for.
        focus: Focus,
        /// For whom.
        level: Level,
        /// Sets of an exercise.
        sets: (u32, u32),
        /// Repetitions.
        reps: (u32, u32),
        /// Share of the one-repetition maximum.
        pct_1rm: (f64, f64),
        /// Rest after a set of an exercise of several joints.
        rest_compound_s: (u32, u32),
        /// Rest after a set of any other.
        rest_isolation_s: (u32, u32),
        /// Repetitions in reserve.
        rir: (u32, u32),
    }
    /// How much in a week.
    WeeklyPlan {
        /// Days to train.
        days: (u32, u32),
        /// Fractional sets for a muscle.
        sets_per_muscle: (u32, u32),
    }
    /// Heart rates by age, without a test.
    HeartRateByAge {
        /// The maximum.
        max_bpm: u32,
        /// Moderate effort.
        moderate_bpm: (u32, u32),
    }
    /// What a profile means for training.
    UserAnalysis {
        /// The request, with canonical words and defaults.
        request: Value,
        /// Whether to train.
        screening: ScreeningResult,
        /// What is left out.
        restrictions: RestrictionsInForce,
        /// How much and how hard.
        prescription: PrescriptionInForce,
        /// How much in a week.
        weekly: WeeklyPlan,
        /// Heart rates; `null` without an age, and with a beta blocker.
        heart_rate: Option<HeartRateByAge>,
        /// What it is not.
        notice: String,
    }
    /// A movement, and whether it can be trained.
    PatternUse {
        /// The movement.
        pattern: Pattern,
        /// `trained`, `available` or `unavailable`.
        status: String,
        /// How many exercises there are for it.
        choices: u32,
    }
    /// What one more item would bring.
    Unlock {
        /// The item.
        item: Equipment,
        /// Movements it opens.
        patterns: Vec<Pattern>,
        /// How many exercises it opens.
        exercises: u32,
    }
    /// What a workout uses of the equipment.
    EquipmentAnalysis {
        /// What there is.
        available: Vec<Equipment>,
        /// What is used.
        used: Vec<Equipment>,
        /// What is not.
        unused: Vec<Equipment>,
        /// Movement by movement.
        patterns: Vec<PatternUse>,
        /// What else would help.
        unlocks: Vec<Unlock>,
    }
    /// An invariant that does not hold.
    RuleViolation {
        /// Its id.
        rule: String,
        /// Where and how.
        message: String,
    }
    /// What does not hold.
    CheckResult {
        /// What does not hold.
        violations: Vec<RuleViolation>,
    }
    /// Whether a workout is right for a person.
    SafetyValidation {
        /// `pass`, `caution`, `refer` or `fail`.
        status: String,
        /// How hard it may be.
        clearance: String,
        /// What does not hold.
        violations: Vec<RuleViolation>,
        /// What the rules changed.
        warnings: Vec<String>,
        /// Who should see the person.
        referral: Option<Referral>,
        /// What it is not.
        notice: String,
    }
    /// Something to do instead.
    Alternative {
        /// Its id in the catalogue.
        exercise_id: String,
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    }
    /// An exercise, and what to do instead of it.
    Alternatives {
        /// Its id in the catalogue.
        exercise_id: String,
        /// Its name.
        name: String,
        /// What to do instead, the best first.
        options: Vec<Alternative>,
    }
    /// How to make an exercise harder.
    ProgressionAdvice {
        /// Its id in the catalogue.
        exercise_id: String,
        /// How.
        method: String,
        /// When and by how much.
        advice: String,
    }
    /// What a week wants, and what this session gives.
    WeeklyCover {
        /// Days to train.
        days: (u32, u32),
        /// Fractional sets for a muscle.
        sets_per_muscle: (u32, u32),
        /// What this session gives.
        covered: Figures,
    }
    /// What to do instead in a workout, and next time.
    WorkoutRecommendations {
        /// For every exercise that counts.
        alternatives: Vec<Alternatives>,
        /// For every exercise that counts.
        progression: Vec<ProgressionAdvice>,
        /// What to think of next time.
        next_session: Vec<String>,
        /// The week.
        weekly: WeeklyCover,
    }
    /// Why something was decided.
    Reason {
        /// The id of the rule.
        rule: String,
        /// What it says.
        message: String,
    }
    /// How tired.
    FatigueBand {
        /// 0 to 1.
        value: f64,
        /// `fresh`, `normal`, `tired`, `very_tired` or `exhausted`.
        band: String,
    }
    /// What a heart rate means.
    HeartRateNow {
        /// Beats a minute.
        bpm: f64,
        /// Percent of the maximum.
        pct_max: Option<f64>,
        /// Percent of the reserve.
        pct_reserve: Option<f64>,
        /// `very_light`, `light`, `moderate`, `vigorous` or `near_max`.
        zone: Option<String>,
    }
    /// How hard it feels.
    EffortNow {
        /// In a word.
        difficulty: String,
        /// Of ten.
        rpe: Option<f64>,
        /// Repetitions in reserve.
        rir: Option<f64>,
        /// As planned.
        target_rir: Option<f64>,
    }
    /// How a session goes.
    PerformanceAssessment {
        /// How tired.
        fatigue: FatigueBand,
        /// The heart; `null` when nothing was measured.
        hr: Option<HeartRateNow>,
        /// How hard it feels.
        effort: EffortNow,
        /// `symptom`, `pain`, `beta_blocker`, `screening`.
        flags: Vec<String>,
        /// What the rules allow at most.
        ceiling: Decision,
        /// Why.
        reasons: Vec<Reason>,
        /// What it is not.
        notice: String,
    }
    /// What may become of a session.
    SessionConditions {
        /// `stop`, `adapt`, `hold` or `progress`.
        condition: String,
        /// What the rules allow at most.
        ceiling: Decision,
        /// Why.
        reasons: Vec<Reason>,
        /// What the person's health changes.
        restrictions: Vec<String>,
    }
    /// What to do instead of what hurts.
    SessionAlternatives {
        /// For each exercise that loads the painful part.
        alternatives: Vec<Alternatives>,
    }
    /// Whether an adaptation holds.
    AdaptationValidation {
        /// `pass` or `fail`.
        status: String,
        /// What does not hold.
        violations: Vec<RuleViolation>,
        /// The adaptation, or that of the rules where it failed.
        adaptation: crate::fitness::adaptation::Adaptation,
    }
    /// Who should see the person, after a stop.
    RecoveryReferral {
        /// How hard it may be until then.
        clearance = "clearance?": Option<String>,
        /// Why.
        reasons: Vec<String>,
    }
    /// What to do now, after a stop.
    Recovery {
        /// `rest`, or `active` for easy movement.
        kind: String,
        /// The most for easy movement.
        max_bpm = "max_bpm?": Option<u32>,
        /// What to do.
        advice: Vec<String>,
        /// Who should see the person.
        referral = "referral?": Option<RecoveryReferral>,
    }
    /// The next set.
    NextSet {
        /// Its exercise.
        exercise_id: String,
        /// Its name.
        name: String,
        /// Which set.
        set: u32,
        /// Of how many.
        sets: u32,
        /// When it is done.
        goal: Goal,
        /// How hard.
        target: Target,
        /// The pause after it.
        rest_s: u32,
    }
    /// What is in force, in percent of the plan.
    LiveChanges {
        /// The load.
        load_pct: f64,
        /// The rests.
        rest_pct: f64,
        /// Sets to go.
        sets_left: u32,
    }
    /// What to do with an exercise next time.
    NextTime {
        /// Its id in the catalogue.
        exercise_id: String,
        /// Its name.
        name: String,
        /// What to do.
        advice: String,
    }
    /// What was done.
    LiveSummary {
        /// Sets that were done.
        sets_done: u32,
        /// Sets that were planned.
        sets_planned: u32,
        /// The share of them, 0 to 1.
        adherence: f64,
        /// Weight times repetitions.
        volume_kg: f64,
        /// What to do next time.
        next_session: Vec<NextTime>,
    }
    /// How to go on.
    LiveAnswer {
        /// `running`, `stopped` or `finished`.
        status: String,
        /// What becomes of the session.
        decision: Decision,
        /// The next set; `null` when there is none.
        next: Option<NextSet>,
        /// What is in force.
        changes: LiveChanges,
        /// Why.
        reasons: Vec<Reason>,
        /// What to do after a stop.
        recovery = "recovery?": Option<Recovery>,
        /// What was done, at the end.
        summary = "summary?": Option<LiveSummary>,
    }
    /// A session, and how to go on.
    LiveTurn {
        /// What to keep.
        state: LiveState,
        /// How to go on.
        answer: Option<LiveAnswer>,
    }
    /// An exercise to do next.
    NextExercise {
        /// Its id in the catalogue.
        exercise_id: String,
        /// Its name.
        name: String,
        /// The movement.
        pattern: Pattern,
        /// How many sets.
        sets: u32,
        /// What is counted.
        goal: GoalKind,
        /// The fewest repetitions, or seconds.
        reps_min: u32,
        /// The most.
        reps_max: u32,
        /// Repetitions in reserve.
        rir = "rir?": Option<u32>,
        /// The weight, where it is known.
        weight_kg = "weight_kg?": Option<f64>,
        /// Rest after a set.
        rest_s: u32,
        /// Why.
        reason: String,
    }
    /// An exercise, and what to do instead.
    Substitution {
        /// Its id in the catalogue.
        exercise_id: String,
        /// Its name.
        name: String,
        /// What to do instead; none is better than a wrong one.
        alternatives: Vec<Alternative>,
    }
    /// How recovered a muscle is.
    MuscleRecovery {
        /// The muscle.
        muscle: Muscle,
        /// Hours since it worked hard; `null` when it did not.
        hours_since: Option<f64>,
        /// Whether it may work hard again.
        ready: bool,
        /// Fractional sets in the last seven days.
        week_sets: f64,
        /// How many it should be.
        range: (u32, u32),
        /// `recover`, `train`, `maintain` or `enough`.
        advice: String,
    }
    /// How recovered somebody is.
    RecoveryState {
        /// Muscle by muscle.
        muscles: Vec<MuscleRecovery>,
        /// Weeks in a row without an easy one.
        loading_weeks: u32,
        /// Whether an easy week is due.
        deload: bool,
    }
    /// What to do with an exercise next time, from what was done.
    ExerciseProgress {
        /// Its id in the catalogue.
        exercise_id: String,
        /// Its name.
        name: String,
        /// The rule that decided.
        rule: String,
        /// Why.
        reason: String,
        /// What is counted.
        goal: GoalKind,
        /// The weight.
        weight_kg = "weight_kg?": Option<f64>,
        /// The fewest repetitions, or seconds.
        reps_min = "reps_min?": Option<u32>,
        /// The most.
        reps_max = "reps_max?": Option<u32>,
        /// Repetitions in reserve.
        rir = "rir?": Option<u32>,
        /// The weight of last time.
        last_weight_kg: Option<f64>,
        /// The one-repetition maximum by Epley.
        estimated_1rm_kg: Option<f64>,
        /// How it has changed in six weeks.
        trend_pct: Option<f64>,
    }
    /// Where advice came from.
    AdviceProvenance {
        /// Who advises.
        provider: String,
        /// The rules that decided something.
        rules: Vec<String>,
    }
    /// What to do next, what instead, how to recover and progress. What was not asked for is absent.
    Advice {
        /// What to do next.
        next = "next?": Option<Vec<NextExercise>>,
        /// What to do instead.
        substitutions = "substitutions?": Option<Vec<Substitution>>,
        /// How recovered.
        recovery = "recovery?": Option<RecoveryState>,
        /// How to progress.
        progression = "progression?": Option<Vec<ExerciseProgress>>,
        /// In words.
        advice: Vec<String>,
        /// Who should see the person.
        referral = "referral?": Option<Referral>,
        /// Where it came from.
        provenance: AdviceProvenance,
        /// What it is not.
        notice: String,
    }
    /// A known or estimated maximum.
    TrainingMaximum {
        /// The exercise.
        exercise_id: String,
        /// The one-repetition maximum.
        one_rep_max_kg: f64,
        /// What loads are planned with.
        training_max_kg: f64,
        /// By Epley.
        epley_kg = "epley_kg?": Option<f64>,
        /// By Brzycki.
        brzycki_kg = "brzycki_kg?": Option<f64>,
    }
    /// Heart-rate zones.
    HeartRateZones {
        /// The maximum.
        max_bpm: u32,
        /// `reserve` or `maximum`.
        method: String,
        /// Light effort.
        light_bpm: (u32, u32),
        /// Moderate effort.
        moderate_bpm: (u32, u32),
        /// Vigorous effort.
        vigorous_bpm: (u32, u32),
    }
    /// Where somebody starts.
    FitnessAssessment {
        /// The request, with what the tests say of maxima.
        request: Value,
        /// Whether to train.
        screening: ScreeningResult,
        /// What is left out.
        restrictions: RestrictionsInForce,
        /// How much and how hard.
        prescription: PrescriptionInForce,
        /// How much in a week.
        weekly: WeeklyPlan,
        /// Heart-rate zones; `null` without an age, and with a beta blocker.
        heart_rate: Option<HeartRateZones>,
        /// Sessions a week.
        days_per_week: u32,
        /// Known and estimated maxima.
        training_maxima: Vec<TrainingMaximum>,
        /// What speaks for the person.
        strengths: Vec<String>,
        /// What to mind.
        limitations: Vec<String>,
        /// What it is not.
        notice: String,
    }
    /// What somebody likes, or avoids.
    Taste {
        /// Movements.
        patterns: Vec<Pattern>,
        /// Muscles.
        muscles: Vec<Muscle>,
        /// Equipment.
        equipment: Vec<Equipment>,
        /// Kinds of exercise.
        kinds: Vec<Kind>,
        /// Exercises.
        exercises: Vec<String>,
    }
    /// What somebody likes to do.
    PreferenceAnalysis {
        /// Whose it is.
        user_id: String,
        /// How many sessions it rests on.
        sessions: u32,
        /// The goal, when it was said.
        focus: Option<Focus>,
        /// The level, when it was said.
        level: Option<Level>,
        /// What is liked.
        preferred: Taste,
        /// What is not.
        avoided: Taste,
        /// How long sessions are.
        duration_min: Option<u32>,
        /// The share of sessions that were finished.
        completion: Option<f64>,
        /// 0 to 1: how much it rests on.
        confidence: f64,
    }
    /// What a group has in common.
    CommonGround {
        /// What the session is for.
        focus: Focus,
        /// The levels there are.
        levels: Vec<Level>,
        /// What there is to train with.
        equipment: crate::fitness::group::Counts,
        /// What has to be minded for somebody.
        limitations: Vec<String>,
    }
    /// How well people train together.
    GroupCompatibility {
        /// Pair by pair.
        compatibility: crate::fitness::group::Compatibility,
        /// What they share.
        common: CommonGround,
    }
    /// What somebody's health changes.
    Limitations {
        /// Whose.
        user_id: String,
        /// Whether to train.
        screening: ScreeningResult,
        /// What is left out.
        restrictions: RestrictionsInForce,
    }
}

/// Describes all of them.
pub(super) fn describe(definitions: &mut Definitions) {
    for schema in [
        UserAnalysis::schema,
        EquipmentAnalysis::schema,
        SafetyValidation::schema,
        CheckResult::schema,
        WorkoutRecommendations::schema,
        PerformanceAssessment::schema,
        SessionConditions::schema,
        SessionAlternatives::schema,
        AdaptationValidation::schema,
        LiveTurn::schema,
        Advice::schema,
        FitnessAssessment::schema,
        PreferenceAnalysis::schema,
        GroupCompatibility::schema,
        Limitations::schema,
    ] {
        schema(definitions);
    }
    // What the types of the coach leave open, for the same reason.
    definitions.refine::<Vec<Reason>>("Adaptation", "reasons");
    definitions.refine::<Recovery>("Adaptation", "recovery");
    definitions.refine::<Vec<Alternatives>>("Adaptation", "alternatives");
}
