//! L0 · values as a file has them, and the Rust types that options have.
//!
//! Thread: any. Invariant: what is taken from a value gives the same value back.
//! Deliberately absent: limits (`rules`).

/// A value as a configuration file has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Left out.
    Nothing,
    /// Yes or no.
    Flag(bool),
    /// Any number.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// What no option takes, by its name: “a function”.
    Other(&'static str),
}

impl Value {
    /// `[any]` For a message: short, and as it was written.
    pub fn described(&self) -> String {
        match self {
            Self::Nothing => "nil".to_owned(),
            Self::Flag(flag) => flag.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => format!("\"{}\"", shortened(text)),
            Self::List(items) if items.len() > 4 => format!("a list of {}", items.len()),
            Self::List(items) => format!("{{ {} }}", items.iter().map(Self::described).collect::<Vec<_>>().join(", "))
                .replace("{  }", "{}"),
            Self::Other(kind) => (*kind).to_owned(),
        }
    }
}

pub(super) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" or ")
}

pub(super) fn shortened(text: &str) -> String {
    if text.chars().count() > 60 {
        format!("{}…", text.chars().take(60).collect::<String>())
    } else {
        text.to_owned()
    }
}

/// A Rust type an option may have.
pub(super) trait Setting: Sized {
    /// In words.
    const KIND: &'static str;
    fn from_value(value: &Value) -> Option<Self>;
    fn to_value(&self) -> Value;
}

impl Setting for u32 {
    const KIND: &'static str = "a whole number";
    fn from_value(value: &Value) -> Option<Self> {
        // Far out of every range is a matter for the rule, not for the type.
        match value {
            Value::Number(number) if number.fract() == 0.0 => Some(*number as Self),
            _ => None,
        }
    }
    fn to_value(&self) -> Value {
        Value::Number(f64::from(*self))
    }
}

impl Setting for bool {
    const KIND: &'static str = "true or false";
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Flag(flag) = value { Some(*flag) } else { None }
    }
    fn to_value(&self) -> Value {
        Value::Flag(*self)
    }
}

impl Setting for String {
    const KIND: &'static str = "a text";
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            // An empty name or path never means anything.
            Value::Text(text) if !text.is_empty() => Some(text.clone()),
            _ => None,
        }
    }
    fn to_value(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl Setting for Option<String> {
    const KIND: &'static str = "a text or nil";
    fn from_value(value: &Value) -> Option<Self> {
        if *value == Value::Nothing { Some(None) } else { String::from_value(value).map(Some) }
    }
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Nothing, String::to_value)
    }
}

impl Setting for Vec<String> {
    const KIND: &'static str = "a list of texts";
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::List(items) = value { items.iter().map(String::from_value).collect() } else { None }
    }
    fn to_value(&self) -> Value {
        Value::List(self.iter().map(String::to_value).collect())
    }
}
