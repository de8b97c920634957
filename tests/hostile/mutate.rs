//! Seeds, and seeds with pieces changed.

use proptest::prelude::*;
use std::path::Path;

/// Bytes that have a meaning somewhere.
const SPECIAL: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\x7f\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\x80\0\0\0",
    b"\0\0\0\x80",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\"",
    b"'",
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b"1e999",
    b"-0",
    b"9223372036854775808",
];

/// The seeds of a target, in the order of their names.
pub fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/seeds").join(target);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// One change. Places are shares of the length, so that they mean something for any seed.
#[derive(Clone, Debug)]
enum Change {
    Set(f64, u8),
    Flip(f64, u8),
    Overwrite(f64, usize),
    Insert(f64, usize),
    Remove(f64, usize),
    Repeat(f64, usize, usize),
    Cut(f64),
    Splice(f64, usize, f64),
}

fn change() -> impl Strategy<Value = Change> {
    let place = || 0.0..1.0_f64;
    prop_oneof![
        (place(), any::<u8>()).prop_map(|(at, byte)| Change::Set(at, byte)),
        (place(), 0_u8..8).prop_map(|(at, bit)| Change::Flip(at, bit)),
        (place(), 0..SPECIAL.len()).prop_map(|(at, what)| Change::Overwrite(at, what)),
        (place(), 0..SPECIAL.len()).prop_map(|(at, what)| Change::Insert(at, what)),
        (place(), 1_usize..40).prop_map(|(at, count)| Change::Remove(at, count)),
        (place(), 1_usize..40, 1_usize..20).prop_map(|(at, count, times)| Change::Repeat(at, count, times)),
        place().prop_map(Change::Cut),
        (place(), any::<usize>(), place()).prop_map(|(at, seed, from)| Change::Splice(at, seed, from)),
    ]
}

impl Change {
    fn make(&self, bytes: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let place = |share: f64, bytes: &[u8]| (share * (bytes.len() + 1) as f64) as usize;
        match *self {
            Self::Set(at, byte) => {
                let at = (at * bytes.len() as f64) as usize;
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            Self::Flip(at, bit) => {
                let at = (at * bytes.len() as f64) as usize;
                if let Some(place) = bytes.get_mut(at) {
                    *place ^= 1 << bit;
                }
            }
            Self::Overwrite(at, what) => {
                let from = place(at, bytes);
                let to = (from + SPECIAL[what].len()).min(bytes.len());
                bytes.splice(from..to, SPECIAL[what].iter().copied());
            }
            Self::Insert(at, what) => {
                let from = place(at, bytes);
                bytes.splice(from..from, SPECIAL[what].iter().copied());
            }
            Self::Remove(at, count) => {
                let from = place(at, bytes);
                bytes.drain(from..(from + count).min(bytes.len()));
            }
            Self::Repeat(at, count, times) => {
                let from = place(at, bytes);
                let piece = bytes[from..(from + count).min(bytes.len())].repeat(times);
                bytes.splice(from..from, piece);
            }
            Self::Cut(at) => bytes.truncate(place(at, bytes)),
            Self::Splice(at, seed, from) => {
                let other = &seeds[seed % seeds.len()];
                bytes.truncate(place(at, bytes));
                bytes.extend(&other[place(from, other).min(other.len())..]);
            }
        }
    }
}

/// A seed of the target with a few changes.
pub fn mutated(target: &str) -> impl Strategy<Value = Vec<u8>> {
    let seeds = seeds(target);
    (any::<prop::sample::Index>(), prop::collection::vec(change(), 0..10)).prop_map(move |(seed, changes)| {
        let mut bytes = seed.get(&seeds).clone();
        changes.iter().for_each(|change| change.make(&mut bytes, &seeds));
        bytes
    })
}

/// How many inputs a test tries; `PROPTEST_CASES` says otherwise.
pub fn cases(count: u32) -> ProptestConfig {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = count;
    }
    config
}
