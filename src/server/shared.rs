//! L4 · what all connections share.
//!
//! Thread: any. Invariant: every lock is held for a moment and never while waiting. Deliberately absent: sockets.

use super::{
    BindError, Config, Prompt,
    desk::Desk,
    refusals::Refusals,
    registry::Registry,
    token_file::{Entry, TokenError},
    tokens::Tokens,
};
use crate::{
    link::{Served, ToScript},
    security::{
        Lockout,
        origin::{check_origin, own_origins},
    },
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};
use subtle::ConstantTimeEq as _;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What all connections share.
#[derive(Debug)]
pub(super) struct Shared {
    pub config: Config,
    pub port: u16,
    pub instance: String,
    /// Origins that are let in, our own included.
    pub origins: Vec<String>,
    pub own: Vec<String>,
    pub tokens: Tokens,
    pub desk: Desk,
    pub sessions: Registry,
    pub refusals: Refusals,
    pub ending: CancellationToken,
    pub connections: Arc<AtomicUsize>,
    pub sockets: Arc<AtomicUsize>,
    pub unidentified: Arc<AtomicUsize>,
    served: RwLock<Option<Arc<Served>>>,
    scripts: OnceLock<mpsc::UnboundedSender<ToScript>>,
    lockout: Mutex<Lockout>,
    bucket: Mutex<(f64, Option<Instant>)>,
    key: Mutex<String>,
}

impl Shared {
    /// `[any]` Before anybody connects.
    pub(super) fn new(config: Config, port: u16) -> Result<(Self, mpsc::UnboundedReceiver<Prompt>), BindError> {
        for origin in &config.origins {
            let origin = origin.clone();
            check_origin(&origin).map_err(|why| BindError::Origin { origin, why })?;
        }
        let own = own_origins(port);
        let origins = config.origins.iter().chain(&own).cloned().collect();
        let (desk, prompts) = Desk::new(config.limits.pairing);
        let (failures, window, wait) = config.limits.failures;
        let chance = |error: TokenError| BindError::Chance(error.to_string());
        let shared = Self {
            tokens: Tokens::open(&config.folder)?,
            instance: random_name().map_err(chance)?,
            key: Mutex::new(random_name().map_err(chance)?),
            sessions: Registry::new(config.limits.clone()),
            lockout: Mutex::new(Lockout::new(failures, window, wait)),
            config,
            port,
            origins,
            own,
            desk,
            refusals: Refusals::default(),
            ending: CancellationToken::new(),
            connections: Arc::default(),
            sockets: Arc::default(),
            unidentified: Arc::default(),
            served: RwLock::new(None),
            scripts: OnceLock::new(),
            bucket: Mutex::new((0.0, None)),
        };
        Ok((shared, prompts))
    }

    /// `[any]` Whether an origin is one of our own pages.
    pub(super) fn is_own(&self, origin: &str) -> bool {
        self.own.iter().any(|own| own == origin)
    }

    /// `[any]` What the scripts serve; `None` before they said so.
    pub(super) fn served(&self) -> Option<Arc<Served>> {
        self.served.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn serve(&self, served: Served) {
        *self.served.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(served));
    }

    pub(super) fn connect_scripts(&self, scripts: mpsc::UnboundedSender<ToScript>) {
        let _ = self.scripts.set(scripts);
    }

    /// `[any]` Tells the scripts; false when they are gone.
    pub(super) fn tell(&self, what: ToScript) -> bool {
        self.scripts.get().is_some_and(|scripts| scripts.send(what).is_ok())
    }

    /// `[any]` Whether one more WebSocket may begin now.
    pub(super) fn may_upgrade(&self) -> bool {
        let (rate, most) = self.config.limits.upgrades;
        let mut bucket = locked(&self.bucket);
        let now = Instant::now();
        let since = bucket.1.replace(now).map(|then| now.duration_since(then));
        bucket.0 = since.map_or(most, |since| (bucket.0 + since.as_secs_f64() * rate).min(most));
        let may = bucket.0 >= 1.0;
        bucket.0 -= if may { 1.0 } else { 0.0 };
        may
    }

    /// `[any]` Whether this origin (`None`: programs) has to wait after wrong proofs.
    pub(super) fn locked_out(&self, origin: Option<&str>) -> bool {
        locked(&self.lockout).locked(origin.unwrap_or("native"), Instant::now())
    }

    /// `[any]` A proof was wrong.
    pub(super) fn failed(&self, origin: Option<&str>) {
        locked(&self.lockout).failed(origin.unwrap_or("native"), Instant::now());
    }

    /// `[any]` The key of the bridge's own page, as it is now.
    pub(super) fn key(&self) -> String {
        locked(&self.key).clone()
    }

    /// `[any]` Uses the key up: a token for the own page, if the key was right.
    pub(super) fn use_key(&self, given: &str, origin: &str) -> Option<Result<Entry, TokenError>> {
        let mut key = locked(&self.key);
        if !bool::from(key.as_bytes().ct_eq(given.as_bytes())) {
            return None;
        }
        let renewed = random_name().map(|next| *key = next);
        Some(renewed.and_then(|()| self.tokens.pass(origin, self.config.own_scopes.clone())))
    }
}

/// A lock that outlives a panic of somebody else: what it guards is whole between any two lines.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `[any]` A name that nobody can guess.
pub(super) fn random_name() -> Result<String, TokenError> {
    let mut bytes = [0; 18];
    getrandom::fill(&mut bytes).map_err(|error| TokenError::Chance(error.to_string()))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// A place among a limited number; given back when dropped.
#[derive(Debug)]
pub(super) struct Seat(Arc<AtomicUsize>);

impl Seat {
    /// `[any]` Takes one if there is one.
    pub(super) fn take(count: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let more = |taken: usize| (taken < most).then_some(taken + 1);
        count.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Self(Arc::clone(count)))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}
