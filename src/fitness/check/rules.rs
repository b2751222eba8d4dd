//! One function for each invariant; the table of [`check`](super) says what each of them is.

use super::{Case, Found, Known};
use crate::fitness::catalogue::{self, Exercise};
use crate::fitness::prescription::{self, Caps};
use crate::fitness::screening::Clearance;
use crate::fitness::session::report::{self, is_load_limited};
use crate::fitness::session::selection::{GROUPS, is_available};
use crate::fitness::strength;
use crate::fitness::time_budget;
use crate::fitness::words::{Condition, Equipment, Focus, Kind, Level, Tag, Word};
use crate::fitness::workout::{BlockKind, GoalKind, Intensity, SetType, Status};
use crate::number;
use crate::small::join;

/// Every rule, in the order of the table.
pub(super) const ALL: [fn(&Case<'_>, &mut Found); 22] =
    [t1, t2, t3, t4, e1, e2, e3, s1, s3, s4, s5, s6, s7, v1, v3, v4, b2, o1, o2, c1, d2, d3];

/// A number in a message.
fn shown(number: Option<f64>) -> String {
    number.map_or_else(|| "none".to_owned(), number::format)
}

fn t1(case: &Case<'_>, found: &mut Found) {
    let (min, max) = time_budget::window_s(case.request.duration_min);
    let total = case.workout.totals.duration_s;
    if case.has_training() && !(min..=max).contains(&total) {
        found.broken("T1", format_args!("{total} s is outside {min} to {max} s"));
    }
}

fn t2(case: &Case<'_>, found: &mut Found) {
    for (i, block) in case.blocks().iter().enumerate() {
        if block.duration_s != time_budget::block_s(block) {
            found.broken(
                "T2",
                format_args!("block {i} says {} s, its sets take {} s", block.duration_s, time_budget::block_s(block)),
            );
        }
        for step in &block.steps {
            let work_s = time_budget::set_work_s(&step.goal, step.tempo_s, step.per_side);
            if step.work_s != work_s || work_s == 0 || step.sets != block.rounds || step.goal.min > step.goal.max {
                found.broken(
                    "T2",
                    format_args!(
                        "{}: {} s of work and {} sets do not follow from its goal",
                        step.exercise_id, step.work_s, step.sets
                    ),
                );
            }
        }
    }
    let total = time_budget::total_s(case.workout);
    if case.workout.totals.duration_s != total {
        found.broken(
            "T2",
            format_args!("the total says {} s, the blocks take {total} s", case.workout.totals.duration_s),
        );
    }
}

fn t3(case: &Case<'_>, found: &mut Found) {
    if !case.has_training() {
        return;
    }
    let (min, max) = time_budget::warm_up_bounds_s(case.request.duration_min);
    match case.blocks().first() {
        Some(block) if block.kind == BlockKind::WarmUp => {
            if !(min..=max).contains(&block.duration_s) {
                found.broken("T3", format_args!("a warm-up of {} s is outside {min} to {max} s", block.duration_s));
            }
            for step in block.steps.iter().filter(|step| step.intensity > Intensity::Moderate) {
                found.with("T3", step, " is hard work in the warm-up");
            }
        }
        _ => found.whole("T3", "the first block is not a warm-up"),
    }
}

fn t4(case: &Case<'_>, found: &mut Found) {
    if !case.has_training() {
        return;
    }
    match case.blocks().last() {
        Some(block) if block.kind == BlockKind::CoolDown => {
            if block.duration_s < time_budget::COOL_DOWN_S.0 {
                found.broken("T4", format_args!("a cool-down of {} s is too short", block.duration_s));
            }
            for step in &block.steps {
                let exercise = catalogue::find(&step.exercise_id);
                if exercise.is_none_or(|exercise| exercise.kind != Kind::Stretch || !exercise.requires.is_empty()) {
                    found.with("T4", step, " is not a stretch");
                }
            }
        }
        _ => found.whole("T4", "the last block is not a cool-down"),
    }
}

fn e1(case: &Case<'_>, found: &mut Found) {
    for Known { step, exercise, .. } in &case.steps {
        if let Some(exercise) = exercise
            && !exercise.requires.is_subset(case.request.equipment)
        {
            found.broken("E1", format_args!("{} needs {}", step.exercise_id, report::names(exercise.requires)));
        }
    }
}

fn e2(case: &Case<'_>, found: &mut Found) {
    for Known { step, exercise, .. } in &case.steps {
        match exercise {
            None => found.with("E2", step, " is not in the catalogue"),
            Some(exercise) if exercise.name != step.name || exercise.pattern != step.pattern => {
                found.with("E2", step, " has another name or pattern in the catalogue");
            }
            Some(_) => {}
        }
    }
}

fn e3(case: &Case<'_>, found: &mut Found) {
    let main = |known: &&Known<'_>| known.is_main;
    for (i, one) in case.steps.iter().enumerate().filter(|(_, known)| known.is_main) {
        if case.steps[..i].iter().filter(main).any(|other| other.step.exercise_id == one.step.exercise_id) {
            found.with("E3", one.step, " comes twice");
        }
    }
}

fn s1(case: &Case<'_>, found: &mut Found) {
    for Known { step, exercise, .. } in &case.steps {
        let Some(exercise) = exercise else { continue };
        let mut rules = Vec::new();
        for note in &case.restrictions.notes {
            if note.excludes(exercise) {
                rules.push(note.label.as_str());
            }
        }
        if !rules.is_empty() || !case.restrictions.allow(exercise) {
            found.broken("S1", format_args!("{} is excluded because of {}", step.exercise_id, join(&rules, " and ")));
        }
    }
}

fn s3(case: &Case<'_>, found: &mut Found) {
    let wanted = match case.screening.clearance {
        Clearance::Stop => Status::Referral,
        Clearance::LightOnly => Status::LightOnly,
        Clearance::Moderate | Clearance::Recommended | Clearance::Full => Status::Ok,
    };
    if case.workout.status != wanted {
        found.broken(
            "S3",
            format_args!("the status is {}, screening asks for {}", case.workout.status.as_str(), wanted.as_str()),
        );
    }
    let clearance = case.screening.clearance;
    match &case.workout.referral {
        None if clearance != Clearance::Full => found.whole("S3", "there is no referral"),
        Some(_) if clearance == Clearance::Full => {
            found.whole("S3", "there is a referral, and no clearance is needed");
        }
        Some(referral) if referral.clearance != clearance.as_str() || referral.reasons.is_empty() => {
            found.whole("S3", "the referral does not say what screening found");
        }
        _ => {}
    }
    if case.has_warning("referral", &[]) != (clearance != Clearance::Full) {
        found.whole("S3", "the warnings and the screening disagree about a referral");
    }
    if wanted == Status::Referral && case.workout.warnings.iter().any(|warning| warning.code != "referral") {
        found.whole("S3", "a referral without training warns about training");
    }
    if wanted == Status::Referral && !case.blocks().is_empty() {
        found.whole("S3", "there is training before clearance");
    }
    if wanted == Status::LightOnly
        && case.steps.iter().any(|known| known.is_main && known.step.intensity > Intensity::Light)
    {
        found.whole("S3", "there is work above light effort before clearance");
    }
}

fn s4(case: &Case<'_>, found: &mut Found) {
    for Known { step, exercise, .. } in &case.steps {
        let Some(exercise) = exercise else { continue };
        if exercise.level > case.request.level {
            found.with("S4", step, " wants more experience");
        }
        if exercise.kind == Kind::Plyometric && case.request.level == Level::Beginner {
            found.with("S4", step, " is a jump");
        }
    }
}

fn s5(case: &Case<'_>, found: &mut Found) {
    for Known { step, .. } in &case.steps {
        if let (Some(rir), Some(rpe)) = (step.target.rir, step.target.rpe)
            && rir + rpe != 10
        {
            found.broken("S5", format_args!("{}: RPE {rpe} and RIR {rir} do not add up to 10", step.exercise_id));
        }
        // What a load allows (Epley) has to reach the reserve that is stated, to a rounding. Explosive work stays far
        // below what the load allows, and states the reserve of its row.
        if let (Some(rir), Some(pct)) = (step.target.rir, step.target.pct_1rm) {
            let stated = strength::pct_1rm(step.goal.max, rir);
            let slower = case.row.focus == Focus::Power && step.set_type == SetType::Working;
            if pct > stated + 0.03 || (!slower && pct < stated - 0.2) {
                found.broken("S5", format_args!("{}: the load does not leave {rir} in reserve", step.exercise_id));
            }
        }
    }
    for known in &case.steps {
        let (step, Some(exercise)) = (known.step, known.set()) else { continue };
        let risky = exercise.tags.contains(Tag::Spine) || exercise.tags.contains(Tag::Overhead);
        let least = match case.request.level {
            Level::Beginner => 2,
            _ => u32::from(exercise.kind == Kind::Compound && risky),
        };
        if step.goal.kind == GoalKind::Reps && step.target.rir.is_none_or(|rir| rir < least) {
            found.broken("S5", format_args!("{} needs at least {least} in reserve", exercise.id));
        }
    }
}

fn s6(case: &Case<'_>, found: &mut Found) {
    let Caps { rpe_max, pct_1rm_max, rest_min_s } = case.caps;
    for Known { step, .. } in &case.steps {
        let target = &step.target;
        if rpe_max.is_some_and(|max| target.rpe.is_none_or(|rpe| rpe > max)) {
            found.with("S6", step, " exceeds the allowed effort");
        }
        if target.pct_1rm.is_some_and(|pct| pct_1rm_max.is_some_and(|max| pct > max + 1e-9)) {
            found.with("S6", step, " exceeds the allowed load");
        }
        if step.recovery_s.is_some_and(|rest| rest_min_s.is_some_and(|min| rest < min)) {
            found.with("S6", step, " rests too little");
        }
        if target.hr_zone.is_some() && case.request.conditions.contains(Condition::BetaBlocker) {
            found.with("S6", step, " has a heart-rate target despite a beta blocker");
        }
    }
}

fn s7(case: &Case<'_>, found: &mut Found) {
    if !case.restrictions.balance || !case.has_training() {
        return;
    }
    let balances = |exercise: &Exercise| exercise.kind == Kind::Mobility && exercise.tags.contains(Tag::SingleLeg);
    let possible = catalogue::all().iter().any(|exercise| {
        balances(exercise) && is_available(exercise, case.request, case.request.equipment, &case.restrictions)
    });
    let mut warm_up = case.blocks().iter().filter(|block| block.kind == BlockKind::WarmUp);
    let done =
        warm_up.any(|block| block.steps.iter().any(|step| catalogue::find(&step.exercise_id).is_some_and(balances)));
    if possible && !done {
        found.whole("S7", "no balance is practised in the warm-up");
    }
}

fn v1(case: &Case<'_>, found: &mut Found) {
    let (row, leeway) = (&case.row, case.leeway);
    let inside = |range: (u32, u32), value: u32| (range.0..=range.1).contains(&value);
    for known in &case.steps {
        let (step, Some(exercise)) = (known.step, known.set()) else { continue };
        let multi_joint = matches!(exercise.kind, Kind::Compound | Kind::Plyometric);
        let rest = if multi_joint { row.rest_compound } else { row.rest_iso };
        let target = &step.target;
        if !inside((row.sets.0.min(leeway.sets), row.sets.1), step.sets) {
            found.broken("V1", format_args!("{}: {} sets", step.exercise_id, step.sets));
        }
        if (step.sets > 1) != step.recovery_s.is_some() || step.recovery_s.is_some_and(|s| !inside(rest, s)) {
            found.broken(
                "V1",
                format_args!("{}: a rest of {} s", step.exercise_id, shown(step.recovery_s.map(f64::from))),
            );
        }
        if target.pct_1rm.is_some_and(|pct| pct < row.pct.0 * leeway.load - 1e-9 || pct > row.pct.1 + 1e-9) {
            found.broken("V1", format_args!("{}: a load of {}", step.exercise_id, shown(target.pct_1rm)));
        }
        if step.goal.kind == GoalKind::Reps {
            let in_row = inside(row.reps, step.goal.min) && inside(row.reps, step.goal.max);
            let excused =
                is_load_limited(step.goal.max, &step.exercise_id, row) && case.has_warning("load_limited", &[]);
            if !in_row && !excused {
                found.broken(
                    "V1",
                    format_args!("{}: {} to {} repetitions", step.exercise_id, step.goal.min, step.goal.max),
                );
            }
            // A mild injury leaves one more in reserve.
            let mild = !exercise.tags.intersection(case.restrictions.mild_tags).is_empty();
            if target.rir.is_some_and(|rir| !inside((row.rir.0, row.rir.1 + u32::from(mild) + leeway.rir), rir)) {
                found.broken(
                    "V1",
                    format_args!("{}: {} in reserve", step.exercise_id, shown(target.rir.map(f64::from))),
                );
            }
        }
    }
    for block in case.blocks().iter().filter(|block| block.kind.is_main()) {
        let round: u32 = block.steps.iter().map(|step| step.work_s + step.rest_s).sum();
        for step in block.steps.iter().filter(|step| step.recovery_s.is_some_and(|rest| rest + step.work_s != round)) {
            found.with("V1", step, ": the stated rest is not the rest");
        }
    }
}

fn v3(case: &Case<'_>, found: &mut Found) {
    for known in &case.steps {
        let (step, Some(exercise)) = (known.step, known.set()) else { continue };
        let Some(weight_kg) = step.target.weight_kg else { continue };
        let hand_held =
            exercise.requires.contains(Equipment::Dumbbell) || exercise.requires.contains(Equipment::Kettlebell);
        let half = if hand_held { 1.0 } else { 1.25 };
        let known = case.request.one_rep_max_kg.get(&exercise.id);
        let is_bar = exercise.requires.contains(Equipment::Barbell);
        // To the nearest increment, or to the one below where the nearest is above the row or a medical cap.
        let right = known.zip(step.target.pct_1rm).is_some_and(|(max_kg, pct)| {
            let (off, most) = (max_kg * pct - weight_kg, max_kg * case.row.pct.1 + 1e-9);
            let above = weight_kg + 2.0 * half > most;
            weight_kg <= most && off >= -half - 1e-9 && (off <= half + 1e-9 || (off <= 2.0 * half && above))
        });
        if !right || (is_bar && weight_kg < 20.0) {
            found.broken("V3", format_args!("{}: {} kg", step.exercise_id, number::format(weight_kg)));
        }
    }
}

fn v4(case: &Case<'_>, found: &mut Found) {
    let cap = f64::from(prescription::weekly_sets().per_session_cap);
    let totals = report::totals(case.blocks(), None);
    for (muscle, sets) in totals.sets_per_muscle.iter() {
        if sets > cap {
            found.broken("V4", format_args!("{} sets for {muscle}", number::format(sets)));
        }
    }
    if totals.sets_per_muscle != case.workout.totals.sets_per_muscle || totals.sets != case.workout.totals.sets {
        found.whole("V4", "the sets do not add up to the totals");
    }
}

fn b2(case: &Case<'_>, found: &mut Found) {
    if case.workout.status != Status::Ok {
        return;
    }
    for (name, patterns) in GROUPS {
        let trained = case.steps.iter().any(|known| known.is_main && patterns.contains(&known.step.pattern));
        let said = case.has_warning("pattern_unavailable", patterns)
            || case.has_warning("pattern_skipped", patterns)
            || case.has_warning("pattern_other_day", patterns);
        if !trained && !said {
            found.broken("B2", format_args!("no {name}, and no warning about it"));
        }
    }
    if !case.steps.iter().any(|known| known.is_main) {
        found.whole("B2", "there is nothing between warm-up and cool-down");
    }
}

fn o1(case: &Case<'_>, found: &mut Found) {
    let mut last = None;
    for block in case.blocks().iter().filter(|block| block.kind.is_main()) {
        let ranks = block.steps.iter().filter_map(|step| catalogue::find(&step.exercise_id));
        let rank = ranks.map(Exercise::order).max();
        if rank < last {
            match block.steps.first() {
                Some(step) => found.with("O1", step, " comes too late"),
                None => found.whole("O1", "a block is empty"),
            }
        }
        last = rank.max(last);
    }
}

fn o2(case: &Case<'_>, found: &mut Found) {
    for Known { step, exercise, .. } in &case.steps {
        if exercise.is_some_and(|exercise| exercise.per_side != step.per_side) {
            found.with("O2", step, " does not say whether each side works");
        }
    }
}

fn c1(case: &Case<'_>, found: &mut Found) {
    let kcal = report::totals(case.blocks(), case.request.weight_kg).kcal_net;
    let right = match (kcal, case.workout.totals.kcal_net) {
        (Some(a), Some(b)) => (a - b).abs() < 0.5 && (b > 0.0 || case.blocks().is_empty()),
        (a, b) => a == b,
    };
    if !right {
        found.broken("C1", format_args!("{} kcal instead of {}", shown(case.workout.totals.kcal_net), shown(kcal)));
    }
}

fn d2(case: &Case<'_>, found: &mut Found) {
    let wrong = |number: f64| !number.is_finite() || number < 0.0;
    let wrong_step = |known: &Known<'_>| {
        let target = &known.step.target;
        target.weight_kg.is_some_and(wrong) || target.pct_1rm.is_some_and(wrong)
    };
    let totals = &case.workout.totals;
    if case.steps.iter().any(wrong_step)
        || totals.kcal_net.is_some_and(wrong)
        || totals.sets_per_muscle.iter().any(|(_, sets)| wrong(sets))
    {
        found.whole("D2", "a number is negative or not finite");
    }
    if case.workout.notice.is_empty() {
        found.whole("D2", "there is no notice");
    }
}

fn d3(case: &Case<'_>, found: &mut Found) {
    for (i, block) in case.blocks().iter().enumerate() {
        if block.provenance.provider.is_empty() || block.provenance.rules.is_empty() {
            found.broken("D3", format_args!("block {i} does not say where it came from"));
        }
    }
    if case.workout.provenance.provider.is_empty() || case.workout.provenance.rules.is_empty() {
        found.whole("D3", "the workout does not say where it came from");
    }
}
