//! Ids and amounts printed without the heap: `Display` goes through the formatting machinery, which at a thousand events a
//! request costs as much as parsing them.

use serde::{Serialize, Serializer};
use std::fmt;
use tollgate_core::id::{EventId, PriceId};
use tollgate_core::money::{MONEY_SCALE, Money};

/// Longest text printed here: a sign, 38 digits and a point; ids take 36.
const BYTES_MAX: usize = 40;
const HEX: &[u8; 16] = b"0123456789abcdef";

/// A short ASCII text on the stack.
#[derive(Clone, Copy)]
pub(crate) struct Printed {
    bytes: [u8; BYTES_MAX],
    start: u8,
    end: u8,
}

impl Printed {
    pub(crate) fn event(id: EventId) -> Self {
        Self::id(EventId::PREFIX, id.bits())
    }

    pub(crate) fn price(id: PriceId) -> Self {
        Self::id(PriceId::PREFIX, id.bits())
    }

    /// A text of at most three letters, such as a currency.
    pub(crate) fn text(text: &str) -> Self {
        let mut printed = Self {
            bytes: [0; BYTES_MAX],
            start: 0,
            end: 0,
        };
        for (place, byte) in printed.bytes.iter_mut().zip(text.bytes()) {
            *place = byte;
            printed.end += 1;
        }
        printed
    }

    /// The amount in decimal digits without trailing zeros, as `Display` prints it.
    pub(crate) fn money(money: Money) -> Self {
        let mut writer = Backwards {
            bytes: [0; BYTES_MAX],
            start: BYTES_MAX,
        };
        let mut places = u32::from(MONEY_SCALE);
        let mut rest = money.pico().unsigned_abs();
        while places > 0 && rest != 0 && rest.is_multiple_of(10) {
            rest /= 10;
            places -= 1;
        }
        if rest == 0 {
            return Self::text("0");
        }
        // Nearly every cost fits 64 bits, where division is ten times as fast.
        while rest > u128::from(u64::MAX) {
            writer.digit((rest % 10) as u8, &mut places);
            rest /= 10;
        }
        let mut rest = rest as u64;
        while rest > 0 {
            writer.digit((rest % 10) as u8, &mut places);
            rest /= 10;
        }
        while places > 0 {
            writer.digit(0, &mut places);
        }
        if writer.bytes.get(writer.start) == Some(&b'.') {
            writer.put(b'0');
        }
        if money < Money::ZERO {
            writer.put(b'-');
        }
        Self {
            bytes: writer.bytes,
            start: writer.start as u8,
            end: BYTES_MAX as u8,
        }
    }

    fn id(prefix: &str, bits: u128) -> Self {
        let mut printed = Self::text(prefix);
        let digits = printed.bytes.iter_mut().skip(prefix.len()).take(32);
        for (place, shift) in digits.zip((0..32).rev()) {
            *place = HEX[(bits >> (4 * shift)) as usize & 0xf];
        }
        printed.end += 32;
        printed
    }

    pub(crate) fn as_str(&self) -> &str {
        let range = usize::from(self.start)..usize::from(self.end);
        self.bytes
            .get(range)
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

/// Writes from the end, as digits come.
struct Backwards {
    bytes: [u8; BYTES_MAX],
    start: usize,
}

impl Backwards {
    fn put(&mut self, byte: u8) {
        self.start -= 1;
        self.bytes[self.start] = byte;
    }

    /// Writes a digit, and the point once all decimal places are written.
    fn digit(&mut self, digit: u8, places: &mut u32) {
        self.put(b'0' + digit);
        if *places > 0 {
            *places -= 1;
            if *places == 0 {
                self.put(b'.');
            }
        }
    }
}

impl fmt::Debug for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Printed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tollgate_core::money::PICO_MAX;

    #[test]
    fn amounts_at_the_edges_print_as_display_does() {
        for pico in [
            0,
            1,
            -1,
            10,
            999_999_999_999,
            1_000_000_000_000,
            -1_500_000_000_000,
            PICO_MAX,
            -PICO_MAX,
        ] {
            let money = Money::from_pico(pico).unwrap();
            assert_eq!(Printed::money(money).as_str(), money.to_string(), "{pico}");
        }
    }

    proptest! {
        #[test]
        fn amounts_print_as_display_does(pico in -PICO_MAX..=PICO_MAX, shift in 0_u32..120) {
            let money = Money::from_pico(pico >> shift).unwrap();
            prop_assert_eq!(format!("{:?}", Printed::money(money)), money.to_string());
        }

        #[test]
        fn ids_print_as_display_does(bits: u128) {
            prop_assert_eq!(format!("{:?}", Printed::event(EventId::from_bits(bits))), EventId::from_bits(bits).to_string());
            prop_assert_eq!(format!("{:?}", Printed::price(PriceId::from_bits(bits))), PriceId::from_bits(bits).to_string());
        }
    }
}
