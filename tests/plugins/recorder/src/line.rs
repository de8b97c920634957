//! A piece of JSON in a fixed place. Thread: any, also audio. Invariant: what is inside is always well-formed, however much did
//! not fit.

use std::fmt::{self, Write};

/// Bytes for the arguments of one call.
pub const ROOM: usize = 1000;
/// Kept free for closing brackets.
const CLOSERS: usize = 16;

/// The members of a JSON object, written in place.
#[derive(Clone, Copy)]
pub struct Line {
    bytes: [u8; ROOM],
    length: usize,
    cut: bool,
}

impl Default for Line {
    fn default() -> Self {
        Self { bytes: [0; ROOM], length: 0, cut: false }
    }
}

impl Line {
    /// `[any]` Adds a member, or leaves it out when there is no room.
    pub fn member(&mut self, key: &str, value: impl Value) {
        self.whole(|line| {
            line.comma()?;
            write!(line, "\"{key}\":")?;
            value.write(line)
        });
    }

    /// `[any]` Adds a value to the list that is open.
    pub fn item(&mut self, value: impl Value) {
        self.whole(|line| {
            line.comma()?;
            value.write(line)
        });
    }

    /// `[any]` Adds a list or an object (`bracket` is `[` or `{`) whose inside is written by `body`.
    pub fn nested(&mut self, key: Option<&str>, bracket: char, body: impl FnOnce(&mut Self)) {
        let opened = self.whole(|line| {
            line.comma()?;
            if let Some(key) = key {
                write!(line, "\"{key}\":")?;
            }
            line.write_char(bracket)
        });
        if opened {
            body(self);
            // There is always room for this: nesting is shallow.
            self.bytes[self.length] = if bracket == '[' { b']' } else { b'}' };
            self.length += 1;
        }
    }

    /// `[any]` What was written.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or("\"broken\":true")
    }

    /// `[any]` Whether something did not fit.
    pub fn cut(&self) -> bool {
        self.cut
    }

    fn whole(&mut self, body: impl FnOnce(&mut Self) -> fmt::Result) -> bool {
        let before = self.length;
        let fits = body(self).is_ok();
        if !fits {
            self.length = before;
            self.cut = true;
        }
        fits
    }

    fn comma(&mut self) -> fmt::Result {
        if self.length > 0 && !matches!(self.bytes[self.length - 1], b'[' | b'{') {
            self.write_char(',')
        } else {
            Ok(())
        }
    }
}

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        if end > ROOM - CLOSERS {
            return Err(fmt::Error);
        }
        self.bytes[self.length..end].copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

/// What a member can be.
pub trait Value {
    /// Writes it as JSON.
    fn write(&self, line: &mut Line) -> fmt::Result;
}

macro_rules! plain {
    ($($kind:ty),*) => {
        $(impl Value for $kind {
            fn write(&self, line: &mut Line) -> fmt::Result {
                write!(line, "{self}")
            }
        })*
    };
}
plain!(i8, u8, i16, u16, i32, u32, i64, u64, usize, bool);

impl Value for f64 {
    fn write(&self, line: &mut Line) -> fmt::Result {
        // JSON has no word for what is not a number.
        if self.is_finite() { write!(line, "{self:?}") } else { write!(line, "\"{self}\"") }
    }
}

impl Value for f32 {
    fn write(&self, line: &mut Line) -> fmt::Result {
        f64::from(*self).write(line)
    }
}

impl Value for &str {
    fn write(&self, line: &mut Line) -> fmt::Result {
        line.write_char('"')?;
        for letter in self.chars() {
            match letter {
                '"' | '\\' => write!(line, "\\{letter}")?,
                control if (control as u32) < 0x20 => write!(line, "\\u{:04x}", control as u32)?,
                other => line.write_char(other)?,
            }
        }
        line.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_left_out_whole() {
        let mut line = Line::default();
        line.member("name", "a \"b\"\n");
        line.member("value", f64::NAN);
        line.nested(Some("list"), '[', |line| {
            for number in 0..1000 {
                line.nested(None, '[', |line| {
                    line.item(number);
                    line.item(0.5);
                });
            }
        });
        line.member("late", "x".repeat(40).as_str());
        assert!(line.cut());
        let parsed: serde_json::Value = serde_json::from_str(&format!("{{{}}}", line.text())).expect("well-formed");
        assert_eq!(parsed["name"], "a \"b\"\n");
        assert_eq!(parsed["value"], "NaN");
        assert!(parsed["list"].as_array().is_some_and(|list| list.len() > 50));
    }
}
