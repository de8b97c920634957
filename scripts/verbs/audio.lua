-- Sound: streams and their frames, notes, musical time, and what it all costs.

local bridge = require "bridge"
local proto  = bridge.protocol "sonic-core"

-- What the frames of a new stream run through. After this no Lua runs per block.
proto:stream {
  open = function(session, p)
    return session:instance(p.instance)
  end,
}

proto:verb "OPEN_STREAM" {
  doc     = "Opens a way for sound through an instance. Frames travel as binary messages (docs/protocol.md); the client "
    .. "may send them when it has the answer. `credits` are the frames that may be in flight.",
  scope   = "audio",
  params  = {
    instance    = "instance",
    sample_rate = { "number", min = 8000, max = 384000, default = 48000 },
    block       = { "integer", min = 1, max = 65535, default = 128 },
    channels    = { "integer", min = 1, max = 64, default = 2 },
    mode        = { "realtime", "offline", default = "realtime" },
    credits     = { "integer", min = 1, max = 512, default = 32 },
  },
  result  = {
    stream = "stream", inputs = "integer", outputs = "integer", latency_samples = "integer", tail = "Tail",
    max_frames = "integer", credits = "integer", sample_rate = "number",
  },
  errors  = { "INSTANCE_NOT_FOUND", "ALREADY_OPEN", "LAYOUT_REFUSED", "LIMIT_REACHED" },
  cost    = "main",
  example = {
    params = { instance = 1, block = 128, credits = 32 },
    result = {
      stream = 1, inputs = 2, outputs = 2, latency_samples = 0, tail = { kind = "samples", samples = 96000 },
      max_frames = 65535, credits = 32, sample_rate = 48000,
    },
  },
  run     = function(session, p)
    return session:open_stream(p)
  end,
}

local event = {
  "object",
  fields = {
    type     = { "note_on", "note_off", "poly_pressure", "controller", "note_expression", "param" },
    offset   = { "integer", min = 0, max = 65535, default = 0, doc = "samples from the start of the block" },
    channel  = { "integer", min = 0, max = 15, default = 0 },
    key      = { "integer", min = 0, max = 127, optional = true },
    note     = { "integer", min = 0, max = 65535, optional = true, doc = "the client's number of the note" },
    velocity = { "number", min = 0, max = 1, optional = true },
    pressure = { "number", min = 0, max = 1, optional = true },
    number   = { "integer", min = 0, max = 130, optional = true, doc = "128 pressure, 129 pitch bend, 130 program" },
    value    = { "number", min = 0, max = 1, optional = true },
    kind     = { "integer", min = 0, max = 65535, optional = true, doc = "of a note expression" },
    member   = { "integer", min = 0, max = 254, optional = true, doc = "PROCESS_AUDIO only: the plugin in the chain" },
    param    = { "integer", min = 0, optional = true, doc = "PROCESS_AUDIO only: for the type param" },
  },
}

proto:verb "PROCESS_AUDIO" {
  doc     = "Processes one frame by request: for tests and for programs without binary messages. Samples are 32-bit "
    .. "floats, little-endian, one channel after the other, in base64.",
  scope   = "audio",
  params  = {
    stream   = "stream",
    frames   = { "integer", min = 1, max = 65535 },
    channels = { "integer", min = 0, max = 64 },
    data_b64 = { "text", max = 262144 },
    events   = { "list", of = event, optional = true },
  },
  result  = {
    frames = "integer", channels = "integer", data_b64 = { "text", max = 22369624 }, dry = "boolean", guard = "boolean",
    micros = "integer",
  },
  errors  = { "STREAM_NOT_FOUND", "BAD_FRAME" },
  example = {
    params = { stream = 1, frames = 1, channels = 2, data_b64 = "AAAAPwAAAD8=" },
    result = { frames = 1, channels = 2, data_b64 = "AACAPgAAgD4=", dry = false, guard = false, micros = 12 },
  },
  run     = function(session, p)
    local done = session:stream(p.stream):process({
      frames = p.frames, channels = p.channels, data = p.data_b64, events = p.events,
    })
    return {
      frames = done.frames, channels = done.channels, data_b64 = done.data,
      dry = done.dry, guard = done.guard, micros = done.micros,
    }
  end,
}

proto:verb "FLUSH_STREAM" {
  doc    = "Forgets all that rings in what a stream runs through.",
  scope  = "audio",
  params = { stream = "stream" },
  errors = { "STREAM_NOT_FOUND" },
  cost   = "main",
  run    = function(session, p)
    session:stream(p.stream):flush()
  end,
}

proto:verb "CLOSE_STREAM" {
  doc     = "Closes a stream. Notes end, nothing rings on.",
  scope   = "audio",
  params  = { stream = "stream" },
  errors  = { "STREAM_NOT_FOUND" },
  cost    = "main",
  example = { params = { stream = 1 }, result = {} },
  run     = function(session, p)
    session:stream(p.stream):close()
  end,
}

proto:verb "PANIC" {
  doc   = "Ends all notes and all that rings, in everything the session loaded.",
  scope = "audio",
  cost  = "main",
  run   = function(session)
    session:panic()
  end,
}

proto:verb "SEND_EVENTS" {
  doc     = "Notes and controllers for the next block of an instance.",
  scope   = "audio",
  params  = {
    instance = "instance",
    member   = { "integer", min = 0, max = 254, optional = true, doc = "left out: every plugin that takes notes" },
    events   = { "list", of = event, max = 1024 },
  },
  errors  = { "INSTANCE_NOT_FOUND", "NOT_ACTIVE", "OUT_OF_RANGE", "BUSY" },
  example = {
    params = { instance = 1, events = { { type = "note_on", key = 60, velocity = 0.8, note = 1 } } },
    result = {},
  },
  run     = function(session, p)
    session:instance(p.instance):send(p.events, p.member)
  end,
}

proto:verb "SET_TRANSPORT" {
  doc     = "Musical time of an instance from the next block on. What is left out stays as it was.",
  scope   = "audio",
  params  = {
    instance  = "instance",
    playing   = "boolean?",
    tempo     = { "number", min = 1, max = 1000, optional = true, doc = "quarters a minute" },
    signature = { "list", of = "integer", max = 2, optional = true, doc = "{ 3, 4 }" },
    position  = { "integer", optional = true, doc = "in samples" },
    cycle     = { "list", of = "number", max = 2, optional = true, doc = "start and end of the loop in quarters" },
    cycling   = "boolean?",
  },
  errors  = { "INSTANCE_NOT_FOUND", "OUT_OF_RANGE" },
  example = { params = { instance = 1, playing = true, tempo = 120, signature = { 3, 4 } }, result = {} },
  run     = function(session, p)
    session:instance(p.instance):transport(p)
  end,
}

proto:verb "GET_TIMINGS" {
  doc     = "What the session's streams measured, in microseconds.",
  scope   = "list",
  result  = {
    streams = {
      "list",
      of = {
        "object",
        fields = {
          stream = "stream", blocks = "integer", average_us = "number", shortest_us = "number", longest_us = "number",
          overruns = "integer", dry = "integer", guarded = "integer",
        },
      },
    },
  },
  example = {
    params = {},
    result = {
      streams = {
        {
          stream = 1, blocks = 3750, average_us = 41.5, shortest_us = 30, longest_us = 212, overruns = 0, dry = 0,
          guarded = 0,
        },
      },
    },
  },
  run     = function(session)
    return { streams = session:timings() }
  end,
}

proto:verb "RESET_TIMINGS" {
  doc   = "Forgets what the session's streams measured.",
  scope = "audio",
  run   = function(session)
    session:reset_timings()
  end,
}
