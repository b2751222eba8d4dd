//! The search: how many exercises, how many sets, which arrangement, how much rest, how much conditioning.
//!
//! Everything that fits the time is scored, and the best wins; ties go to what comes first. The space is small (a few
//! thousand plans), so it is searched whole: a planner that decides greedily paints itself into corners in which a
//! feasible request looks infeasible. The weights are house.

use crate::fitness::prescription::{Row, within};
use crate::fitness::request::WorkoutRequest;
use crate::fitness::time_budget::{COOL_DOWN_S, TRANSITION_S, warm_up_bounds_s};
use crate::fitness::words::{Focus, Kind, Pattern, Set};

use super::layout::{Group, Style, arrange};
use super::place::Place;
use super::selection::{Candidate, GROUPS, select};

/// The most exercises of a session.
const MOST: usize = 16;

/// The shortest and longest conditioning block.
pub(in crate::fitness) const CONDITIONING_S: (u32, u32) = (300, 2_700);

/// How much of the asked time a plan may miss. Less than the promised tenth.
pub(in crate::fitness) const SLACK: f64 = 0.08;

/// What was decided about a session.
#[derive(Debug)]
pub(in crate::fitness) struct Plan<'a> {
    pub(in crate::fitness) groups: Vec<Group<'a>>,
    pub(in crate::fitness) style: Style,
    pub(in crate::fitness) rest_share: f64,
    pub(in crate::fitness) warm_up_s: u32,
    pub(in crate::fitness) conditioning_s: u32,
    pub(in crate::fitness) cool_down_s: u32,
    /// Whether heavy lifts are ramped up to in the warm-up.
    pub(in crate::fitness) ramps: bool,
    pub(in crate::fitness) score: f64,
}

/// The time around the main part.
#[derive(Clone, Copy, Debug)]
pub(in crate::fitness) struct Edges {
    pub(in crate::fitness) warm_up_s: (u32, u32),
    pub(in crate::fitness) cool_down_s: (u32, u32),
    /// Whether there is an exercise for steady conditioning.
    pub(in crate::fitness) conditioning: bool,
}

impl Edges {
    /// What is wanted: a seventh of the session to warm up, a tenth to cool down, inside the bounds (house).
    fn wanted(&self, duration_min: u32) -> (u32, u32) {
        let total_s = duration_min * 60;
        let (low, high) = self.warm_up_s;
        let (min, max) = self.cool_down_s;
        ((total_s / 7 / 5 * 5).max(low).min(high), (total_s / 10 / 5 * 5).max(min).min(max))
    }

    /// The bounds for a session, given how much warm-up and cool-down the available exercises can fill.
    pub(in crate::fitness) fn of(
        duration_min: u32,
        warm_up_room_s: u32,
        cool_down_room_s: u32,
        conditioning: bool,
    ) -> Option<Self> {
        let warm_up = warm_up_bounds_s(duration_min);
        let warm_up_s = (warm_up.0, warm_up.1.min(warm_up_room_s / 5 * 5));
        let cool_down_s = (COOL_DOWN_S.0, COOL_DOWN_S.1.min(cool_down_room_s / 5 * 5));
        let fits = warm_up_s.0 <= warm_up_s.1 && cool_down_s.0 <= cool_down_s.1;
        fits.then_some(Self { warm_up_s, cool_down_s, conditioning })
    }
}

/// The best plan, when there is one.
pub(super) fn plan<'a>(
    request: &WorkoutRequest,
    row: &Row,
    place: &Place,
    candidates: &'a [Candidate],
    edges: Edges,
) -> Option<Plan<'a>> {
    let mut best: Option<Plan<'a>> = None;
    for sets in row.sets.0..=row.sets.1 {
        for accessory_sets in row.sets.0..=sets {
            let chosen = select(candidates, request, place, (sets, accessory_sets), MOST);
            for count in 1..=chosen.len() {
                let cost = place.imbalance(candidates, &chosen[..count], (sets, accessory_sets));
                for style in Style::ALL {
                    let groups = arrange(&chosen[..count], (sets, accessory_sets), style);
                    if style != Style::Straight && groups.len() == count {
                        continue;
                    }
                    consider(&mut best, request, place, edges, groups, style, cost);
                }
            }
        }
    }
    best
}

/// Fits the time around some groups, and keeps the plan when it is better than the best so far.
pub(super) fn consider<'a>(
    best: &mut Option<Plan<'a>>,
    request: &WorkoutRequest,
    place: &Place,
    edges: Edges,
    groups: Vec<Group<'a>>,
    style: Style,
    cost: f64,
) {
    let main = |share: f64| groups.iter().map(|group| i64::from(group.seconds(share))).sum::<i64>();
    around(request, place, edges, &main, &mut |around| {
        let score = around.of(request, score(request, &groups, style, around.rest_share) - cost);
        if best.as_ref().is_none_or(|best| score > best.score) {
            *best = Some(Plan {
                groups: groups.clone(),
                style,
                rest_share: around.rest_share,
                warm_up_s: around.warm_up_s,
                conditioning_s: around.conditioning_s,
                cool_down_s: around.cool_down_s,
                ramps: true,
                score,
            });
        }
    });
}

/// What is around a main part, so that all of it takes the time that was asked for.
#[derive(Clone, Copy, Debug)]
pub(in crate::fitness) struct Around {
    rest_share: f64,
    pub(in crate::fitness) warm_up_s: u32,
    pub(in crate::fitness) conditioning_s: u32,
    pub(in crate::fitness) cool_down_s: u32,
    /// The seconds that are missing, or too many.
    off_s: i64,
    /// How far warm-up and cool-down are from what is wanted.
    bent_s: i64,
    /// The steady work that is wanted.
    wanted_s: u32,
}

impl Around {
    /// All the seconds around the main part.
    pub(in crate::fitness) fn seconds(&self) -> u32 {
        let setup_s = if self.conditioning_s > 0 { TRANSITION_S } else { 0 };
        self.warm_up_s + setup_s + self.conditioning_s + self.cool_down_s
    }

    /// A score of the main part, less what the time around it costs.
    pub(in crate::fitness) fn of(&self, request: &WorkoutRequest, score: f64) -> f64 {
        let total_s = f64::from(request.duration_min) * 60.0;
        score
            - 200.0 * self.off_s.abs() as f64 / total_s
            - self.bent_s as f64 / 60.0
            - conditioning_cost(request, self.wanted_s, self.conditioning_s)
    }
}

/// Everything that may be around a main part: with no conditioning, with what belongs to the focus, and with what fills the
/// session. `main` is the seconds of the main part by the share of the rests, from 0 to 1.
pub(in crate::fitness) fn around(
    request: &WorkoutRequest,
    place: &Place,
    edges: Edges,
    main: &dyn Fn(f64) -> i64,
    take: &mut dyn FnMut(&Around),
) {
    let total_s = i64::from(request.duration_min) * 60;
    let (warm_up_s, cool_down_s) = edges.wanted(request.duration_min);
    let (shortest, longest) = (main(0.0), main(1.0));
    let room = total_s - i64::from(warm_up_s) - i64::from(cool_down_s);
    let wanted = wanted_conditioning_s(request, place.goal).min(place.steady_s);
    // What is left beside the main part at half its rests: conditioning that fills the session.
    let filling = room - (shortest + longest) / 2 - i64::from(TRANSITION_S);
    let mut tried = [0, wanted, filling.max(0).min(i64::from(place.steady_s.min(CONDITIONING_S.1))) as u32 / 60 * 60];
    if !edges.conditioning {
        tried = [0; 3];
    }
    for (i, conditioning_s) in tried.into_iter().enumerate() {
        if tried[..i].contains(&conditioning_s) || (conditioning_s > 0 && conditioning_s < CONDITIONING_S.0) {
            continue;
        }
        let setup_s = if conditioning_s > 0 { TRANSITION_S } else { 0 };
        let for_main = room - i64::from(conditioning_s + setup_s);
        let rest_share = match longest - shortest {
            0 => 0.0,
            span => within((0.0, 1.0), (for_main - shortest) as f64 / span as f64),
        };
        // What the rests cannot take up, warm-up and cool-down do, as far as they may.
        let mut off_s = for_main - main(rest_share);
        let mut edge_s = [(warm_up_s, edges.warm_up_s), (cool_down_s, edges.cool_down_s)];
        let mut bent_s = 0;
        for (seconds, (min, max)) in &mut edge_s {
            let (most, least) = (i64::from(*max) - i64::from(*seconds), i64::from(*min) - i64::from(*seconds));
            let change = off_s.max(least).min(most) / 5 * 5;
            *seconds = (i64::from(*seconds) + change) as u32;
            off_s -= change;
            bent_s += change.abs();
        }
        if off_s.abs() as f64 <= SLACK * total_s as f64 {
            let [warm_up_s, cool_down_s] = edge_s.map(|(seconds, _)| seconds);
            take(&Around { rest_share, warm_up_s, conditioning_s, cool_down_s, off_s, bent_s, wanted_s: wanted });
        }
    }
}

/// The steady work that belongs to a focus: a quarter of a session for weight loss, a sixth for endurance, and for
/// general fitness in longer sessions; an eighth of a long session for power, because explosive work is worth something
/// only while it is fast. In a programme the focus of the phase and the goal both count.
pub(in crate::fitness) fn wanted_conditioning_s(request: &WorkoutRequest, goal: Focus) -> u32 {
    wanted_s(request, request.focus).max(wanted_s(request, goal))
}

fn wanted_s(request: &WorkoutRequest, focus: Focus) -> u32 {
    let share = match focus {
        Focus::WeightLoss if request.duration_min >= 25 => 4,
        Focus::Endurance if request.duration_min >= 30 => 6,
        Focus::GeneralFitness if request.duration_min >= 40 => 6,
        Focus::Power if request.duration_min >= 75 => 8,
        _ => return 0,
    };
    (request.duration_min / share * 60).max(CONDITIONING_S.0)
}

fn conditioning_cost(request: &WorkoutRequest, wanted: u32, got: u32) -> f64 {
    let minutes = f64::from(got.abs_diff(wanted)) / 60.0;
    match request.focus {
        Focus::WeightLoss => 2.0 * minutes,
        Focus::Endurance | Focus::GeneralFitness => 0.7 * minutes,
        _ => 2.5 * minutes,
    }
}

fn score(request: &WorkoutRequest, groups: &[Group<'_>], style: Style, rest_share: f64) -> f64 {
    let mut patterns: Set<Pattern> = Set::EMPTY;
    let mut kinds: Set<Kind> = Set::EMPTY;
    let (mut sets, mut count) = (0, 0_usize);
    for group in groups {
        for member in &group.members {
            patterns.insert(member.exercise.pattern);
            kinds.insert(member.exercise.kind);
            sets += group.sets;
            count += 1;
        }
    }
    let covered = GROUPS.iter().filter(|(_, wanted)| wanted.iter().any(|one| patterns.contains(*one))).count();
    let (has_trunk, jumps) = (kinds.contains(Kind::Core), kinds.contains(Kind::Plyometric));
    let (many, share, paired) = match request.focus {
        Focus::Strength | Focus::Power => (5, 0.5, -6.0),
        Focus::Hypertrophy => (7, 0.35, -2.0),
        _ => (7, 0.35, 2.0),
    };
    50.0 * covered as f64 + f64::from(sets) + if has_trunk { 4.0 } else { 0.0 } + if jumps { 4.0 } else { 0.0 }
        - 1.5 * count.saturating_sub(many) as f64
        - 8.0 * (rest_share - share).abs()
        + if style == Style::Straight { 0.0 } else { paired }
}
