//! L0 · the table of all options.
//!
//! Thread: any. Invariant: the struct, its defaults, the descriptions and the limits are written once, here.
//! Deliberately absent: how a value is judged (`rules`).

use super::{
    rules::Rule::{self, OneOf, Range, Waits},
    value::{Setting, Value},
};

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its name within its section.
    pub key: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// The type in words: “a text”.
    pub kind: &'static str,
    /// What its value has to obey.
    pub rules: &'static [Rule],
}

/// Options that belong together.
#[derive(Clone, Copy, Debug)]
pub struct Section {
    /// Its name.
    pub key: &'static str,
    /// One sentence.
    pub doc: &'static str,
    /// What is in it.
    pub entries: &'static [Entry],
}

macro_rules! options {
    ($($(#[doc = $about:literal])+ $section:ident: $Name:ident = {
        $($(#[doc = $doc:literal])+ $key:ident: $type:ty = $default:expr, [$($rule:expr),*];)*
    })*) => {
        $(
            $(#[doc = $about])+
            #[derive(Clone, Debug, PartialEq, Eq)]
            pub struct $Name { $($(#[doc = $doc])+ pub $key: $type,)* }
            impl Default for $Name {
                fn default() -> Self { Self { $($key: $default,)* } }
            }
        )*
        /// Everything that can be configured.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Config { $($(#[doc = $about])+ pub $section: $Name,)* }
        /// The table of all options.
        pub const SECTIONS: &[Section] = &[$(Section {
            key: stringify!($section),
            doc: concat!($($about),+),
            entries: &[$(Entry {
                key: stringify!($key),
                doc: concat!($($doc),+),
                kind: <$type as Setting>::KIND,
                rules: &[$($rule),*],
            }),*],
        }),*];
        impl Config {
            /// `[any]` The value of an option; nothing for one that does not exist.
            pub fn get(&self, section: &str, key: &str) -> Value {
                match (section, key) {
                    $($((stringify!($section), stringify!($key)) => self.$section.$key.to_value(),)*)*
                    _ => Value::Nothing,
                }
            }

            /// The value has the right type, or the field stays.
            pub(super) fn put(&mut self, section: &str, key: &str, value: &Value) -> bool {
                match (section, key) {
                    $($((stringify!($section), stringify!($key)) => {
                        let taken = Setting::from_value(value);
                        taken.map(|taken| self.$section.$key = taken).is_some()
                    })*)*
                    _ => false,
                }
            }
        }
    };
}

options! {
    /// Where browsers connect.
    server: Server = {
        /// The port on this machine that is listened on.
        port: u32 = 8080, [Range(1, 65_535)];
        /// Pages that may ask to be let in, each as scheme://host or scheme://host:port.
        origins: Vec<String> = texts(&["https://sforge.web.app", "http://localhost:5173"]), [];
        /// Whether programs without an origin may connect, at /v1/native, with a token.
        native: bool = false, [];
        /// Whether the bridge's own page is opened in the browser at the start.
        open: bool = true, [];
    }
    /// How much there may be of everything; a client that wants more is told so.
    limits: LimitsSection = {
        /// Sessions of one page or program at a time.
        sessions: u32 = 4, [Range(1, 1024)];
        /// Open sockets at a time, those that are not let in yet included.
        sockets: u32 = 16, [Range(1, 1024)];
        /// Loaded chains of one session.
        instances: u32 = 256, [Range(1, 65_535)];
        /// Open streams of one session.
        streams: u32 = 128, [Range(1, 65_535)];
        /// How long what a client loaded waits for it to come back, in seconds.
        grace_s: u32 = 30, [Range(0, 86_400)];
    }
    /// Sound cards, and how they are opened.
    audio: Audio = {
        /// The output device, by a part of its name.
        output: String = "default".to_owned(), [Waits("playing through sound cards")];
        /// The input device, by a part of its name; nil opens none.
        input: Option<String> = None, [Waits("recording from sound cards")];
        /// Frames in a second.
        sample_rate: u32 = 48_000, [Range(8000, 384_000), Waits("playing through sound cards")];
        /// Frames in a block.
        block: u32 = 128, [Range(16, 8192), Waits("playing through sound cards")];
    }
    /// Which plugins are looked for, and where.
    plugins: Plugins = {
        /// The formats to look for.
        formats: Vec<String> = texts(&["vst3"]), [OneOf(&["vst3"], &["au", "clap"])];
        /// Folders to search before the system's own; relative to this file, with / on every system, ~/ for your home.
        extra_paths: Vec<String> = Vec::new(), [];
        /// What shares a process with what: "none" runs plugins inside the program.
        isolation: String = "none".to_owned(), [OneOf(&["none"], &["chain", "plugin", "vendor"])];
    }
    /// Lua scripts. Paths are relative to this file, with / on every system.
    scripts: Scripts = {
        /// The script that declares the protocol; where it is not there, the one that comes with the program is used.
        protocol: Option<String> = Some("scripts/protocol.lua".to_owned()), [];
        /// Scripts that describe how sound runs; * stands for any name.
        routing: Vec<String> = Vec::new(), [];
        /// The folders in which require "a.b" finds a/b.lua, the first one first.
        roots: Vec<String> = texts(&["scripts"]), [];
        /// The most memory a script may take, in MiB.
        memory: u32 = 64, [Range(1, 4096)];
        /// The longest time a script may take to load, in seconds.
        load_seconds: u32 = 2, [Range(1, 600)];
        /// The longest time a handler may run before it waits or returns, in milliseconds.
        call_ms: u32 = 100, [Range(1, 60_000)];
        /// Whether a script that is saved takes over at once.
        reload: bool = true, [];
    }
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}
