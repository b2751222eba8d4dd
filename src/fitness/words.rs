//! The closed vocabularies of the coach, and sets of their words.
//!
//! Every word has one spelling, used in the data files, in requests and in results. A [`Set`] is a bit mask, because
//! the questions asked of it ("is every item this exercise requires available?") are asked for each exercise.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

/// A word of a closed vocabulary of at most 32 words.
pub trait Word: Copy + Eq + 'static {
    /// Every word, in order.
    const ALL: &'static [Self];
    /// The one spelling of each, in the same order.
    const NAMES: &'static [&'static str];
    /// Its place in [`ALL`](Self::ALL).
    fn index(self) -> usize;

    /// Its one spelling.
    fn as_str(self) -> &'static str {
        Self::NAMES[self.index()]
    }

    /// The word with that spelling.
    fn from_name(name: &str) -> Option<Self> {
        place(Self::NAMES, name).map(|index| Self::ALL[index])
    }
}

#[inline(never)]
fn place(names: &[&str], name: &str) -> Option<usize> {
    names.iter().position(|known| *known == name)
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $text:literal, $vdoc:literal;)* })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $(#[doc = $vdoc] $variant,)* }

        impl Word for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];
            const NAMES: &'static [&'static str] = &[$($text,)*];
            fn index(self) -> usize {
                self as usize
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = String::deserialize(deserializer)?;
                Self::from_name(&name).ok_or_else(|| D::Error::custom(concat!("not a ", stringify!($name))))
            }
        }
    )* };
}

words! {
    /// What a session is for.
    Focus {
        Strength = "strength", "The most force for a few repetitions.";
        Hypertrophy = "hypertrophy", "Muscle size.";
        Endurance = "endurance", "Many repetitions of a moderate load.";
        Power = "power", "Force produced fast.";
        GeneralFitness = "general_fitness", "A bit of everything, for health.";
        WeightLoss = "weight_loss", "Resistance work at short rests, and conditioning.";
    }
    /// How experienced someone is, or how experienced an exercise wants one to be.
    Level {
        Beginner = "beginner", "Less than about six months of regular training.";
        Intermediate = "intermediate", "Six months to two years.";
        Advanced = "advanced", "More than two years.";
    }
    /// An item that an exercise can need.
    Equipment {
        Dumbbell = "dumbbell", "A pair of dumbbells.";
        Kettlebell = "kettlebell", "A pair of kettlebells.";
        Barbell = "barbell", "A barbell with plates.";
        Rack = "rack", "A squat rack with safety arms.";
        Bench = "bench", "A bench that can be inclined.";
        Bands = "bands", "Elastic bands.";
        Anchor = "anchor", "A post or door anchor for bands.";
        PullUpBar = "pull_up_bar", "A pull-up bar.";
        Cable = "cable", "A cable station with attachments.";
        Machine = "machine", "The weight machines of a gym.";
        Box = "box", "A sturdy box or step.";
        DipBars = "dip_bars", "Parallel bars.";
        BarLow = "bar_low", "A fixed bar at hip height.";
        Suspension = "suspension", "Suspension straps.";
        JumpRope = "jump_rope", "A skipping rope.";
        Bike = "bike", "A stationary bicycle.";
        Rower = "rower", "A rowing ergometer.";
        Elliptical = "elliptical", "An elliptical trainer.";
        Treadmill = "treadmill", "A treadmill.";
        StairMachine = "stair_machine", "A stair climber.";
    }
    /// The movement an exercise trains.
    Pattern {
        Squat = "squat", "Knee-dominant, both legs.";
        Hinge = "hinge", "Hip-dominant.";
        Lunge = "lunge", "Knee-dominant, one leg at a time.";
        PushHorizontal = "push_horizontal", "Pushing away from the chest.";
        PushVertical = "push_vertical", "Pushing overhead.";
        PullHorizontal = "pull_horizontal", "Pulling to the trunk.";
        PullVertical = "pull_vertical", "Pulling from overhead.";
        Core = "core", "Bracing or bending the trunk.";
        Carry = "carry", "Walking with a load.";
        IsolationUpper = "isolation_upper", "One joint of the arm or shoulder.";
        IsolationLower = "isolation_lower", "One joint of the leg.";
        Plyometric = "plyometric", "Jumps and throws.";
        Cardio = "cardio", "Rhythmic, large muscles.";
        Mobility = "mobility", "Preparing joints.";
        Stretch = "stretch", "Holding a stretch.";
    }
    /// The role an exercise can play; in this order within the main part of a session.
    Kind {
        Plyometric = "plyometric", "Explosive, first while fresh.";
        Compound = "compound", "Several joints.";
        Isolation = "isolation", "One joint.";
        Core = "core", "The trunk.";
        Conditioning = "conditioning", "Heart and lungs.";
        Mobility = "mobility", "Warm-up.";
        Stretch = "stretch", "Cool-down.";
    }
    /// Where the resistance comes from.
    Load {
        None = "none", "There is none to speak of.";
        Body = "body", "Body weight, usually with many repetitions in reserve.";
        HeavyBody = "heavy_body", "Body weight close to what most people can lift.";
        External = "external", "A weight, a stack or a band that one can choose.";
    }
    /// A muscle group, in the names of free-exercise-db.
    Muscle {
        Quadriceps = "quadriceps", "Front of the thigh.";
        Hamstrings = "hamstrings", "Back of the thigh.";
        Glutes = "glutes", "Buttocks.";
        Chest = "chest", "Chest.";
        Lats = "lats", "Side of the back.";
        MiddleBack = "middle_back", "Between the shoulder blades.";
        LowerBack = "lower_back", "Spinal erectors.";
        Shoulders = "shoulders", "Deltoids.";
        Traps = "traps", "Trapezius.";
        Triceps = "triceps", "Back of the arm.";
        Biceps = "biceps", "Front of the arm.";
        Forearms = "forearms", "Forearms.";
        Abdominals = "abdominals", "Trunk.";
        Abductors = "abductors", "Outer hip.";
        Adductors = "adductors", "Inner thigh.";
        Calves = "calves", "Calves.";
        Neck = "neck", "Neck.";
    }
    /// A demand that an injury or a condition may forbid; `data/catalogue.json` explains each.
    Tag {
        Overhead = "OH", "Overhead.";
        ShoulderExtension = "SHX", "Shoulder extension under load.";
        Spine = "SX", "Spinal axial, shear or extension load.";
        DeepKnee = "DK", "Loaded, deep or kneeling knee flexion.";
        Impact = "IM", "Impact.";
        Wrist = "WR", "Wrist extension under load.";
        Grip = "GR", "Heavy grip.";
        Supine = "SUP", "Lying on the back.";
        Prone = "PRN", "Lying or leaning face down.";
        Isometric = "ISO", "Long isometric hold.";
        Flexion = "FLX", "Loaded or end-range spinal flexion or rotation.";
        SingleLeg = "SL", "Single-leg balance.";
        Inverted = "INV", "Head-down.";
        Ankle = "ANK", "Ankle load.";
        Elbow = "ELB", "Isolated or supinated elbow load (house).";
        Neck = "NK", "Load on or strain of the neck (house).";
        Hip = "HIP", "Deep or wide hip range under load (house).";
        AtShoulder = "R_SHO", "Loads the shoulder, leans on it or takes it to the end of its range (house).";
        AtElbow = "R_ELB", "The same for the elbow.";
        AtWrist = "R_WR", "The same for the wrist, gripping a load included.";
        AtNeck = "R_NK", "The same for the neck, holding the head against gravity included.";
        AtBack = "R_BACK", "The same for the lower back.";
        AtHip = "R_HIP", "The same for the hip.";
        AtKnee = "R_KN", "The same for the knee.";
        AtAnkle = "R_ANK", "The same for the ankle.";
        Main = "MAIN", "No demand: a basic lift that takes most load, preferred for strength (house).";
    }
    /// A part of the body that can be injured.
    Area {
        Shoulder = "shoulder", "Shoulder.";
        Knee = "knee", "Knee.";
        LowerBack = "lower_back", "Lower back.";
        Wrist = "wrist", "Wrist.";
        Elbow = "elbow", "Elbow.";
        Ankle = "ankle", "Ankle.";
        Hip = "hip", "Hip.";
        Neck = "neck", "Neck.";
    }
    /// How bad an injury is, and so what it changes.
    InjurySeverity {
        Mild = "mild", "Modify.";
        Moderate = "moderate", "Exclude the demands that load it.";
        Severe = "severe", "Exclude all that loads the area, and refer.";
    }
    /// A medical condition that changes a session.
    Condition {
        Hypertension = "hypertension", "High blood pressure, controlled.";
        UncontrolledHypertension = "uncontrolled_hypertension", "High blood pressure, not controlled.";
        Cardiac = "cardiac", "A heart or vessel disease.";
        Diabetes = "diabetes", "Diabetes.";
        KidneyDisease = "kidney_disease", "Kidney disease.";
        BetaBlocker = "beta_blocker", "Taking a beta blocker.";
        Pregnancy = "pregnancy", "Pregnancy.";
        Osteoporosis = "osteoporosis", "Osteoporosis.";
    }
    /// A sign that needs a doctor before any training.
    Symptom {
        ChestPain = "chest_pain", "Chest pain or pressure.";
        ShortnessOfBreath = "shortness_of_breath", "Shortness of breath at rest or with mild effort.";
        Dizziness = "dizziness", "Dizziness.";
        Fainting = "fainting", "Fainting.";
        Palpitations = "palpitations", "Palpitations at rest.";
        AnkleSwelling = "ankle_swelling", "Swollen ankles.";
        BreathlessLyingDown = "breathless_lying_down", "Breathlessness lying down.";
        LegPainWalking = "leg_pain_walking", "Leg cramps when walking.";
        HeartMurmur = "heart_murmur", "A known heart murmur.";
        UnusualFatigue = "unusual_fatigue", "Unusual fatigue with everyday activities.";
    }
}

/// A set of words.
pub struct Set<W>(u32, PhantomData<W>);

impl<W: Word> Set<W> {
    /// No word.
    pub const EMPTY: Self = Self(0, PhantomData);

    /// Every word.
    #[must_use]
    pub fn all() -> Self {
        W::ALL.iter().copied().collect()
    }

    /// Adds `word`.
    pub fn insert(&mut self, word: W) {
        self.0 |= 1 << word.index();
    }

    /// Takes `word` out.
    pub fn remove(&mut self, word: W) {
        self.0 &= !(1 << word.index());
    }

    /// Whether `word` is in it.
    #[must_use]
    pub fn contains(self, word: W) -> bool {
        self.0 & (1 << word.index()) != 0
    }

    /// What is in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0, PhantomData)
    }

    /// What is in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0, PhantomData)
    }

    /// Whether everything in it is in `other` too.
    #[must_use]
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many words are in it.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Its words, in the order of the vocabulary.
    pub fn iter(self) -> impl Iterator<Item = W> {
        W::ALL.iter().copied().filter(move |word| self.contains(*word))
    }
}

impl<W> Clone for Set<W> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<W> Copy for Set<W> {}

impl<W> PartialEq for Set<W> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<W> Eq for Set<W> {}

impl<W: Word> Default for Set<W> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<W: Word> fmt::Debug for Set<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(W::as_str)).finish()
    }
}

impl<W: Word> FromIterator<W> for Set<W> {
    fn from_iter<I: IntoIterator<Item = W>>(words: I) -> Self {
        let mut set = Self::EMPTY;
        for word in words {
            set.insert(word);
        }
        set
    }
}

impl<W: Word> Serialize for Set<W> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(W::as_str))
    }
}

impl<'de, W: Word> Deserialize<'de> for Set<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(deserializer)?;
        names
            .iter()
            .map(|name| W::from_name(name).ok_or_else(|| D::Error::custom("not a word of its vocabulary")))
            .collect()
    }
}
