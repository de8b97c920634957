-- The configuration of sonic-bridge. Every option stands here with its default, and each may be left out.
-- `sonic-bridge check` says what is wrong with this file and with the scripts it names.

return {
  -- Where browsers connect.
  server = {
    -- The port on this machine that is listened on. From 1 to 65535.
    port = 8080,
    -- Pages that may ask to be let in, each as scheme://host or scheme://host:port.
    origins = { "https://sforge.web.app", "http://localhost:5173" },
    -- Whether programs without an origin may connect, at /v1/native, with a token.
    native = false,
    -- Whether the bridge's own page is opened in the browser at the start.
    open = true,
  },

  -- How much there may be of everything; a client that wants more is told so.
  limits = {
    -- Sessions of one page or program at a time. From 1 to 1024.
    sessions = 4,
    -- Open sockets at a time, those that are not let in yet included. From 1 to 1024.
    sockets = 16,
    -- Loaded chains of one session. From 1 to 65535.
    instances = 256,
    -- Open streams of one session. From 1 to 65535.
    streams = 128,
    -- How long what a client loaded waits for it to come back, in seconds. From 0 to 86400.
    grace_s = 30,
  },

  -- Sound cards, and how they are opened.
  audio = {
    -- The output device, by a part of its name. Not built yet: playing through sound cards.
    output = "default",
    -- The input device, by a part of its name; nil opens none. Not built yet: recording from sound cards.
    input = nil,
    -- Frames in a second. From 8000 to 384000. Not built yet: playing through sound cards.
    sample_rate = 48000,
    -- Frames in a block. From 16 to 8192. Not built yet: playing through sound cards.
    block = 128,
  },

  -- Which plugins are looked for, and where.
  plugins = {
    -- The formats to look for. So far "vst3".
    formats = { "vst3" },
    -- Folders to search before the system's own; relative to this file, with / on every system, ~/ for your
    -- home.
    extra_paths = {},
    -- What shares a process with what: "none" runs plugins inside the program. So far "none".
    isolation = "none",
  },

  -- Lua scripts. Paths are relative to this file, with / on every system.
  scripts = {
    -- The script that declares the protocol; where it is not there, the one that comes with the program is
    -- used.
    protocol = "scripts/protocol.lua",
    -- Scripts that describe how sound runs; * stands for any name.
    routing = {},
    -- The folders in which require "a.b" finds a/b.lua, the first one first.
    roots = { "scripts" },
    -- The most memory a script may take, in MiB. From 1 to 4096.
    memory = 64,
    -- The longest time a script may take to load, in seconds. From 1 to 600.
    load_seconds = 2,
    -- The longest time a handler may run before it waits or returns, in milliseconds. From 1 to 60000.
    call_ms = 100,
    -- Whether a script that is saved takes over at once.
    reload = true,
  },
}
