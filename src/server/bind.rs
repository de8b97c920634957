//! L4 · the port, on the two addresses of this machine that no other machine reaches.
//!
//! Thread: any. Invariant: the addresses are literals; nothing that was written anywhere chooses them.
//! Deliberately absent: names (`localhost` is a question to somebody else), and any other address.

use super::{
    probe::{Holder, probe},
    token_file::TokenError,
};
use crate::model::ErrorCode;
use std::{
    io::ErrorKind,
    net::{Ipv4Addr, Ipv6Addr, TcpListener},
};

/// How often two families are tried to agree on a port that the system chooses.
const TRIES: usize = 32;

/// Why the server does not begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// Somebody listens there.
    #[error(
        "port {port} on this machine is taken by {holder}; end that program, or set another server.port in config.lua"
    )]
    Taken {
        /// Which.
        port: u16,
        /// By whom.
        holder: Holder,
    },
    /// Not ours to take.
    #[error("port {port} may not be taken by this user; set a server.port of 1024 or more in config.lua")]
    Forbidden {
        /// Which.
        port: u16,
    },
    /// The system says something else.
    #[error("port {port} on this machine cannot be listened on: {source}")]
    Listen {
        /// Which.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
    /// An entry of the list could never fit.
    #[error("“{origin}” in server.origins of config.lua is no origin: {why}; write it like https://app.example")]
    Origin {
        /// As written.
        origin: String,
        /// In a clause.
        why: &'static str,
    },
    /// The tokens cannot be read or are open to others.
    #[error(transparent)]
    Tokens(#[from] TokenError),
    /// No random numbers.
    #[error("the system gives no random numbers: {0}")]
    Chance(String),
}

impl BindError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Taken { .. } => ErrorCode::ALREADY_OPEN,
            Self::Forbidden { .. } | Self::Listen { .. } | Self::Chance(_) => ErrorCode::FILE,
            Self::Origin { .. } => ErrorCode::FIELD_TYPE,
            Self::Tokens(error) => error.code(),
        }
    }
}

/// What was taken.
#[derive(Debug)]
pub(super) struct Bound {
    pub listeners: Vec<TcpListener>,
    pub port: u16,
    pub warnings: Vec<String>,
}

/// `[any]` Takes a port on both families; 0 takes any that is free on both.
pub(super) fn bind(port: u16) -> Result<Bound, BindError> {
    for _ in 0..TRIES {
        let four = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| refused(port, error))?;
        let taken = four.local_addr().map_err(|source| BindError::Listen { port, source })?.port();
        match TcpListener::bind((Ipv6Addr::LOCALHOST, taken)) {
            Ok(six) => return Ok(Bound { listeners: vec![four, six], port: taken, warnings: Vec::new() }),
            Err(error) if error.kind() == ErrorKind::AddrInUse && port == 0 => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(refused(port, error)),
            Err(error) => {
                let warning =
                    format!("This machine has no IPv6 ({error}); clients reach the bridge at 127.0.0.1 only.");
                return Ok(Bound { listeners: vec![four], port: taken, warnings: vec![warning] });
            }
        }
    }
    Err(refused(port, ErrorKind::AddrInUse.into()))
}

fn refused(port: u16, source: std::io::Error) -> BindError {
    match source.kind() {
        ErrorKind::AddrInUse => BindError::Taken { port, holder: probe(port) },
        ErrorKind::PermissionDenied => BindError::Forbidden { port },
        _ => BindError::Listen { port, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_taken_is_an_error_that_says_by_whom() {
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = other.local_addr().unwrap().port();
        drop(std::thread::spawn(move || other.accept()));
        let error = bind(port).unwrap_err();
        assert!(matches!(error, BindError::Taken { holder: Holder::Other, .. }), "{error}");
        assert!(error.to_string().contains(&format!("port {port}")) && error.to_string().contains("another program"));
    }

    #[test]
    fn both_families_get_the_same_port() {
        let bound = bind(0).unwrap();
        assert_ne!(bound.port, 0);
        for listener in &bound.listeners {
            let address = listener.local_addr().unwrap();
            assert!(address.ip().is_loopback());
            assert_eq!(address.port(), bound.port);
        }
        assert_eq!(bound.listeners.len() + bound.warnings.len(), 2);
    }
}
