//! L4 · streams: opening one, and processing a frame of one by request.

use super::{
    events,
    instance::{self, Instance},
    lua_of, options,
    session::Session,
    spec::{Entry, Form, Topic, handle},
};
use crate::{
    control::core::{Frame, StreamId, StreamRequest},
    link::{Fault, ToServer},
    model::ErrorCode,
    plugin::ProcessMode,
    script::{
        backend::Piece,
        fault::{self, Problem, waiting},
        hub::StreamSeat,
        records,
        world::World,
    },
};
use base64::Engine as _;
use mlua::{Lua, Table, Value};
use serde::Deserialize;
use serde_json::json;

/// A stream in Lua.
#[derive(Clone)]
pub(super) struct StreamHandle {
    pub session: Session,
    pub id: StreamId,
}

handle!(StreamHandle, TOPIC);

pub(super) static TOPIC: Topic = Topic {
    name: "Stream",
    form: Form::Class,
    doc: "A way for sound through a loaded chain. Live sound comes in binary frames and never passes through Lua.",
    functions: &[
        Entry {
            name: "close",
            params: &[],
            returns: &[],
            doc: "Closes it; notes end, nothing rings on.",
            waits: true,
            make: |lua| waiting(lua, |_, stream: StreamHandle| close(stream)),
        },
        Entry {
            name: "flush",
            params: &[],
            returns: &[],
            doc: "Forgets all that rings in it.",
            waits: true,
            make: |lua| waiting(lua, |_, stream: StreamHandle| flush(stream)),
        },
        Entry {
            name: "process",
            params: &[(
                "frame",
                "table",
                "frames, channels, data (base64 of 32-bit floats, one channel after the other), events",
            )],
            returns: &["table"],
            doc: "Processes one frame, beside the live ones: frames, channels, data, dry, guard, micros.",
            waits: true,
            make: |lua| waiting(lua, |lua, (stream, frame)| process(lua, stream, frame)),
        },
    ],
};

#[derive(Deserialize)]
struct Open {
    sample_rate: Option<f64>,
    block: Option<u32>,
    channels: Option<usize>,
    mode: Option<String>,
    credits: Option<usize>,
}

/// Frames in flight where nothing else is said.
const CREDITS: usize = 32;

/// `session:open_stream(options)`
pub(super) async fn open(lua: Lua, session: Session, wanted: Table) -> Result<Value, Problem> {
    if !session.context.as_ref().is_some_and(|context| context.open()) {
        let message = "a stream is opened in answer to a request, whose answer tells its number";
        return Err(Fault::new(ErrorCode::NOT_ACTIVE, message).into());
    }
    let how: Open = options(&Value::Table(wanted.clone()))?;
    let function = session.protocol.stream.borrow().clone();
    let Some(function) = function else {
        let message = format!("the protocol {} has no streams", session.protocol.name);
        return Err(Fault::new(ErrorCode::NOT_ACTIVE, message).into());
    };
    let program = World::of(&lua)?.program.borrow().upgrade();
    let program = program.ok_or_else(|| Problem::Misuse("the script is still loading".to_owned()))?;
    let value = program.nested(&function, (session.clone(), wanted)).await?;
    let through = <Instance as mlua::FromLua>::from_lua(value, &lua);
    let through = through.map_err(|_| Problem::Misuse("stream.open has to return an Instance".to_owned()))?;
    let mode = instance::mode(how.mode.as_deref())?;
    let request = StreamRequest {
        owner: session.id.owner(),
        instance: through.id,
        sample_rate: how.sample_rate.unwrap_or(48_000.0),
        block: how.block.unwrap_or(128),
        channels: how.channels.unwrap_or(2),
        mode,
    };
    let (opened, record) = session.hub.backend.open_stream(request).await?;
    let place = StreamSeat { instance: through.id, offline: mode == ProcessMode::Offline, position: 0 };
    session.hub.seat(session.id, |seat| seat.streams.insert(opened.id, place))?;
    let credits = how.credits.unwrap_or(CREDITS);
    session.hub.send(ToServer::StreamTerms {
        session: session.id,
        stream: opened.id,
        credits,
        realtime: mode != ProcessMode::Offline,
    });
    let answer = json!({
        "credits": credits, "stream": opened.id.0, "inputs": opened.channels.0, "outputs": opened.channels.1,
        "latency_samples": opened.latency, "tail": records::tail(record.tail), "max_frames": 65_535,
        "sample_rate": opened.sample_rate,
    });
    if let Some(context) = &session.context {
        context.opened(opened);
    }
    lua_of(&lua, &answer)
}

async fn close(StreamHandle { session, id }: StreamHandle) -> Result<(), Problem> {
    session.hub.backend.close_stream(session.id.owner(), id).await?;
    session.hub.stream_closed(session.id, id);
    Ok(())
}

async fn flush(StreamHandle { session, id }: StreamHandle) -> Result<(), Problem> {
    session.hub.backend.stream(session.id.owner(), id)?;
    let instance = session.hub.seat(session.id, |seat| seat.streams.get(&id).map(|place| place.instance))?;
    let Some(instance) = instance else { return Err(crate::control::core::CoreError::NoStream(id).into()) };
    Ok(session.hub.backend.reset(session.id.owner(), instance).await?)
}

#[derive(Deserialize)]
struct Wanted {
    frames: usize,
    channels: usize,
    data: String,
}

fn bad(message: String) -> Problem {
    Fault::new(ErrorCode::BAD_FRAME, message).into()
}

async fn process(lua: Lua, StreamHandle { session, id }: StreamHandle, frame: Table) -> Result<Value, Problem> {
    let list: Value = fault::field(&lua, &frame, "events")?;
    let events = events::in_frame(&list)?;
    let wanted: Wanted = options(&Value::Table(frame))?;
    let owner = session.id.owner();
    let stream = session.hub.backend.stream(owner, id)?;
    if !(1..=65_535).contains(&wanted.frames) {
        return Err(bad(format!("“frames” has to be from 1 to 65535; {} is not", wanted.frames)));
    }
    if wanted.channels != stream.channels.0 {
        return Err(bad(format!("the stream takes {} channels, not {}", stream.channels.0, wanted.channels)));
    }
    let bytes = base64::engine::general_purpose::STANDARD.decode(&wanted.data);
    let bytes = bytes.map_err(|_| bad("“data” is no base64".to_owned()))?;
    let expected = 4 * wanted.frames * wanted.channels;
    if bytes.len() != expected {
        return Err(bad(format!("“data” has {} bytes; {expected} are needed", bytes.len())));
    }
    let samples = bytes.as_chunks::<4>().0.iter().map(|sample| f32::from_le_bytes(*sample)).collect();
    let frames = wanted.frames as u64;
    let (position, offline) = session.hub.seat(session.id, |seat| {
        seat.streams.get_mut(&id).map_or((0, false), |place| {
            place.position += frames;
            (place.position - frames, place.offline)
        })
    })?;
    let frame = Frame { frames: wanted.frames, position, silent: false, discontinuity: false, offline, skip: false };
    let (outcome, samples) = session.hub.backend.process(owner, id, Piece { frame, samples, events }).await?;
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    lua_of(
        &lua,
        &json!({
            "frames": wanted.frames, "channels": stream.channels.1,
            "data": base64::engine::general_purpose::STANDARD.encode(bytes), "dry": outcome.dry,
            "guard": outcome.guarded, "micros": outcome.micros,
        }),
    )
}
