//! L4 · notes, controllers and parameter points as tables.

use crate::{
    control::core::{FrameEvent, FrameEventKind},
    link::{Fault, Json},
    model::{ErrorCode, Event, EventBody},
    script::{fault::Problem, json},
};
use mlua::Value;

/// Events in one go.
const MAX_EVENTS: usize = 4096;
/// The plugin that every note is for.
const ALL: u8 = 255;

/// `[script]` Notes for the next block.
pub(super) fn notes(list: &Value) -> Result<Vec<Event>, Problem> {
    each(list)?
        .iter()
        .enumerate()
        .map(|(at, event)| Ok(Event { offset: offset(event, at)?, bus: 0, body: body(event, at)? }))
        .collect()
}

/// `[script]` Events of a frame, in order.
pub(super) fn in_frame(list: &Value) -> Result<Vec<FrameEvent>, Problem> {
    let mut events = Vec::new();
    for (at, event) in each(list)?.iter().enumerate() {
        let member = match event.get("member") {
            None | Some(Json::Null) => ALL,
            Some(_) => whole(event, at, "member", 0.0, 254.0, None)? as u8,
        };
        let kind = if event["type"] == "param" {
            let id = whole(event, at, "param", 0.0, f64::from(u32::MAX), None)? as u32;
            FrameEventKind::Param(id, number(event, at, "value", 0.0, 1.0, None)?)
        } else {
            FrameEventKind::Event(body(event, at)?)
        };
        let member = if member == ALL && matches!(kind, FrameEventKind::Param(..)) { 0 } else { member };
        events.push(FrameEvent { offset: offset(event, at)?, member, kind });
    }
    events.sort_by_key(|event| event.offset);
    Ok(events)
}

fn each(list: &Value) -> Result<Vec<Json>, Problem> {
    match json::from_lua(list).map_err(Problem::Misuse)? {
        Json::Null => Ok(Vec::new()),
        Json::Object(members) if members.is_empty() => Ok(Vec::new()),
        Json::Array(items) if items.len() <= MAX_EVENTS => Ok(items),
        Json::Array(_) => {
            Err(Fault::new(ErrorCode::TOO_LARGE, format!("“events” has more than {MAX_EVENTS} entries")).into())
        }
        _ => Err(Fault::new(ErrorCode::FIELD_TYPE, "“events” has to be a list").into()),
    }
}

fn offset(event: &Json, at: usize) -> Result<u32, Problem> {
    Ok(whole(event, at, "offset", 0.0, 65_535.0, Some(0.0))? as u32)
}

fn number(event: &Json, at: usize, key: &str, least: f64, most: f64, usual: Option<f64>) -> Result<f64, Problem> {
    let fault = |code, what: String| Problem::from(Fault::new(code, format!("“events[{at}].{key}” {what}")));
    match (event.get(key), usual) {
        (None | Some(Json::Null), Some(usual)) => Ok(usual),
        (None | Some(Json::Null), None) => Err(fault(ErrorCode::FIELD_MISSING, "is missing".to_owned())),
        (Some(value), _) => match value.as_f64() {
            None => Err(fault(ErrorCode::FIELD_TYPE, "has to be a number".to_owned())),
            Some(number) if (least..=most).contains(&number) => Ok(number),
            Some(number) => {
                let what = format!("has to be a number from {least} to {most}; {number} is not");
                Err(fault(ErrorCode::OUT_OF_RANGE, what))
            }
        },
    }
}

fn whole(event: &Json, at: usize, key: &str, least: f64, most: f64, usual: Option<f64>) -> Result<f64, Problem> {
    let number = number(event, at, key, least, most, usual)?;
    if number.fract() == 0.0 {
        return Ok(number);
    }
    Err(Fault::new(ErrorCode::FIELD_TYPE, format!("“events[{at}].{key}” has to be a whole number")).into())
}

fn body(event: &Json, at: usize) -> Result<EventBody, Problem> {
    let channel = || Ok::<_, Problem>(whole(event, at, "channel", 0.0, 15.0, Some(0.0))? as i16);
    let key = || Ok::<_, Problem>(whole(event, at, "key", 0.0, 127.0, None)? as i16);
    // As in frames, 0 is no note of its own.
    let note_id = || {
        let note = whole(event, at, "note", 0.0, 65_535.0, Some(0.0))? as i32;
        Ok::<_, Problem>(if note == 0 { -1 } else { note })
    };
    let unit = |name: &str, usual| number(event, at, name, 0.0, 1.0, usual);
    Ok(match event["type"].as_str() {
        Some("note_on") => EventBody::NoteOn {
            channel: channel()?,
            key: key()?,
            velocity: unit("velocity", Some(0.8))? as f32,
            tuning: 0.0,
            note_id: note_id()?,
        },
        Some("note_off") => EventBody::NoteOff {
            channel: channel()?,
            key: key()?,
            velocity: unit("velocity", Some(0.0))? as f32,
            note_id: note_id()?,
        },
        Some("poly_pressure") => EventBody::PolyPressure {
            channel: channel()?,
            key: key()?,
            pressure: unit("pressure", None)? as f32,
            note_id: note_id()?,
        },
        Some("controller") => EventBody::Controller {
            channel: channel()?,
            number: whole(event, at, "number", 0.0, 130.0, None)? as u16,
            value: unit("value", None)?,
        },
        Some("note_expression") => EventBody::NoteExpression {
            kind: whole(event, at, "kind", 0.0, f64::from(u16::MAX), None)? as u32,
            note_id: note_id()?,
            value: unit("value", None)?,
        },
        _ => {
            let message = format!(
                "“events[{at}].type” has to be note_on, note_off, poly_pressure, controller or note_expression"
            );
            return Err(Fault::new(ErrorCode::OUT_OF_RANGE, message).into());
        }
    })
}
