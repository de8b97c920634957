//! L4 · JSON, read strictly: what two readers could understand differently is not understood at all.
//!
//! Thread: any. Invariant: depth and number of values are bounded while reading, not after; no number is infinite.
//! Deliberately absent: types; the scripts check what they ask for.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::{cell::Cell, fmt};

/// Why a text was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is no JSON: position only, so that nothing of it gets into a log.
    Syntax { line: usize, column: usize },
    /// It is nested too deeply.
    Deep,
    /// It has too many values.
    Many,
    /// An object has a member twice.
    Repeated,
}

/// `[any]` Reads one value.
pub(super) fn read(text: &str, depth: usize, values: usize) -> Result<Value, Unread> {
    let (left, fault) = (Cell::new(values), Cell::new(None));
    let mut reader = serde_json::Deserializer::from_str(text);
    let seed = Seed { depth, left: &left, fault: &fault };
    let value = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| fault.take().unwrap_or(Unread::Syntax { line: error.line(), column: error.column() }))
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    /// Levels that may be opened below.
    depth: usize,
    /// Values that may come.
    left: &'a Cell<usize>,
    fault: &'a Cell<Option<Unread>>,
}

impl Seed<'_> {
    fn fail<T, E: Error>(&self, fault: Unread) -> Result<T, E> {
        self.fault.set(Some(fault));
        Err(E::custom("refused"))
    }

    fn count<E: Error>(&self) -> Result<(), E> {
        match self.left.get().checked_sub(1) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => self.fail(Unread::Many),
        }
    }

    fn below<E: Error>(&self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..*self }),
            None => self.fail(Unread::Deep),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.count().map(|()| Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.count().map(|()| value.into())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.count().map(|()| value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.count().map(|()| value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.count()?;
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.count().map(|()| value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        self.count()?;
        let (below, mut values) = (self.below()?, Vec::new());
        while let Some(value) = list.next_element_seed(below)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Value, A::Error> {
        self.count()?;
        let (below, mut members) = (self.below()?, Map::new());
        while let Some(key) = object.next_key::<String>()? {
            let value = object.next_value_seed(below)?;
            if members.insert(key, value).is_some() {
                return self.fail(Unread::Repeated);
            }
        }
        Ok(Value::Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str) -> Result<Value, Unread> {
        read(text, 32, 1000)
    }

    #[test]
    fn depth_is_counted_in_levels() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(check(&nested(32)).is_ok());
        assert_eq!(check(&nested(33)), Err(Unread::Deep));
        assert_eq!(check(&"[".repeat(100_000)), Err(Unread::Deep));
        assert_eq!(check(&"{\"a\":".repeat(10_000)), Err(Unread::Deep));
    }

    #[test]
    fn what_could_be_understood_in_two_ways_is_refused() {
        assert_eq!(check(r#"{"a":1,"a":2}"#), Err(Unread::Repeated));
        assert_eq!(check(r#"{"a":{"b":1,"\u0062":2}}"#), Err(Unread::Repeated));
        assert_eq!(check(&format!("[{}1]", "1,".repeat(1000))), Err(Unread::Many));
        for bad in [
            "1e999",
            "-1e999",
            "[1e309]",
            r#""\ud800""#,
            r#""\udc00x""#,
            "NaN",
            "01",
            "1 2",
            "",
            "\u{feff}{}",
            "{'a':1}",
            "[1,]",
        ] {
            assert!(matches!(check(bad), Err(Unread::Syntax { .. })), "{bad}");
        }
        assert_eq!(check("-0").unwrap().as_f64().map(f64::to_bits), Some((-0.0f64).to_bits()));
        assert_eq!(check("9223372036854775808").unwrap().as_u64(), Some(1 << 63));
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_serde_json_reads_it_or_refused(text in r#"[\[\]{}:,"0-9a-e.+\\ -]{0,40}"#) {
            if let Ok(value) = check(&text) {
                prop_assert_eq!(value, serde_json::from_str::<Value>(&text).unwrap());
            }
        }
    }
}
