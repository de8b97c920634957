//! L4 · `tokens.json`: who was let in, in a file that only this user can read.
//!
//! Thread: any; waits for the disk, and for another process that is writing. Invariant: the file is never open to others,
//! and never half written. Deliberately absent: the sessions that use a token.

use crate::{
    model::ErrorCode,
    security::{Secret, proof},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeSet,
    fs::{self, File, OpenOptions},
    io::{ErrorKind, Write as _},
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

/// Tokens of one holder; the oldest makes room for a new one.
const PER_HOLDER: usize = 32;

/// The longest file that is read.
const LONGEST: u64 = 4 << 20;

/// Why tokens cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Reading or writing failed.
    #[error("{path} cannot be {what}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// `read`, `written` …
        what: &'static str,
        /// Why.
        source: std::io::Error,
    },
    /// It is no token file.
    #[error("{path} is damaged ({why}); delete it and pair your pages again")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// No random numbers.
    #[error("the system gives no random numbers: {0}")]
    Chance(String),
    /// A name that cannot be one.
    #[error("“{0}” cannot be the name of a token; use up to 64 letters, digits, - and _")]
    Name(String),
}

impl TokenError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Name(_) => ErrorCode::OUT_OF_RANGE,
            _ => ErrorCode::FILE,
        }
    }
}

/// Who holds a token.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Holding {
    /// A page.
    Origin(String),
    /// A program, by the name the user gave it.
    Native(String),
}

/// A token, without the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenCard {
    /// Names the token.
    pub key_id: String,
    /// Whose.
    pub holder: Holding,
    /// What it allows.
    pub scopes: BTreeSet<String>,
    /// Seconds since 1970.
    pub created: u64,
}

/// A token that was just made. The only time it is shown.
pub struct NewToken {
    /// Names the token.
    pub key_id: String,
    /// The token, as text.
    pub token: String,
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken").field("key_id", &self.key_id).finish_non_exhaustive()
    }
}

/// A token with its secret.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub card: TokenCard,
    pub secret: Secret,
}

#[derive(Deserialize, Serialize)]
struct Written {
    version: u32,
    tokens: Vec<WrittenToken>,
}

#[derive(Deserialize, Serialize)]
struct WrittenToken {
    key_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    token: String,
    scopes: BTreeSet<String>,
    created: u64,
}

/// The file. Several processes may use it.
#[derive(Clone, Debug)]
pub struct TokenFile {
    path: PathBuf,
}

impl TokenFile {
    /// `[any]` In this folder, which is made if it is not there.
    pub fn open(folder: &Path) -> Result<Self, TokenError> {
        let file = Self { path: folder.join("tokens.json") };
        fs::create_dir_all(folder).map_err(|source| file.error("written", source))?;
        file.close_to_others()?;
        Ok(file)
    }

    /// `[any]` Who was let in.
    pub fn list(&self) -> Result<Vec<TokenCard>, TokenError> {
        Ok(self.read()?.into_iter().map(|entry| entry.card).collect())
    }

    /// `[any]` Makes a token for a program.
    pub fn add_native(&self, name: &str, scopes: BTreeSet<String>) -> Result<NewToken, TokenError> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            return Err(TokenError::Name(name.chars().take(64).collect()));
        }
        let entry = make(Holding::Native(name.to_owned()), scopes)?;
        let shown = NewToken { key_id: entry.card.key_id.clone(), token: entry.secret.to_base64() };
        self.add(entry)?;
        Ok(shown)
    }

    /// `[any]` Takes all tokens of a holder back; how many there were. A running bridge notices within a second.
    pub fn revoke(&self, holder: &Holding) -> Result<usize, TokenError> {
        let _lock = self.lock()?;
        let mut entries = self.read()?;
        let before = entries.len();
        entries.retain(|entry| entry.card.holder != *holder);
        if entries.len() < before {
            self.write(&entries)?;
        }
        Ok(before - entries.len())
    }

    pub(super) fn add(&self, entry: Entry) -> Result<(), TokenError> {
        let _lock = self.lock()?;
        let mut entries = self.read()?;
        let same = |other: &Entry| other.card.holder == entry.card.holder;
        while entries.iter().filter(|other| same(other)).count() >= PER_HOLDER {
            let oldest = entries.iter().position(same).unwrap_or_default();
            entries.remove(oldest);
        }
        entries.push(entry);
        self.write(&entries)
    }

    /// What tells two versions of the file apart.
    pub(super) fn stamp(&self) -> Option<(SystemTime, u64)> {
        let data = fs::metadata(&self.path).ok()?;
        Some((data.modified().ok()?, data.len()))
    }

    pub(super) fn read(&self) -> Result<Vec<Entry>, TokenError> {
        let length = match fs::metadata(&self.path) {
            Ok(data) => data.len(),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(self.error("read", source)),
        };
        let damaged = |why: String| TokenError::Damaged { path: self.path.clone(), why };
        if length > LONGEST {
            return Err(damaged("it is too long".to_owned()));
        }
        self.close_to_others()?;
        let text = fs::read_to_string(&self.path).map_err(|source| self.error("read", source))?;
        // What serde_json says may quote the text, and the text holds tokens: only the place is told.
        let written: Written = serde_json::from_str(&text)
            .map_err(|error| damaged(format!("line {}, column {}", error.line(), error.column())))?;
        if written.version != 1 {
            return Err(damaged(format!("it is of version {}", written.version)));
        }
        let known = |token: WrittenToken| {
            let secret = Secret::from_base64(&token.token)?;
            let holder = match (token.origin, token.name) {
                (Some(origin), None) => Holding::Origin(origin),
                (None, Some(name)) => Holding::Native(name),
                _ => return None,
            };
            let WrittenToken { key_id, scopes, created, .. } = token;
            Some(Entry { card: TokenCard { key_id, holder, scopes, created }, secret })
        };
        let entries: Option<Vec<Entry>> = written.tokens.into_iter().map(known).collect();
        entries.ok_or_else(|| damaged("a token in it is none".to_owned()))
    }

    fn write(&self, entries: &[Entry]) -> Result<(), TokenError> {
        let token = |entry: &Entry| {
            let (origin, name) = match entry.card.holder.clone() {
                Holding::Origin(origin) => (Some(origin), None),
                Holding::Native(name) => (None, Some(name)),
            };
            let TokenCard { key_id, scopes, created, .. } = entry.card.clone();
            WrittenToken { key_id, origin, name, token: entry.secret.to_base64(), scopes, created }
        };
        let written = Written { version: 1, tokens: entries.iter().map(token).collect() };
        let text = serde_json::to_string_pretty(&written).map_err(std::io::Error::from);
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let put = |text: String| {
            // A file by this library is made for its owner alone, from the first moment.
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(text.as_bytes())?;
            file.as_file().sync_all()?;
            file.persist(&self.path).map_err(|error| error.error)?;
            Ok(())
        };
        text.and_then(put).map_err(|source| self.error("written", source))
    }

    /// Held while the file is read and written anew, so that two processes do not lose each other's change.
    fn lock(&self) -> Result<File, TokenError> {
        let path = self.path.with_extension("lock");
        let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        let locked = open.and_then(|file| file.lock().map(|()| file));
        locked.map_err(|source| TokenError::File { path, what: "locked", source })
    }

    /// Takes from a file that was restored or copied what others may do with it.
    fn close_to_others(&self) -> Result<(), TokenError> {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let data = match fs::metadata(&self.path) {
                Ok(data) => data,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(source) => return Err(self.error("read", source)),
            };
            if data.permissions().mode() & 0o077 != 0 {
                tracing::warn!(
                    "{} was open to other users; it is closed to them now. Pair your pages again if others use this machine.",
                    self.path.display()
                );
                fs::set_permissions(&self.path, fs::Permissions::from_mode(0o600))
                    .map_err(|source| self.error("closed to other users", source))?;
            }
        }
        Ok(())
    }

    fn error(&self, what: &'static str, source: std::io::Error) -> TokenError {
        TokenError::File { path: self.path.clone(), what, source }
    }
}

/// `[any]` A new token; it is nowhere yet.
pub(super) fn make(holder: Holding, scopes: BTreeSet<String>) -> Result<Entry, TokenError> {
    let (mut secret, mut id) = ([0; proof::LENGTH], [0; 12]);
    getrandom::fill(&mut secret)
        .and_then(|()| getrandom::fill(&mut id))
        .map_err(|e| TokenError::Chance(e.to_string()))?;
    let created = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let key_id = BASE64_URL_SAFE_NO_PAD.encode(id);
    Ok(Entry { card: TokenCard { key_id, holder, scopes, created }, secret: Secret::new(secret) })
}
