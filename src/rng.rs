//! Seeded randomness. Whoever draws a number is handed a generator, so that a seed repeats a run exactly.

/// A small, fast, seeded generator: SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
/// generators"). Good enough for jitter and schedules, and not for secrets.
#[derive(Clone, Debug)]
pub struct Rng(u64);

/// How far the state moves with each number.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

impl Rng {
    /// A generator whose sequence is a function of `seed` alone.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The number at a place of the sequence of `seed`, from 0: as if those before it had been drawn.
    #[must_use]
    pub fn nth(seed: u64, place: u32) -> u64 {
        Self(seed.wrapping_add(u64::from(place).wrapping_mul(STEP))).next_u64()
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number in `[0, bound)`; 0 when `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // The bias of the multiplication is below 2^-53 for every bound that fits in memory.
        (self.unit() * bound as f64) as usize
    }
}
