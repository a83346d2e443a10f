//! The secrets of API keys: made once, shown once, kept only as an HMAC.
//!
//! A key is found by the HMAC of what was sent. That takes the same time for every wrong key by construction: without the
//! server's secret nobody can choose a key whose HMAC begins like another's, so how far a comparison got says nothing, and
//! a copy of the store does not open the door.

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use std::fmt::Write as _;

/// What every key begins with, so that scanners of repositories recognise a leaked one.
const PREFIX: &str = "tg_";
/// 256 random bits.
const SECRET_BYTES: usize = 32;
const BASE64URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The server's secret, under which keys are hashed. Lost, every key is lost.
#[derive(Clone, Debug)]
pub struct Secrets {
    keys: hmac::Key,
}

impl Secrets {
    /// Takes the server's secret: 32 random bytes, the same for the life of the store.
    pub fn new(bytes: &[u8; 32]) -> Self {
        Self {
            keys: hmac::Key::new(hmac::HMAC_SHA256, bytes),
        }
    }

    /// What is kept of a key's secret, in hexadecimal digits.
    pub fn hash(&self, secret: &str) -> String {
        let tag = hmac::sign(&self.keys, secret.as_bytes());
        tag.as_ref()
            .iter()
            .fold(String::with_capacity(64), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
    }
}

/// The machine gave no randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the machine gives no randomness, so no key can be made")]
pub struct NoRandomness;

/// Makes the secret of a new key: `tg_` and 43 characters.
pub fn make_secret() -> Result<String, NoRandomness> {
    let mut bytes = [0; SECRET_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(format!("{PREFIX}{}", base64url(&bytes)))
}

/// Base64 for URLs without padding (RFC 4648 §5).
fn base64url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk
            .iter()
            .fold(0_u32, |group, byte| group << 8 | u32::from(*byte));
        // A short last chunk is filled up with zero bits; its characters are as many as its bytes, and one more.
        let group = group << (8 * (3 - chunk.len()));
        for place in 0..=chunk.len() {
            let index = group >> (18 - 6 * place) & 0x3f;
            text.push(char::from(BASE64URL[index as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_follows_the_vectors_of_its_rfc() {
        for (bytes, want) in [
            ("", ""),
            ("f", "Zg"),
            ("fo", "Zm8"),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64url(bytes.as_bytes()), want);
        }
        assert_eq!(base64url(&[0xfb, 0xff, 0xfe]), "-__-");
    }

    #[test]
    fn a_secret_is_long_and_never_the_same() {
        let (one, two) = (make_secret().unwrap(), make_secret().unwrap());
        assert_eq!(one.len(), 46);
        assert_ne!(one, two);
    }

    #[test]
    fn a_hash_depends_on_the_secret_and_on_the_server() {
        let (here, there) = (Secrets::new(&[1; 32]), Secrets::new(&[2; 32]));
        assert_eq!(here.hash("tg_a"), here.hash("tg_a"));
        assert_ne!(here.hash("tg_a"), here.hash("tg_b"));
        assert_ne!(here.hash("tg_a"), there.hash("tg_a"));
        assert_eq!(here.hash("tg_a").len(), 64);
    }
}
