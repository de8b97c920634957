//! Plain values as text, and back. Thread: any (allocates: never the audio thread).
//!
//! Invariant: formatting what was parsed from a formatted text gives the same text again.

use crate::param::{Param, Taper};

/// How a plain value is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Text {
    /// A number; the unit stands beside it, not in it.
    Number {
        /// Digits behind the point.
        decimals: usize,
        /// Unit, may be empty.
        unit: &'static str,
    },
    /// Decibels with "-inf" at the lower end.
    Decibels,
    /// "440.0 Hz", "1.20 kHz".
    Hertz,
    /// Milliseconds: "250.0 ms", "1.20 s".
    Time,
    /// −100…100: "L 50", "C", "R 50".
    Pan,
    /// The name in the list.
    Name,
}

impl Text {
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Text::Number { unit, .. } => unit,
            Text::Decibels => "dB",
            Text::Hertz | Text::Time | Text::Pan | Text::Name => "",
        }
    }

    pub(crate) fn format(self, param: &Param, plain: f64) -> String {
        match self {
            Text::Number { decimals, .. } => fixed(plain, decimals),
            Text::Decibels if plain <= param.range().0 => "-inf".into(),
            Text::Decibels => fixed(plain, 2),
            Text::Hertz => scaled(plain, "Hz", "kHz"),
            Text::Time => scaled(plain, "ms", "s"),
            Text::Pan => {
                let text = trimmed(plain.abs());
                match plain {
                    _ if text == "0" => "C".into(),
                    p if p < 0.0 => format!("L {text}"),
                    _ => format!("R {text}"),
                }
            }
            Text::Name => name_list(param).get(plain as usize).map_or_else(String::new, |name| (*name).into()),
        }
    }

    pub(crate) fn parse(self, param: &Param, text: &str) -> Option<f64> {
        let text = text.trim().to_lowercase().replace('−', "-");
        match self {
            Text::Number { unit, .. } => {
                let (value, rest) = split(&text)?;
                (rest.is_empty() || rest == unit.to_lowercase()).then_some(value)
            }
            Text::Decibels => {
                let bare = text.strip_suffix("db").unwrap_or(&text).trim_end();
                if matches!(bare, "-inf" | "-infinity" | "-∞" | "-oo" | "off") {
                    return Some(param.range().0);
                }
                split(bare).and_then(|(value, rest)| rest.is_empty().then_some(value))
            }
            Text::Hertz => match split(&text)? {
                (value, "" | "hz") => Some(value),
                (value, "k" | "khz") => Some(value * 1000.0),
                _ => None,
            },
            Text::Time => match split(&text)? {
                (value, "" | "ms") => Some(value),
                (value, "s" | "sec") => Some(value * 1000.0),
                _ => None,
            },
            Text::Pan => {
                let (sign, rest) = match text.as_str() {
                    "c" | "center" | "centre" => return Some(0.0),
                    t if t.starts_with('l') => (-1.0, t[1..].trim()),
                    t if t.starts_with('r') => (1.0, t[1..].trim()),
                    t => (1.0, t),
                };
                split(rest.trim_end_matches('%').trim()).and_then(|(v, rest)| rest.is_empty().then_some(sign * v))
            }
            Text::Name => {
                let names = name_list(param);
                let exact = names.iter().position(|name| name.to_lowercase() == text);
                let mut starts = names.iter().enumerate().filter(|(_, name)| name.to_lowercase().starts_with(&text));
                let unique = match (starts.next(), starts.next()) {
                    (Some((i, _)), None) if !text.is_empty() => Some(i),
                    _ => None,
                };
                exact.or(unique).map(|i| i as f64)
            }
        }
    }
}

fn name_list(param: &Param) -> &'static [&'static str] {
    match param.taper {
        Taper::List(names) => names,
        _ => &[],
    }
}

/// A number with so many decimals and never "-0.0".
fn fixed(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match text.strip_prefix('-') {
        Some(digits) if digits.chars().all(|c| matches!(c, '0' | '.')) => digits.into(),
        _ => text,
    }
}

/// One decimal where it says something.
fn trimmed(value: f64) -> String {
    let text = fixed(value, 1);
    text.strip_suffix(".0").map_or(text.clone(), Into::into)
}

/// Below a thousand in the small unit, else in the large one. Rounds first: 999.97 Hz is written "1.00 kHz".
fn scaled(value: f64, small: &str, large: &str) -> String {
    if (value * 10.0).round() / 10.0 < 1000.0 {
        format!("{} {small}", fixed(value, 1))
    } else {
        format!("{} {large}", fixed(value / 1000.0, 2))
    }
}

/// Number in front, trimmed rest behind. A comma counts as the decimal point.
fn split(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !matches!(c, '0'..='9' | '.' | ',' | '-' | '+')).unwrap_or(text.len());
    let value: f64 = text[..end].replace(',', ".").parse().ok()?;
    Some((value, text[end..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::param::{list, number};

    #[test]
    fn texts_read_back() {
        let freq = number(0, "Freq", Taper::Log(20.0, 20_000.0), 1000.0, Text::Hertz);
        for (text, plain) in [("1.2 kHz", 1200.0), ("440", 440.0), ("440hz", 440.0), ("1,5k", 1500.0)] {
            let n = freq.parse(text).unwrap_or_else(|| panic!("{text} is not understood"));
            assert!((freq.plain(n) - plain).abs() < 1e-6, "{text}");
        }
        assert_eq!(freq.format(freq.normalized(999.97)), "1.00 kHz");
        assert_eq!(freq.parse("30 kHz"), None);
        assert_eq!(freq.parse("loud"), None);
        assert_eq!(freq.parse(""), None);

        let gain = number(0, "Gain", Taper::Linear(-96.0, 24.0), 0.0, Text::Decibels);
        assert_eq!(gain.format(0.0), "-inf");
        for text in ["-inf", "-inf dB", "−∞", "-96"] {
            assert_eq!(gain.parse(text), Some(0.0), "{text}");
        }
        assert_eq!(gain.format(gain.parse("-6 dB").expect("a level")), "-6.00");
        assert_eq!(gain.parse("25"), None);

        let pan = number(0, "Pan", Taper::Linear(-100.0, 100.0), 0.0, Text::Pan);
        assert_eq!(pan.format(pan.parse("l50").expect("a place")), "L 50");
        assert_eq!(pan.format(0.5), "C");

        let kind = list(0, "Type", &["Low Shelf", "Low Cut", "Bell"], 0);
        assert_eq!(kind.parse("bell"), Some(1.0));
        assert_eq!(kind.parse("low c"), Some(0.5));
        assert_eq!(kind.parse("low"), None);
    }
}
