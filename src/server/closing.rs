//! L4 · the codes with which a socket is closed. `docs/protocol.md` says what clients do then.
//!
//! Thread: any. Invariant: a code means one thing. Deliberately absent: the handshake of closing, see `pipe`.

/// A code and a sentence for whoever reads the log of a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Closing {
    pub code: u16,
    pub reason: String,
}

/// Longest reason that fits a frame of control.
const REASON: usize = 120;

impl Closing {
    /// `[any]` With a code of the script's, too; a reason that is too long is cut.
    pub(super) fn new(code: u16, reason: &str) -> Self {
        // 1005, 1006 and 1015 must not be sent, others mean nothing.
        let code = if matches!(code, 1000..=1003 | 1007..=1013 | 3000..=4999) { code } else { 1000 };
        let mut end = reason.len().min(REASON);
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        Self { code, reason: reason[..end].to_owned() }
    }

    pub(super) fn going_away() -> Self {
        Self::new(1001, "the bridge is ending")
    }

    pub(super) fn protocol() -> Self {
        Self::new(1002, "this is not WebSocket as RFC 6455 has it")
    }

    pub(super) fn bad_utf8() -> Self {
        Self::new(1007, "a text message has to be UTF-8")
    }

    pub(super) fn too_big() -> Self {
        Self::new(1009, "the message is longer than the limit")
    }

    pub(super) fn try_later() -> Self {
        Self::new(1013, "too many sessions of this token are open; close one")
    }

    pub(super) fn not_identified() -> Self {
        Self::new(4001, "the first message has to be IDENTIFY or PAIR")
    }

    pub(super) fn bad_json() -> Self {
        Self::new(4002, "a text message has to be JSON")
    }

    pub(super) fn identified_already() -> Self {
        Self::new(4003, "this socket is identified already")
    }

    pub(super) fn not_authentic() -> Self {
        Self::new(4004, "the proof is wrong; pair again")
    }

    pub(super) fn not_paired() -> Self {
        Self::new(4005, "pairing was refused or took too long")
    }

    pub(super) fn bad_version() -> Self {
        Self::new(4006, "this bridge speaks version 1 of the protocol")
    }

    pub(super) fn bad_resume() -> Self {
        Self::new(4007, "the proof for taking the session over is wrong; identify without resume")
    }

    pub(super) fn locked_out() -> Self {
        Self::new(4008, "too many wrong proofs; wait a minute")
    }

    pub(super) fn taken_over() -> Self {
        Self::new(4009, "another socket took the session over")
    }

    pub(super) fn bad_frames() -> Self {
        Self::new(4010, "too many malformed audio frames")
    }

    pub(super) fn no_heartbeat() -> Self {
        Self::new(4011, "two pings were not answered")
    }

    pub(super) fn slow() -> Self {
        Self::new(4012, "the client takes too little of what is sent, or sends more frames than were agreed")
    }

    pub(super) fn revoked() -> Self {
        Self::new(4013, "the token was revoked")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_fits_a_frame_and_a_code_may_be_sent() {
        assert_eq!(Closing::new(1000, &"ä".repeat(200)).reason.len(), 120);
        assert!(Closing::new(1000, &"€".repeat(200)).reason.len() <= 120);
        assert_eq!(Closing::new(1006, "").code, 1000);
        assert_eq!(Closing::new(4321, "x"), Closing { code: 4321, reason: "x".to_owned() });
    }
}
