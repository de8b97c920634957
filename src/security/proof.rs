//! L0 · proofs: who knows a token, without showing it.
//!
//! Thread: any. Invariant: a token is never printed, and comparing takes the same time whatever is compared.
//! Deliberately absent: chance; who makes a token hands the bytes in.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// The length of tokens, nonces and proofs.
pub const LENGTH: usize = 32;

/// A token: known to the bridge and to one client.
#[derive(Clone)]
pub struct Secret([u8; LENGTH]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Which side proves what; the first part of the text, so that a proof cannot be sent back as another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The client knows the token.
    Client,
    /// The bridge knows it.
    Server,
    /// The client takes a session over.
    Resume,
}

impl Role {
    fn letter(self) -> &'static str {
        match self {
            Self::Client => "c",
            Self::Server => "s",
            Self::Resume => "r",
        }
    }
}

/// What a proof is about: the texts as they were sent.
#[derive(Clone, Copy, Debug)]
pub struct Talk<'a> {
    /// Of the bridge.
    pub instance: &'a str,
    /// Of the bridge, for this socket.
    pub nonce: &'a str,
    /// Of the client, for this socket.
    pub client_nonce: &'a str,
    /// The origin as the bridge saw it; the session where one is taken over.
    pub last: &'a str,
}

impl Secret {
    /// `[any]` From random bytes.
    pub fn new(bytes: [u8; LENGTH]) -> Self {
        Self(bytes)
    }

    /// `[any]` From the text by which it travels once.
    pub fn from_base64(text: &str) -> Option<Self> {
        BASE64_STANDARD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// `[any]` The text by which it travels once. For the client and the token file, never for a log.
    pub fn to_base64(&self) -> String {
        BASE64_STANDARD.encode(self.0)
    }

    /// `[any]` A proof, as text.
    pub fn prove(&self, role: Role, talk: &Talk<'_>) -> String {
        BASE64_STANDARD.encode(self.mac(role, talk))
    }

    /// `[any]` Whether a proof is right.
    pub fn accepts(&self, role: Role, talk: &Talk<'_>, proof: &str) -> bool {
        let given = BASE64_STANDARD.decode(proof).unwrap_or_default();
        self.mac(role, talk).as_slice().ct_eq(&given).into()
    }

    /// `[any]` Whether a text is this token.
    pub fn is(&self, text: &str) -> bool {
        let given = BASE64_STANDARD.decode(text).unwrap_or_default();
        self.0.as_slice().ct_eq(&given).into()
    }

    fn mac(&self, role: Role, talk: &Talk<'_>) -> [u8; LENGTH] {
        // A key of any length is taken, so this cannot fail.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; LENGTH] };
        let Talk { instance, nonce, client_nonce, last } = talk;
        mac.update([role.letter(), instance, nonce, client_nonce, last].join("|").as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// `[any]` Whether a text is 32 bytes in base64.
pub fn is_nonce(text: &str) -> bool {
    BASE64_STANDARD.decode(text).is_ok_and(|bytes| bytes.len() == LENGTH)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TALK: Talk<'_> = Talk { instance: "i", nonce: "n", client_nonce: "m", last: "https://a.example" };

    #[test]
    fn a_proof_is_what_the_wire_says() {
        // echo -n 'c|i|n|m|https://a.example' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07 -binary | base64
        let secret = Secret::new([7; LENGTH]);
        let proof = secret.prove(Role::Client, &TALK);
        assert_eq!(proof, "hTQ2zQ+gUkKhXrhac7IX4m7HkiEAv+R9bX18G/gyA4A=");
        assert!(secret.accepts(Role::Client, &TALK, &proof));
    }

    #[test]
    fn a_proof_fits_one_role_one_talk_and_one_token() {
        let secret = Secret::new([7; LENGTH]);
        let proof = secret.prove(Role::Client, &TALK);
        assert!(!secret.accepts(Role::Server, &TALK, &proof));
        assert!(!secret.accepts(Role::Resume, &TALK, &proof));
        assert!(!secret.accepts(Role::Client, &Talk { nonce: "o", ..TALK }, &proof));
        assert!(!secret.accepts(Role::Client, &Talk { last: "https://b.example", ..TALK }, &proof));
        assert!(!Secret::new([8; LENGTH]).accepts(Role::Client, &TALK, &proof));
        for odd in ["", "=", "AAAA", "not base64", &proof[1..]] {
            assert!(!secret.accepts(Role::Client, &TALK, odd), "{odd}");
        }
    }

    #[test]
    fn comparing_is_left_to_the_library_that_takes_constant_time() {
        let text = include_str!("proof.rs");
        let program = text.split("#[cfg(test)]").next().unwrap_or_default();
        assert_eq!(program.matches(".ct_eq(").count(), 2);
        assert!(!program.contains("== given") && !program.contains("PartialEq)]\npub struct Secret"));
    }

    #[test]
    fn a_token_is_not_printed() {
        let secret = Secret::new([7; LENGTH]);
        assert!(!format!("{secret:?}").contains(&secret.to_base64()) && !format!("{secret:?}").contains('7'));
        assert!(Secret::from_base64(&secret.to_base64()).is_some_and(|again| again.is(&secret.to_base64())));
        assert!(Secret::from_base64("AAAA").is_none());
    }
}
