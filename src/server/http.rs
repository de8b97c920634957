//! L4 · HTTP: the gate first, then the few things there are.
//!
//! Thread: the connection's. Invariant: nothing is looked at before the gate has let the request in, and no request changes
//! anything but through an endpoint of a script. Deliberately absent: caching, ranges, methods beyond GET and POST.

use super::{
    answers::{body, finish, readable_by, refusal, set},
    doors::{self, Place, bearer, first, subprotocol},
    shared::{Seat, Shared},
    socket::{self, Arrival},
    token_file::Entry,
    websocket,
};
use crate::link::{HttpAnswer, HttpCall, ToScript};
use hyper::{HeaderMap, header, upgrade::OnUpgrade};
use hyper_util::service::TowerToHyperService;
use std::{convert::Infallible, net::SocketAddr, sync::Arc};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use warp::{
    Filter, Rejection,
    http::Request,
    hyper::{body::Incoming, service::Service},
    path::FullPath,
    reject::{LengthRequired, PayloadTooLarge},
    reply::Response,
};

/// Types that an endpoint may answer with.
const TYPES: [&str; 3] = ["application/json", "text/plain; charset=utf-8", "text/html; charset=utf-8"];

/// The longest body that an endpoint may answer with.
const LONGEST: usize = 4 << 20;

/// A request that the gate let in.
#[derive(Clone, Debug)]
struct Passed {
    place: Place,
    origin: Option<String>,
    token: Option<Entry>,
}

/// `[net]` What answers the requests of one connection; WebSockets that come of them are counted in `sockets`.
pub(super) fn service(
    shared: Arc<Shared>,
    peer: SocketAddr,
    sockets: TaskTracker,
) -> impl Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> {
    let port = shared.port;
    let routes = TowerToHyperService::new(warp::service(routes(Arc::clone(&shared), peer, sockets)));
    hyper::service::service_fn(move |mut request: Request<Incoming>| {
        let admitted = admit(&request, &shared, peer).map(|passed| request.extensions_mut().insert(passed));
        let routes = routes.clone();
        async move {
            let answer = match admitted {
                Err(status) => refusal(status),
                Ok(_) => match routes.call(request).await {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                },
            };
            Ok(finish(answer, port))
        }
    })
}

/// The gate, then the token where one is needed. The status of the refusal otherwise.
fn admit<B>(request: &Request<B>, shared: &Shared, peer: SocketAddr) -> Result<Passed, u16> {
    let headers = request.headers();
    let note = |reason| shared.refusals.note(peer, first(headers, "host"), first(headers, "origin"), reason);
    let served = shared.served();
    let place = Place::find(request.method().as_str(), request.uri().path(), served.as_deref(), shared.config.native);
    let loopback = peer.ip().is_loopback();
    doors::ask(request, &place, loopback, shared.port, &shared.origins).map_err(|why| {
        note(why.reason());
        why.status(place.door())
    })?;
    let origin = std::str::from_utf8(first(headers, "origin")).ok().filter(|o| !o.is_empty()).map(str::to_owned);
    if place == Place::NotYet {
        return Err(503);
    }
    let needs_token = matches!(place, Place::Native(_) | Place::Endpoint { public: false, .. });
    let mut token = None;
    if needs_token {
        if shared.locked_out(origin.as_deref()) {
            note("too many wrong tokens");
            return Err(429);
        }
        token = bearer(headers).and_then(|given| shared.tokens.bearer(given, origin.as_deref()));
        if token.is_none() {
            note("no token, or a wrong one");
            // Only guesses count; a page that does not know of tokens locks nobody out.
            if bearer(headers).is_some() {
                shared.failed(origin.as_deref());
            }
            return Err(401);
        }
    }
    Ok(Passed { place, origin, token })
}

fn routes(
    shared: Arc<Shared>,
    peer: SocketAddr,
    sockets: TaskTracker,
) -> impl Filter<Extract = (Response,), Error = Infallible> + Clone {
    let with = {
        let shared = Arc::clone(&shared);
        warp::any().map(move || Arc::clone(&shared))
    };
    let socket = at(|place| matches!(place, Place::Socket(_) | Place::Native(_)))
        .and(warp::header::headers_cloned())
        .and(warp::ext::get::<OnUpgrade>())
        .and(with.clone())
        .map(move |passed, headers, later, shared| upgrade(passed, (&headers, later), shared, peer, sockets.clone()));
    let hello = at(|place| *place == Place::Hello).and(with.clone()).map(hello);
    let file = at(|place| *place == Place::File).and(warp::path::full()).and(with.clone()).map(file);
    let query = warp::query::raw().or(warp::any().map(String::new)).unify();
    let post = at(|place| matches!(place, Place::Endpoint { post: true, .. }))
        .and(warp::body::content_length_limit(shared.config.limits.text as u64))
        .and(warp::body::bytes());
    let get =
        at(|place| matches!(place, Place::Endpoint { post: false, .. })).map(|passed| (passed, bytes::Bytes::new()));
    let post = post.map(|passed, body| (passed, body));
    let endpoint = post.or(get).unify().and(warp::path::full()).and(query).and(with).then(
        |(passed, body), path: FullPath, query: String, shared: Arc<Shared>| async move {
            endpoint(passed, body, path.as_str(), &query, &shared).await
        },
    );
    socket.or(hello).unify().or(file).unify().or(endpoint).unify().recover(rejected).unify()
}

/// Lets requests to some places through.
fn at(fits: fn(&Place) -> bool) -> impl Filter<Extract = (Passed,), Error = Rejection> + Clone {
    warp::ext::get::<Passed>().and_then(move |passed: Passed| async move {
        if fits(&passed.place) { Ok(passed) } else { Err(warp::reject::not_found()) }
    })
}

async fn rejected(why: Rejection) -> Result<Response, Infallible> {
    Ok(refusal(if why.is_not_found() {
        404
    } else if why.find::<PayloadTooLarge>().is_some() {
        413
    } else if why.find::<LengthRequired>().is_some() {
        411
    } else {
        400
    }))
}

fn hello(passed: Passed, shared: Arc<Shared>) -> Response {
    let hello = serde_json::json!({
        "app": "sonic-bridge",
        "version": env!("CARGO_PKG_VERSION"),
        "protocol": [1],
        "instance_id": shared.instance,
        "os": std::env::consts::OS,
    });
    let mut answer = body(200, "application/json", hello.to_string().into_bytes());
    if let Some(origin) = &passed.origin {
        readable_by(&mut answer, origin);
        // The one answer that a page of another origin is meant to read.
        set(&mut answer, "cross-origin-resource-policy", "cross-origin");
    }
    answer
}

fn file(_: Passed, path: FullPath, shared: Arc<Shared>) -> Response {
    let found = shared.config.files.iter().find(|file| file.path == path.as_str());
    found.map_or_else(|| refusal(404), |file| body(200, file.content_type, file.bytes.to_vec()))
}

fn upgrade(
    passed: Passed,
    (headers, later): (&HeaderMap, OnUpgrade),
    shared: Arc<Shared>,
    peer: SocketAddr,
    sockets: TaskTracker,
) -> Response {
    let (Place::Socket(protocol) | Place::Native(protocol)) = passed.place else { return refusal(404) };
    let Some(accept) = websocket::accept(headers) else { return refusal(400) };
    let limits = shared.config.limits.clone();
    let seats = Seat::take(&shared.sockets, limits.sockets)
        .and_then(|seat| Some((seat, Seat::take(&shared.unidentified, limits.unidentified)?)));
    let Some((seat, waiting)) = seats.filter(|_| shared.may_upgrade()) else {
        shared.refusals.note(peer, b"", passed.origin.unwrap_or_default().as_bytes(), "too many WebSockets");
        return refusal(503);
    };
    let mut answer = body(101, "", Vec::new());
    answer.headers_mut().remove(header::CONTENT_TYPE);
    set(&mut answer, "connection", "upgrade");
    set(&mut answer, "upgrade", "websocket");
    set(&mut answer, "sec-websocket-accept", &accept);
    set(&mut answer, "sec-websocket-protocol", &subprotocol(&protocol));
    let arrival = Arrival { shared, peer, protocol, origin: passed.origin, token: passed.token, seat, waiting };
    let token = sockets.token();
    tokio::spawn(async move {
        // Who goes before the answer arrives was never here.
        if let Ok(upgraded) = later.await {
            socket::serve(websocket::open(upgraded, &limits).await, arrival).await;
        }
        drop(token);
    });
    answer
}

async fn endpoint(passed: Passed, sent: bytes::Bytes, path: &str, query: &str, shared: &Shared) -> Response {
    let Some(query) = decode(query) else { return refusal(400) };
    let (reply, answer) = oneshot::channel();
    let method = if passed.place == (Place::Endpoint { post: true, public: true })
        || passed.place == (Place::Endpoint { post: true, public: false })
    {
        "POST"
    } else {
        "GET"
    };
    let call = HttpCall {
        method: method.to_owned(),
        path: path.to_owned(),
        query,
        origin: passed.origin,
        body: sent.to_vec(),
        reply,
    };
    if !shared.tell(ToScript::Http(call)) {
        return refusal(503);
    }
    match tokio::time::timeout(shared.config.limits.http, answer).await {
        Err(_) => refusal(504),
        Ok(Err(_)) => refusal(503),
        Ok(Ok(HttpAnswer { status, content_type, body: bytes })) => {
            if bytes.len() > LONGEST || !TYPES.contains(&content_type.as_str()) || !(200..600).contains(&status) {
                tracing::warn!(path, "the endpoint answered with a status, type or length that is not served");
                return refusal(500);
            }
            body(status, &content_type, bytes)
        }
    }
}

/// A query, decoded; `None` when it is not UTF-8 or badly escaped.
fn decode(query: &str) -> Option<Vec<(String, String)>> {
    let text = |part: &str| {
        let (mut bytes, mut rest) = (Vec::with_capacity(part.len()), part.bytes());
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'+' => b' ',
                b'%' => {
                    let digit = |c: Option<u8>| char::from(c?).to_digit(16);
                    let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                    u8::try_from(high * 16 + low).ok()?
                }
                other => other,
            });
        }
        String::from_utf8(bytes).ok()
    };
    let parts = query.split('&').filter(|part| !part.is_empty());
    parts
        .map(|part| part.split_once('=').unwrap_or((part, "")))
        .map(|(key, value)| Some((text(key)?, text(value)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn a_query_is_decoded_in_order_or_refused() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(
            decode("b=1&a=%C3%A4+x&c&&b=2"),
            Some(vec![pair("b", "1"), pair("a", "ä x"), pair("c", ""), pair("b", "2")])
        );
        for bad in ["a=%", "a=%f", "a=%zz", "a=%ff", "a=%+1"] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
