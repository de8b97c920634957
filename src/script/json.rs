//! L4 · JSON to Lua and back.
//!
//! Thread: script. Invariant: bounded depth and size, so that a table that holds itself is an error and not the end; a list
//! that came from JSON or from the API stays a list when it is empty. Deliberately absent: userdata and functions.

use crate::link::Json;
use mlua::{IntoLua as _, Lua, LuaSerdeExt as _, Table, Value};

/// Levels within one another, as on the wire.
const MAX_DEPTH: usize = 32;
/// Values in one conversion.
const MAX_VALUES: usize = 1 << 20;

/// `[script]` A JSON value becomes a Lua value; null becomes nil in objects and the null value in lists.
pub(super) fn to_lua(lua: &Lua, json: &Json) -> mlua::Result<Value> {
    build(lua, json, &Value::Nil)
}

/// `[script]` The same, but null stays null.
pub(super) fn to_lua_with_null(lua: &Lua, json: &Json) -> mlua::Result<Value> {
    build(lua, json, &Value::NULL)
}

fn build(lua: &Lua, json: &Json, null: &Value) -> mlua::Result<Value> {
    Ok(match json {
        Json::Null => null.clone(),
        Json::Bool(value) => Value::Boolean(*value),
        Json::Number(number) => Value::Number(number.as_f64().unwrap_or_default()),
        Json::String(text) => text.as_str().into_lua(lua)?,
        Json::Array(items) => {
            let table = list(lua, items.len())?;
            for item in items {
                table.raw_push(if item.is_null() { Value::NULL } else { build(lua, item, null)? })?;
            }
            Value::Table(table)
        }
        Json::Object(members) => {
            let table = lua.create_table_with_capacity(0, members.len())?;
            for (key, value) in members {
                table.raw_set(key.as_str(), build(lua, value, null)?)?;
            }
            Value::Table(table)
        }
    })
}

/// `[script]` An empty list that is a list.
pub(super) fn list(lua: &Lua, room: usize) -> mlua::Result<Table> {
    let table = lua.create_table_with_capacity(room, 0)?;
    table.set_metatable(Some(lua.array_metatable()))?;
    Ok(table)
}

/// `[script]` A Lua value becomes JSON, or a message says why it cannot.
pub(super) fn from_lua(value: &Value) -> Result<Json, String> {
    let mut left = MAX_VALUES;
    convert(value, 0, &mut left)
}

fn convert(value: &Value, depth: usize, left: &mut usize) -> Result<Json, String> {
    if depth > MAX_DEPTH {
        return Err(format!("a table is nested more than {MAX_DEPTH} deep, or holds itself"));
    }
    *left = left.checked_sub(1).ok_or_else(|| format!("more than {MAX_VALUES} values at once"))?;
    Ok(match value {
        Value::Nil => Json::Null,
        value if value.is_null() => Json::Null,
        Value::Boolean(value) => Json::Bool(*value),
        Value::Integer(number) => Json::from(*number),
        Value::Number(number) => number_of(*number),
        Value::String(text) => match text.to_str() {
            Ok(text) => Json::String(text.to_owned()),
            Err(_) => return Err("a text is no UTF-8; bridge.base64.encode makes text of bytes".to_owned()),
        },
        Value::Table(table) => table_of(table, depth, left)?,
        other => return Err(format!("a {} cannot be sent", other.type_name())),
    })
}

/// Whole numbers are written without a fraction; what is no number at all is null.
fn number_of(number: f64) -> Json {
    if number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0 {
        return Json::from(number as i64);
    }
    serde_json::Number::from_f64(number).map_or(Json::Null, Json::Number)
}

fn table_of(table: &Table, depth: usize, left: &mut usize) -> Result<Json, String> {
    let length = table.raw_len();
    let marked = table.metatable().is_some();
    let mut members = serde_json::Map::new();
    let mut items = Vec::new();
    let mut wrong = None;
    let walked = table.for_each(|key: Value, value: Value| {
        let result = match &key {
            Value::String(text) => {
                convert(&value, depth + 1, left).map(|json| drop(members.insert(text.to_string_lossy(), json)))
            }
            Value::Integer(at) if *at >= 1 && *at as usize <= length => {
                items.push((*at, value));
                Ok(())
            }
            other => Err(format!("a table has the key {other:?}; keys are texts, or 1, 2, 3 … without gaps")),
        };
        result.map_err(|reason| {
            wrong = Some(reason);
            mlua::Error::runtime("stop")
        })
    });
    if let Some(reason) = wrong {
        return Err(reason);
    }
    walked.map_err(|error| error.to_string())?;
    if !items.is_empty() && !members.is_empty() {
        return Err("a table is a list and has names as well; use one or the other".to_owned());
    }
    if members.is_empty() && (marked || !items.is_empty()) {
        items.sort_by_key(|(at, _)| *at);
        let items = items.iter().map(|(_, value)| convert(value, depth + 1, left));
        return items.collect::<Result<Vec<_>, _>>().map(Json::Array);
    }
    Ok(Json::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn back(source: &str) -> Result<Json, String> {
        from_lua(&Lua::new().load(source).eval::<Value>().expect(source))
    }

    #[test]
    fn what_goes_in_comes_out() {
        let lua = Lua::new();
        for value in [
            json!({ "a": [1, 2.5, "x", true, [], {}], "b": { "c": [] } }),
            json!([]),
            json!({}),
            json!([null, 1]),
            json!(9_007_199_254_740_991_i64),
            json!("ä\u{0}"),
        ] {
            assert_eq!(from_lua(&to_lua(&lua, &value).expect("to Lua")), Ok(value));
        }
        assert_eq!(from_lua(&to_lua(&lua, &json!({ "a": null })).expect("to Lua")), Ok(json!({})));
    }

    #[test]
    fn what_json_cannot_say_is_refused_or_null() {
        assert_eq!(back("{ a = 0/0, b = 1/0 }"), Ok(json!({ "a": null, "b": null })));
        for (source, words) in [
            ("local t = {} t.t = t return t", "holds itself"),
            ("{ print }", "a function cannot be sent"),
            ("{ 1, a = 2 }", "as well"),
            ("{ [3] = 1 }", "without gaps"),
            ("{ [1.5] = 1 }", "without gaps"),
            ("'\\xff'", "no UTF-8"),
        ] {
            let message = back(source).expect_err(source);
            assert!(message.contains(words), "{message} for {source}");
        }
    }
}
