//! L4 · the types of what a verb takes and gives, as a script declares them.
//!
//! Thread: script. Invariant: a handler gets only fields it declared, each of the declared type and within its range.
//! Deliberately absent: whether an instance, stream or parameter of that number exists; that is told when it is used.

use crate::{
    link::{Fault, Json},
    model::{ErrorCode, nearest},
};
use mlua::{Table, Value};
use serde_json::json;
use std::collections::BTreeMap;

/// Words for types in declarations.
pub(super) const TYPES: &[&str] =
    &["any", "boolean", "instance", "integer", "list", "number", "object", "param", "stream", "text", "value"];
/// Characters of a text where nothing else is said.
const MAX_TEXT: usize = 4096;
/// Entries of a list where nothing else is said.
const MAX_ITEMS: usize = 4096;
/// Declarations within one another.
const MAX_DEPTH: usize = 8;

/// A named member of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name on the wire.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// A sentence; may be empty.
    pub doc: String,
    /// Has to be given.
    pub required: bool,
    /// What it is when left out.
    pub default: Option<Json>,
    /// In results: null where there is nothing.
    pub nullable: bool,
}

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Whatever JSON can say.
    Any,
    /// True or false.
    Boolean,
    /// A finite number from, to.
    Number(Option<f64>, Option<f64>),
    /// A whole number from, to.
    Integer(Option<f64>, Option<f64>),
    /// A text of at most so many characters.
    Text(usize),
    /// One of these words.
    Choice(Vec<String>),
    /// The number of an instance.
    Instance,
    /// The number of a stream.
    Stream,
    /// A parameter by number or name.
    Param,
    /// A number or a text.
    Value,
    /// Named members; `None` for any.
    Object(Option<Vec<Field>>),
    /// At most so many of a type.
    List(Box<Kind>, usize),
    /// A record that the protocol declared.
    Record(String),
}

/// Records of a protocol by name.
pub(super) type Records = BTreeMap<String, Vec<Field>>;

/// `[script]` Reads a table of fields. `records` are the names declared before.
pub(super) fn declared(table: &Table, records: &Records) -> Result<Vec<Field>, String> {
    fields(table, records, 0)
}

fn fields(table: &Table, records: &Records, depth: usize) -> Result<Vec<Field>, String> {
    if depth > MAX_DEPTH {
        return Err(format!("fields are declared more than {MAX_DEPTH} levels deep"));
    }
    let mut found = Vec::new();
    for (name, value) in pairs(table) {
        let Value::String(name) = name else {
            return Err("fields have names: instance = \"instance\"".to_owned());
        };
        let name = name.to_string_lossy();
        let field = field(&name, &value, records, depth).map_err(|reason| format!("field “{name}”: {reason}"))?;
        found.push(field);
    }
    // Lua keeps no order; what is required comes first.
    found.sort_by(|a, b| b.required.cmp(&a.required).then_with(|| a.name.cmp(&b.name)));
    Ok(found)
}

fn field(name: &str, value: &Value, records: &Records, depth: usize) -> Result<Field, String> {
    let bare = |kind, required, nullable| Field {
        name: name.to_owned(),
        kind,
        doc: String::new(),
        required,
        default: None,
        nullable,
    };
    let table = match value {
        Value::String(word) => {
            let word = word.to_string_lossy();
            let (word, optional) = word.strip_suffix('?').map_or((word.as_str(), false), |word| (word, true));
            return Ok(bare(plain(word, records)?, !optional, false));
        }
        Value::Table(table) => table,
        other => return Err(format!("a type is a word or a table, not a {}", other.type_name())),
    };
    let kind = table_kind(table, records, depth)?;
    let flag = |key: &str| matches!(table.raw_get::<Value>(key), Ok(Value::Boolean(true)));
    let default: Value = table.raw_get("default").map_err(|error| error.to_string())?;
    let default = if default.is_nil() { None } else { Some(super::json::from_lua(&default)?) };
    let doc = table.raw_get::<Option<String>>("doc").map_err(|_| "doc has to be a text".to_owned())?;
    let (optional, nullable) = (flag("optional"), flag("null"));
    let field = Field {
        doc: doc.unwrap_or_default(),
        default: default.clone(),
        ..bare(kind, !optional && default.is_none() && !nullable, nullable)
    };
    if let Some(default) = &default {
        let place = Place { path: name, records };
        check(&field.kind, default, &place).map_err(|fault| format!("the default: {}", fault.message))?;
    }
    for (key, _) in pairs(table) {
        if let Value::String(key) = key {
            let key = key.to_string_lossy();
            let known = ["default", "doc", "optional", "null", "min", "max", "of", "fields"];
            if !known.contains(&key.as_str()) {
                return Err(format!("there is no option “{key}”{}", meant(&key, known.into_iter())));
            }
        }
    }
    Ok(field)
}

fn table_kind(table: &Table, records: &Records, depth: usize) -> Result<Kind, String> {
    let words: Vec<String> = (1..=table.raw_len())
        .map(|at| table.raw_get::<String>(at).map_err(|_| "a list of words has texts only".to_owned()))
        .collect::<Result<_, _>>()?;
    let number = |key: &str| table.raw_get::<Option<f64>>(key).map_err(|_| format!("{key} has to be a number"));
    let (least, most) = (number("min")?, number("max")?);
    let inner = |key: &str| table.raw_get::<Option<Table>>(key).map_err(|_| format!("{key} has to be a table"));
    let word = match words.as_slice() {
        [] if inner("fields")?.is_some() => "object",
        [] => return Err("the type is missing: { \"integer\", min = 0 }".to_owned()),
        [word] if TYPES.contains(&word.as_str()) || records.contains_key(word) => word.as_str(),
        _ => return Ok(Kind::Choice(words)),
    };
    let size = |usual: usize| most.map_or(usual, |most| most as usize);
    Ok(match word {
        "number" => Kind::Number(least, most),
        "integer" => Kind::Integer(least, most),
        "text" => Kind::Text(size(MAX_TEXT)),
        "object" => Kind::Object(inner("fields")?.map(|table| fields(&table, records, depth + 1)).transpose()?),
        "list" => {
            let of: Value = table.raw_get("of").map_err(|error| error.to_string())?;
            let of = if of.is_nil() { Kind::Any } else { field("of", &of, records, depth + 1)?.kind };
            Kind::List(Box::new(of), size(MAX_ITEMS))
        }
        other => plain(other, records)?,
    })
}

fn plain(word: &str, records: &Records) -> Result<Kind, String> {
    Ok(match word {
        "any" => Kind::Any,
        "boolean" => Kind::Boolean,
        "number" => Kind::Number(None, None),
        "integer" => Kind::Integer(None, None),
        "text" => Kind::Text(MAX_TEXT),
        "instance" => Kind::Instance,
        "stream" => Kind::Stream,
        "param" => Kind::Param,
        "value" => Kind::Value,
        "object" => Kind::Object(None),
        "list" => Kind::List(Box::new(Kind::Any), MAX_ITEMS),
        other if records.contains_key(other) => Kind::Record(other.to_owned()),
        other => {
            let known = TYPES.iter().copied().chain(records.keys().map(String::as_str));
            return Err(format!("there is no type “{other}”{}", meant(other, known)));
        }
    })
}

fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(name, known).first().map(|near| format!("; did you mean “{near}”?")).unwrap_or_default()
}

/// `[script]` What is in a table itself, sorted by nothing.
pub(super) fn pairs(table: &Table) -> Vec<(Value, Value)> {
    let mut pairs = Vec::new();
    // It fails only if our own function fails.
    let _ = table.for_each(|key, value| {
        pairs.push((key, value));
        Ok(())
    });
    pairs
}

/// Where in the parameters, and what records there are.
struct Place<'a> {
    path: &'a str,
    records: &'a Records,
}

/// `[script]` Checks parameters, fills in defaults, and leaves out what was not declared: so many fields.
pub(super) fn accept(fields: &[Field], params: &Json, records: &Records) -> Result<(Json, u64), Fault> {
    let Json::Object(given) = params else {
        return Err(fault(ErrorCode::FIELD_TYPE, "params", "“params” has to be an object".to_owned()));
    };
    let mut taken = serde_json::Map::new();
    for field in fields {
        match given.get(&field.name).filter(|value| !value.is_null()) {
            Some(value) => {
                taken.insert(field.name.clone(), check(&field.kind, value, &Place { path: &field.name, records })?);
            }
            None if field.required => {
                let message = format!("“{}” is missing; it has to be {}", field.name, described(&field.kind));
                return Err(fault(ErrorCode::FIELD_MISSING, &field.name, message));
            }
            None => {
                taken.extend(field.default.clone().map(|default| (field.name.clone(), default)));
            }
        }
    }
    let unknown = given.keys().filter(|key| !fields.iter().any(|field| field.name == **key)).count();
    Ok((Json::Object(taken), unknown as u64))
}

fn fault(code: ErrorCode, path: &str, message: String) -> Fault {
    Fault { data: Some(json!({ "field": path })), ..Fault::new(code, message) }
}

fn check(kind: &Kind, value: &Json, place: &Place<'_>) -> Result<Json, Fault> {
    let path = place.path;
    let wrong = || {
        let message = format!("“{path}” has to be {}, not {}", described(kind), shown(value));
        fault(ErrorCode::FIELD_TYPE, path, message)
    };
    let out = |expected: String| {
        fault(ErrorCode::OUT_OF_RANGE, path, format!("“{path}” has to be {expected}; {} is not", shown(value)))
    };
    match (kind, value) {
        (Kind::Any, _) | (Kind::Boolean, Json::Bool(_)) => Ok(value.clone()),
        (Kind::Number(..) | Kind::Integer(..), Json::String(text)) if is_no_number(text) => {
            Err(fault(ErrorCode::NOT_FINITE, path, format!("“{path}” has to be a finite number, not {text}")))
        }
        (Kind::Number(least, most), Json::Number(number)) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            if !number.is_finite() {
                let message = format!("“{path}” has to be a finite number");
                return Err(fault(ErrorCode::NOT_FINITE, path, message));
            }
            if within(number, *least, *most) { Ok(value.clone()) } else { Err(out(described(kind))) }
        }
        (Kind::Integer(least, most), Json::Number(number)) => match whole(number) {
            Some(whole) if within(whole as f64, *least, *most) => Ok(Json::from(whole)),
            Some(_) => Err(out(described(kind))),
            None => Err(wrong()),
        },
        (Kind::Instance | Kind::Stream, Json::Number(number)) => match whole(number) {
            Some(whole) if u32::try_from(whole).is_ok() => Ok(Json::from(whole)),
            Some(_) => Err(out(described(kind))),
            None => Err(wrong()),
        },
        (Kind::Param, Json::Number(number)) => match whole(number) {
            Some(whole) if u32::try_from(whole).is_ok() => Ok(Json::from(whole)),
            _ => Err(out(described(kind))),
        },
        (Kind::Param, Json::String(text)) if !text.is_empty() && text.chars().count() <= 256 => Ok(value.clone()),
        (Kind::Value, Json::Number(number)) if number.as_f64().is_some_and(f64::is_finite) => Ok(value.clone()),
        (Kind::Value, Json::String(text)) if text.chars().count() <= MAX_TEXT => Ok(value.clone()),
        (Kind::Text(most), Json::String(text)) => {
            if text.chars().count() <= *most {
                Ok(value.clone())
            } else {
                Err(fault(ErrorCode::TOO_LARGE, path, format!("“{path}” is longer than {most} characters")))
            }
        }
        (Kind::Choice(words), Json::String(text)) if words.contains(text) => Ok(value.clone()),
        (Kind::Choice(_), Json::String(_)) => Err(out(described(kind))),
        (Kind::Object(None), Json::Object(_)) => Ok(value.clone()),
        (Kind::Object(Some(fields)), Json::Object(_)) => nested(fields, value, place),
        (Kind::Record(name), Json::Object(_)) => match place.records.get(name) {
            Some(fields) => nested(fields, value, place),
            None => Ok(value.clone()),
        },
        (Kind::List(_, most), Json::Array(items)) if items.len() > *most => {
            Err(fault(ErrorCode::TOO_LARGE, path, format!("“{path}” has more than {most} entries")))
        }
        (Kind::List(of, _), Json::Array(items)) => {
            let items = items.iter().enumerate().map(|(at, item)| {
                let path = format!("{path}[{at}]");
                check(of, item, &Place { path: &path, records: place.records })
            });
            items.collect::<Result<Vec<_>, _>>().map(Json::Array)
        }
        _ => Err(wrong()),
    }
}

fn nested(fields: &[Field], value: &Json, place: &Place<'_>) -> Result<Json, Fault> {
    accept(fields, value, place.records).map(|(value, _)| value).map_err(|mut fault| {
        // “key” within “events[3]” is “events[3].key”.
        if let Some(inner) = fault.data.as_ref().and_then(|data| data["field"].as_str().map(str::to_owned)) {
            let whole = format!("{}.{inner}", place.path);
            fault.message = fault.message.replacen(&format!("“{inner}”"), &format!("“{whole}”"), 1);
            fault.data = Some(json!({ "field": whole }));
        }
        fault
    })
}

fn is_no_number(text: &str) -> bool {
    matches!(text.trim_start_matches(['+', '-']).to_lowercase().as_str(), "nan" | "inf" | "infinity")
}

fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let number = number.as_f64()?;
        (number.fract() == 0.0 && number.abs() <= 9_007_199_254_740_992.0).then_some(number as i64)
    })
}

fn within(number: f64, least: Option<f64>, most: Option<f64>) -> bool {
    least.is_none_or(|least| number >= least) && most.is_none_or(|most| number <= most)
}

/// `[any]` A type in words.
pub(super) fn described(kind: &Kind) -> String {
    let range = |what: &str, least: &Option<f64>, most: &Option<f64>| match (least, most) {
        (Some(least), Some(most)) => format!("{what} from {least} to {most}"),
        (Some(least), None) => format!("{what} from {least} up"),
        (None, Some(most)) => format!("{what} up to {most}"),
        (None, None) => what.to_owned(),
    };
    match kind {
        Kind::Any => "anything".to_owned(),
        Kind::Boolean => "true or false".to_owned(),
        Kind::Number(least, most) => range("a number", least, most),
        Kind::Integer(least, most) => range("a whole number", least, most),
        Kind::Text(_) => "a text".to_owned(),
        Kind::Choice(words) => words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(" or "),
        Kind::Instance => "the number of an instance".to_owned(),
        Kind::Stream => "the number of a stream".to_owned(),
        Kind::Param => "the number or name of a parameter".to_owned(),
        Kind::Value => "a number or a text".to_owned(),
        Kind::Object(_) => "an object".to_owned(),
        Kind::List(of, _) if **of == Kind::Any => "a list".to_owned(),
        Kind::List(of, _) => format!("a list, each entry {}", described(of)),
        Kind::Record(name) => format!("a record {name}"),
    }
}

fn shown(value: &Json) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 { format!("{}…", text.chars().take(60).collect::<String>()) } else { text }
}

/// `[script]` A result as it was declared: lists that are empty are lists, and what may be null is there.
pub(super) fn shape(fields: &[Field], value: &mut Json, records: &Records) {
    let Json::Object(members) = value else { return };
    for field in fields {
        match members.get_mut(&field.name) {
            Some(value) => shape_kind(&field.kind, value, records),
            None if field.nullable => drop(members.insert(field.name.clone(), Json::Null)),
            None => {}
        }
    }
}

fn shape_kind(kind: &Kind, value: &mut Json, records: &Records) {
    match kind {
        Kind::List(of, _) => {
            if value.as_object().is_some_and(serde_json::Map::is_empty) {
                *value = json!([]);
            }
            for item in value.as_array_mut().into_iter().flatten() {
                shape_kind(of, item, records);
            }
        }
        Kind::Object(Some(fields)) => shape(fields, value, records),
        Kind::Record(name) => {
            if let Some(fields) = records.get(name) {
                shape(fields, value, records);
            }
        }
        _ => {}
    }
}
