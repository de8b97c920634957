//! L4 · answers over HTTP that never change, and the lines that stand on every answer.
//!
//! Thread: any. Invariant: a refusal says its status and no more. Deliberately absent: what was asked for.

use warp::{
    Reply as _,
    http::{HeaderName, HeaderValue, StatusCode, header},
    reply::Response,
};

/// The lines that stand on every answer.
const ALWAYS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// `[any]` A status and nothing else.
pub(super) fn refusal(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut answer = format!("{}\n", status.canonical_reason().unwrap_or("Refused")).into_response();
    *answer.status_mut() = status;
    if status == StatusCode::UPGRADE_REQUIRED {
        set(&mut answer, "upgrade", "websocket");
        set(&mut answer, "sec-websocket-version", "13");
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        set(&mut answer, "retry-after", "1");
    }
    answer
}

/// `[any]` A body of a type. The type has to be one that browsers do not guess about.
pub(super) fn body(status: u16, content_type: &str, bytes: Vec<u8>) -> Response {
    let mut answer = bytes.into_response();
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    set(&mut answer, "content-type", content_type);
    answer
}

/// `[any]` Adds what stands on every answer; `port` is where our own page may connect.
pub(super) fn finish(mut answer: Response, port: u16) -> Response {
    for (name, value) in ALWAYS {
        set(&mut answer, name, value);
    }
    let policy = format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         worker-src 'self'; connect-src 'self' ws://localhost:{port} ws://127.0.0.1:{port}; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    set(&mut answer, "content-security-policy", &policy);
    if answer.status() != StatusCode::SWITCHING_PROTOCOLS {
        // One request each: what follows it is never taken for another one.
        set(&mut answer, "connection", "close");
    }
    answer
}

/// `[any]` Lets one origin read the answer.
pub(super) fn readable_by(answer: &mut Response, origin: &str) {
    set(answer, "access-control-allow-origin", origin);
    answer.headers_mut().insert(header::VARY, HeaderValue::from_static("Origin"));
}

/// `[any]` Sets a line; one that cannot be a line is left out.
pub(super) fn set(answer: &mut Response, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::from_str(value)) {
        answer.headers_mut().insert(name, value);
    }
}
