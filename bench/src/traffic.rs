//! The events that the benches send: alike in size and mix to what an AI product sends.
//!
//! Bodies are made once and only their ids are written anew, so that the load costs the machine next to nothing.

use std::borrow::Cow;
use std::fmt::Write as _;
use tollgate_core::event::Draft;

/// Events in a batch.
pub(crate) const BATCH_EVENTS: usize = 1_000;
/// Events of a batch that were sent before: five in a hundred.
pub(crate) const BATCH_DUPLICATES: usize = 50;
/// Organizations that take part.
pub(crate) const ORGANIZATIONS: u64 = 100;
const TEAMS: u64 = 4;
const USERS: u64 = 20;
/// Templates that a sender goes through in turn.
const TEMPLATES: usize = 8;
/// Digits of the part of an id that changes with each batch.
const BATCH_DIGITS: usize = 8;

/// The models of the mix: each has a default price.
pub(crate) const MODELS: [(&str, &str); 20] = [
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini"),
    ("openai", "gpt-4.1"),
    ("openai", "gpt-4.1-mini"),
    ("openai", "gpt-4.1-nano"),
    ("openai", "gpt-5"),
    ("openai", "gpt-5-mini"),
    ("openai", "gpt-5-nano"),
    ("openai", "o3"),
    ("openai", "o4-mini"),
    ("anthropic", "claude-sonnet-4-0"),
    ("anthropic", "claude-haiku-4-5"),
    ("anthropic", "claude-opus-4-1"),
    ("anthropic", "claude-opus-4-5"),
    ("google", "gemini-2.5-flash"),
    ("google", "gemini-2.5-pro"),
    ("google", "gemini-2.0-flash"),
    ("xai", "grok-3"),
    ("xai", "grok-3-mini"),
    ("xai", "grok-4"),
];

/// Over which time the events are spread.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// Seconds since 1970 of the first.
    pub(crate) from: i64,
    /// Seconds they are spread over.
    pub(crate) seconds: u64,
}

/// Numbers that look random and follow from a seed (SplitMix64).
#[derive(Clone, Debug)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((u128::from(mixed ^ (mixed >> 31)) * u128::from(bound)) >> 64) as u64
    }
}

/// The bodies of one sender: each call gives the next batch, with new ids for all but the duplicates.
#[derive(Debug)]
pub(crate) struct Batches {
    templates: Vec<Template>,
    sent: u64,
}

#[derive(Debug)]
struct Template {
    body: Vec<u8>,
    /// Where the changing digits of each event's id begin.
    digits: Vec<usize>,
}

impl Batches {
    /// The bodies of the sender of this number; no two senders share an id.
    pub(crate) fn of(sender: u64, times: Times) -> Self {
        let samples = samples(sender, times);
        let templates = (0..TEMPLATES)
            .map(|index| template(sender, &samples, index))
            .collect();
        Self { templates, sent: 0 }
    }

    /// The next body.
    pub(crate) fn next(&mut self) -> &[u8] {
        let index = (self.sent % TEMPLATES as u64) as usize;
        let template = &mut self.templates[index];
        let fresh = digits(self.sent);
        // The first batch of all has nothing to repeat: its last events repeat a batch that was never sent, and are new.
        let before = digits(self.sent.wrapping_sub(1));
        for (place, at) in template.digits.iter().enumerate() {
            let number = if place < BATCH_EVENTS - BATCH_DUPLICATES {
                fresh
            } else {
                before
            };
            template.body[*at..at + BATCH_DIGITS].copy_from_slice(&number);
        }
        self.sent += 1;
        &template.body
    }
}

fn template(sender: u64, samples: &[Vec<Sample>], index: usize) -> Template {
    let mut body = String::from("[");
    let mut digits = Vec::with_capacity(BATCH_EVENTS);
    for place in 0..BATCH_EVENTS {
        let (template, slot) = placed(index, place);
        if place > 0 {
            body.push(',');
        }
        let _ = write!(body, "{{\"id\":\"{sender:02x}-{slot:03}-");
        digits.push(body.len());
        let _ = write!(body, "00000000\",{}", samples[template][slot].rest());
    }
    body.push(']');
    Template {
        body: body.into_bytes(),
        digits,
    }
}

/// An event but for its id.
#[derive(Clone, Debug)]
struct Sample {
    organization: String,
    team: String,
    user: String,
    timestamp: String,
    input_tokens: String,
    output_tokens: String,
    provider: &'static str,
    model: &'static str,
}

impl Sample {
    fn of(numbers: &mut Numbers, times: Times) -> Self {
        let (provider, model) = MODELS[numbers.below(MODELS.len() as u64) as usize];
        let at = times.from + numbers.below(times.seconds.max(1)) as i64;
        Self {
            organization: format!("org-{:03}", numbers.below(ORGANIZATIONS)),
            team: format!("t{}", numbers.below(TEAMS)),
            user: format!("user-{:02}", numbers.below(USERS)),
            timestamp: tollgate_core::time::Timestamp::from_micros(at * 1_000_000).to_string(),
            input_tokens: (1 + numbers.below(20_000)).to_string(),
            output_tokens: (1 + numbers.below(2_000)).to_string(),
            provider,
            model,
        }
    }

    /// As JSON, without its beginning, `{"id":"…",`.
    fn rest(&self) -> String {
        let Self {
            organization,
            team,
            user,
            timestamp,
            input_tokens,
            output_tokens,
            provider,
            model,
        } = self;
        format!(
            concat!(
                r#""category":"ai.completion","organization":"{}","team":"{}","user":"{}","timestamp":"{}","#,
                r#""measures":{{"input_tokens":{},"output_tokens":{}}},"#,
                r#""dimensions":{{"provider":"{}","model":"{}"}}}}"#
            ),
            organization, team, user, timestamp, input_tokens, output_tokens, provider, model
        )
    }

    fn draft(&self, id: String) -> Draft<'_> {
        let text = |text: &'static str| Cow::Borrowed(text);
        Draft {
            id: Some(id.into()),
            category: Some(text("ai.completion")),
            organization: Some(self.organization.as_str().into()),
            team: Some(self.team.as_str().into()),
            user: Some(self.user.as_str().into()),
            timestamp: Some(self.timestamp.as_str().into()),
            measures: smallvec::smallvec![
                (text("input_tokens"), self.input_tokens.as_str().into()),
                (text("output_tokens"), self.output_tokens.as_str().into()),
            ],
            dimensions: smallvec::smallvec![
                (text("provider"), text(self.provider)),
                (text("model"), text(self.model)),
            ],
            ..Draft::default()
        }
    }
}

/// The templates of one sender.
fn samples(sender: u64, times: Times) -> Vec<Vec<Sample>> {
    let template = |template: u64| {
        let mut numbers = Numbers((sender << 16) | template);
        (0..BATCH_EVENTS)
            .map(|_| Sample::of(&mut numbers, times))
            .collect()
    };
    (0..TEMPLATES as u64).map(template).collect()
}

/// Which event stands at a place of a batch: the last are the first of the batch before, word for word.
fn placed(template: usize, place: usize) -> (usize, usize) {
    match place.checked_sub(BATCH_EVENTS - BATCH_DUPLICATES) {
        None => (template, place),
        Some(repeated) => ((template + TEMPLATES - 1) % TEMPLATES, repeated),
    }
}

/// The same events as [`Batches`], parsed.
#[derive(Debug)]
pub(crate) struct DraftBatches {
    sender: u64,
    samples: Vec<Vec<Sample>>,
    sent: u64,
}

impl DraftBatches {
    /// The drafts of the sender of this number.
    pub(crate) fn of(sender: u64, times: Times) -> Self {
        Self {
            sender,
            samples: samples(sender, times),
            sent: 0,
        }
    }

    /// The next batch.
    pub(crate) fn next(&mut self) -> Vec<Draft<'_>> {
        let template = (self.sent % TEMPLATES as u64) as usize;
        let number = self.sent;
        self.sent += 1;
        let draft = |place| {
            let (template, slot) = placed(template, place);
            let number = if slot == place {
                number
            } else {
                number.wrapping_sub(1)
            };
            let digits = digits(number);
            let digits = std::str::from_utf8(&digits).unwrap_or_default();
            self.samples[template][slot].draft(format!("{:02x}-{slot:03}-{digits}", self.sender))
        };
        (0..BATCH_EVENTS).map(draft).collect()
    }
}

fn digits(number: u64) -> [u8; BATCH_DIGITS] {
    let mut digits = [b'0'; BATCH_DIGITS];
    let mut left = number % 100_000_000;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (left % 10) as u8;
        left /= 10;
    }
    digits
}

/// The bodies of one sender of single events, each with a new id.
#[derive(Debug)]
pub(crate) struct Singles {
    template: Template,
    sent: u64,
}

impl Singles {
    /// The bodies of the sender of this number.
    pub(crate) fn of(sender: u64, times: Times) -> Self {
        let rest = Sample::of(&mut Numbers(sender << 32), times).rest();
        let head = format!("{{\"id\":\"single-{sender:03x}-");
        let digits = vec![head.len()];
        Self {
            template: Template {
                body: format!("{head}00000000\",{rest}").into_bytes(),
                digits,
            },
            sent: 0,
        }
    }

    /// The next body.
    pub(crate) fn next(&mut self) -> &[u8] {
        let at = self.template.digits[0];
        self.template.body[at..at + BATCH_DIGITS].copy_from_slice(&digits(self.sent));
        self.sent += 1;
        &self.template.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;
    use std::collections::HashMap;

    const TIMES: Times = Times {
        from: 1_790_000_000,
        seconds: 3600,
    };

    #[test]
    fn five_in_a_hundred_repeat_an_event_of_the_batch_before_word_for_word() {
        let mut batches = Batches::of(3, TIMES);
        let mut seen: HashMap<String, Value> = HashMap::new();
        for batch in 0..2 * TEMPLATES {
            let events: Vec<Value> = serde_json::from_slice(batches.next()).unwrap();
            assert_eq!(events.len(), BATCH_EVENTS);
            let mut repeated = 0;
            for event in events {
                let id = event["id"].as_str().unwrap().to_owned();
                if let Some(before) = seen.get(&id) {
                    assert_eq!(*before, event);
                    repeated += 1;
                } else {
                    seen.insert(id, event);
                }
            }
            assert_eq!(repeated, if batch == 0 { 0 } else { BATCH_DUPLICATES });
        }
    }

    #[test]
    fn drafts_are_the_same_events_as_the_bodies() {
        let (mut batches, mut drafts) = (Batches::of(5, TIMES), DraftBatches::of(5, TIMES));
        for _ in 0..3 {
            let events: Vec<Value> = serde_json::from_slice(batches.next()).unwrap();
            for (event, draft) in events.iter().zip(drafts.next()) {
                assert_eq!(event["id"], draft.id.unwrap().as_ref());
                assert_eq!(event["organization"], draft.organization.unwrap().as_ref());
                assert_eq!(event["timestamp"], draft.timestamp.unwrap().as_ref());
                assert_eq!(
                    event["measures"]["input_tokens"].to_string(),
                    draft.measures[0].1.as_ref()
                );
            }
        }
    }

    #[test]
    fn an_event_has_about_240_bytes() {
        let bytes = Batches::of(0, TIMES).next().len() / BATCH_EVENTS;
        assert!((230..260).contains(&bytes), "{bytes} bytes");
    }

    #[test]
    fn single_events_never_repeat_an_id() {
        let mut singles = Singles::of(1, TIMES);
        let (first, second) = (singles.next().to_vec(), singles.next().to_vec());
        assert_ne!(first, second);
        assert!(serde_json::from_slice::<Value>(&second).is_ok());
    }
}
