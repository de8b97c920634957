//! L0 · what browsers say about a request of their own accord (`Sec-Fetch-…`).
//!
//! Thread: any. Invariant: what is absent is no reason to refuse; what is present has to fit.
//! Deliberately absent: trust in these lines; other programs write what they like.

/// `[any]` Whether a WebSocket upgrade may carry this mode.
pub fn fits_socket(mode: Option<&[u8]>) -> bool {
    matches!(mode, None | Some(b"websocket"))
}

/// `[any]` Whether the value of `Sec-Fetch-Site` is one there is.
pub fn known_site(site: Option<&[u8]>) -> bool {
    matches!(site, None | Some(b"same-origin" | b"same-site" | b"cross-site" | b"none"))
}

/// `[any]` Whether a request without an origin comes from no other site: typed by the person, or from our own page.
pub fn from_nobody_else(site: Option<&[u8]>) -> bool {
    matches!(site, None | Some(b"same-origin" | b"none"))
}
