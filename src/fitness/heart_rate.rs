//! Heart rate: the maximum by age, the reserve, and the zones of effort.

/// A zone of effort. The bounds are those of the American College of Sports Medicine, half-open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Zone {
    /// Below 30 % of the reserve.
    VeryLight,
    /// 30 to below 40 % of the reserve, 57 to below 64 % of the maximum.
    Light,
    /// 40 to below 60 % of the reserve, 64 to below 77 % of the maximum.
    Moderate,
    /// 60 to below 90 % of the reserve, 77 to below 96 % of the maximum.
    Vigorous,
    /// 90 % of the reserve and above.
    NearMax,
}

impl Zone {
    /// The share of the reserve it starts at and ends before.
    #[must_use]
    pub fn of_reserve(self) -> (f64, f64) {
        match self {
            Self::VeryLight => (0.0, 0.3),
            Self::Light => (0.3, 0.4),
            Self::Moderate => (0.4, 0.6),
            Self::Vigorous => (0.6, 0.9),
            Self::NearMax => (0.9, f64::INFINITY),
        }
    }

    /// The share of the maximum it starts at and ends before: for who does not know a resting heart rate.
    #[must_use]
    pub fn of_maximum(self) -> (f64, f64) {
        match self {
            Self::VeryLight => (0.0, 0.57),
            Self::Light => (0.57, 0.64),
            Self::Moderate => (0.64, 0.77),
            Self::Vigorous => (0.77, 0.96),
            Self::NearMax => (0.96, f64::INFINITY),
        }
    }

    /// The heart rate it ends before, by the reserve where the heart rate at rest is known.
    #[must_use]
    pub fn end_bpm(self, age: u32, resting_bpm: Option<f64>) -> f64 {
        match resting_bpm {
            Some(resting) => at_reserve_share(self.of_reserve().1, age, resting),
            None => self.of_maximum().1 * max_bpm(age),
        }
    }

    /// The zone of a share of the reserve.
    #[must_use]
    pub fn at_reserve(share: f64) -> Self {
        [Self::NearMax, Self::Vigorous, Self::Moderate, Self::Light]
            .into_iter()
            .find(|zone| share >= zone.of_reserve().0)
            .unwrap_or(Self::VeryLight)
    }
}

/// The maximal heart rate in beats a minute, `208 − 0.7·age` (Tanaka 2001).
#[must_use]
pub fn max_bpm(age: u32) -> f64 {
    208.0 - 0.7 * f64::from(age)
}

/// The share of the heart-rate reserve that `bpm` is (Karvonen 1957).
#[must_use]
pub fn reserve_share(bpm: f64, age: u32, resting_bpm: f64) -> f64 {
    (bpm - resting_bpm) / (max_bpm(age) - resting_bpm)
}

/// The heart rate at a share of the reserve (Karvonen 1957).
#[must_use]
pub fn at_reserve_share(share: f64, age: u32, resting_bpm: f64) -> f64 {
    resting_bpm + share * (max_bpm(age) - resting_bpm)
}
