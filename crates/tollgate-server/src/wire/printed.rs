//! JSON written straight into bytes, for answers with a thousand results.
//!
//! Ids and amounts go without `Display`, and texts that are our own without a search for characters to escape; together that
//! is most of what writing an answer costs.

use tollgate_core::id::{EventId, PriceId};
use tollgate_core::money::{MONEY_SCALE, Money};

/// A sign, 38 digits and a point.
const MONEY_BYTES_MAX: usize = 40;
const HEX: &[u8; 16] = b"0123456789abcdef";

/// An object being written. Names of fields are our own, so they need no escapes.
#[derive(Debug)]
pub(super) struct Object<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl<'o> Object<'o> {
    pub(super) fn begin(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, is_empty: true }
    }

    pub(super) fn end(self) {
        self.out.push(b'}');
    }

    /// Begins a field; its value is to be appended.
    pub(super) fn field(&mut self, name: &str) -> &mut Vec<u8> {
        self.out
            .extend_from_slice(if self.is_empty { b"\"" } else { b",\"" });
        self.is_empty = false;
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    /// Writes a text of our own, which has nothing to escape.
    pub(super) fn plain(&mut self, name: &str, text: &str) {
        let out = self.field(name);
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    }

    /// Writes a text that somebody else chose.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        if text.bytes().all(|b| b >= b' ' && b != b'"' && b != b'\\') {
            return self.plain(name, text);
        }
        self.json(name, text);
    }

    /// Writes any value.
    pub(super) fn json(&mut self, name: &str, value: &(impl serde::Serialize + ?Sized)) {
        serde_json::to_writer(self.field(name), value)
            .expect("writing to memory, of types whose keys are strings");
    }

    pub(super) fn event(&mut self, name: &str, id: EventId) {
        push_id(self.field(name), EventId::PREFIX, id.bits());
    }

    pub(super) fn price(&mut self, name: &str, id: PriceId) {
        push_id(self.field(name), PriceId::PREFIX, id.bits());
    }

    /// Writes an amount, or `null` where nobody knows it.
    pub(super) fn money(&mut self, name: &str, money: Option<Money>) {
        match money {
            Some(money) => push_money(self.field(name), money),
            None => self.field(name).extend_from_slice(b"null"),
        }
    }
}

fn push_id(out: &mut Vec<u8>, prefix: &str, bits: u128) {
    out.push(b'"');
    out.extend_from_slice(prefix.as_bytes());
    // Byte by byte: shifting 128 bits by a variable amount is slow.
    let digits = bits
        .to_be_bytes()
        .map(|byte| [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xf)]]);
    out.extend_from_slice(digits.as_flattened());
    out.push(b'"');
}

/// Writes the decimal digits without trailing zeros, as `Display` prints them.
fn push_money(out: &mut Vec<u8>, money: Money) {
    let mut digits = Backwards {
        bytes: [0; MONEY_BYTES_MAX],
        start: MONEY_BYTES_MAX,
    };
    let mut places = u32::from(MONEY_SCALE);
    let mut rest = money.pico().unsigned_abs();
    if rest == 0 {
        return out.extend_from_slice(b"\"0\"");
    }
    while places > 0 && rest.is_multiple_of(10) {
        rest /= 10;
        places -= 1;
    }
    // Nearly every cost fits 64 bits, where division is ten times as fast.
    while rest > u128::from(u64::MAX) {
        digits.put_digit((rest % 10) as u8, &mut places);
        rest /= 10;
    }
    let mut rest = rest as u64;
    while rest > 0 || places > 0 {
        digits.put_digit((rest % 10) as u8, &mut places);
        rest /= 10;
    }
    if digits.bytes.get(digits.start) == Some(&b'.') {
        digits.put(b'0');
    }
    if money < Money::ZERO {
        digits.put(b'-');
    }
    out.push(b'"');
    out.extend_from_slice(digits.bytes.get(digits.start..).unwrap_or_default());
    out.push(b'"');
}

/// Writes from the end, as digits come.
struct Backwards {
    bytes: [u8; MONEY_BYTES_MAX],
    start: usize,
}

impl Backwards {
    fn put(&mut self, byte: u8) {
        self.start -= 1;
        self.bytes[self.start] = byte;
    }

    /// Writes a digit, and the point once all decimal places are written.
    fn put_digit(&mut self, digit: u8, places: &mut u32) {
        self.put(b'0' + digit);
        if *places > 0 {
            *places -= 1;
            if *places == 0 {
                self.put(b'.');
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use tollgate_core::money::PICO_MAX;

    fn written(write: impl FnOnce(&mut Object<'_>)) -> Value {
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out);
        write(&mut object);
        object.end();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn amounts_at_the_edges_are_written_as_display_prints_them() {
        assert_eq!(written(|_| {}), json!({}));
        assert_eq!(written(|object| object.money("a", None)), json!({"a": null}));
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
            assert_eq!(
                written(|object| object.money("a", Some(money)))["a"],
                money.to_string(),
                "{pico}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(text: String, bits: u128, pico in -PICO_MAX..=PICO_MAX, shift in 0_u32..120) {
            let money = Money::from_pico(pico >> shift).unwrap();
            let object = written(|object| {
                object.text("text", &text);
                object.plain("plain", "recorded");
                object.event("event", EventId::from_bits(bits));
                object.price("price", PriceId::from_bits(bits));
                object.money("money", Some(money));
                object.json("json", &7);
            });
            let want = json!({
                "text": text, "plain": "recorded", "event": EventId::from_bits(bits), "price": PriceId::from_bits(bits),
                "money": money.to_string(), "json": 7
            });
            prop_assert_eq!(object, want);
        }
    }
}
