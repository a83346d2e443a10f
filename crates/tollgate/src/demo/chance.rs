//! Chance that is the same on every machine: SplitMix64 in integers, seeded by names and numbers.
//!
//! Not for secrets, and not for statistics: only for sample events that look alive and never change.

/// A stream of numbers that follows from its seed alone.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    /// The stream of this name at this number: neighbours in either have nothing in common.
    pub(super) fn of(name: &str, number: u64) -> Self {
        let mut chance = Self(SEED);
        for byte in name.bytes() {
            chance.0 ^= u64::from(byte);
            chance.0 = chance.draw();
        }
        chance.0 ^= number;
        chance.0 = chance.draw();
        chance
    }

    /// The next number below `bound`; 0 when the bound is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        let wide = u128::from(self.draw()) * u128::from(bound);
        u64::try_from(wide >> 64).expect("a product of two 64-bit numbers has at most 64 bits above the 64th")
    }

    /// A number in a spread.
    pub(super) fn within(&mut self, spread: Spread) -> u64 {
        let skew = self.below(1024);
        let width = u128::from(spread.1.saturating_sub(spread.0)) * u128::from(skew.pow(3));
        spread.0 + u64::try_from(width >> 30).expect("a cube of less than 2^10 is below 2^30")
    }

    /// One of several, by weight.
    pub(super) fn pick<'a, T>(&mut self, among: &'a [T], weight: impl Fn(&T) -> u64) -> &'a T {
        let mut left = self.below(among.iter().map(&weight).sum());
        let found = among.iter().find(|one| match left.checked_sub(weight(one)) {
            Some(rest) => {
                left = rest;
                false
            }
            None => true,
        });
        found.expect("what is drawn lies below the sum of the weights")
    }

    /// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).
    fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

/// Where every stream begins; another seed is another history.
const SEED: u64 = 0x746f_6c6c_6761_7465;

/// From the least to the most, exclusive; most draws lie near the least, few near the most, as with tokens of prompts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spread(pub(super) u64, pub(super) u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_follows_from_name_and_number_alone() {
        let draws = |name, number| {
            let mut chance = Chance::of(name, number);
            [(); 3].map(|()| chance.below(1000))
        };
        assert_eq!(draws("a", 1), draws("a", 1));
        assert_ne!(draws("a", 1), draws("a", 2));
        assert_ne!(draws("a", 1), draws("b", 1));
        let mut reference = Chance(1_234_567);
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423_u64,
        ];
        assert_eq!(published.map(|_| reference.draw()), published);
    }

    #[test]
    fn draws_stay_within_bounds_and_weights() {
        let mut chance = Chance::of("bounds", 0);
        for _ in 0..10_000 {
            assert!(chance.below(7) < 7);
            assert!((10..20).contains(&chance.within(Spread(10, 20))));
            assert_ne!(*chance.pick(&[0, 3, 5], |weight| *weight), 0);
        }
        assert_eq!(chance.below(0), 0);
        assert_eq!(chance.within(Spread(4, 4)), 4);
    }
}
