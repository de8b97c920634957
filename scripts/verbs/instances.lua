-- Loaded plugins. An instance is a chain of one or more plugins that sound runs through in order; its members are
-- counted from 0. It belongs to the session that loaded it.

local bridge = require "bridge"
local proto  = bridge.protocol "sonic-core"

proto:record "PluginName" { id = "text", name = "text", vendor = "text", version = "text", kind = "text" }

proto:record "Bus" { name = "text", channels = "integer", kind = { "main", "aux" }, active = "boolean" }

proto:record "Tail" { kind = { "none", "samples", "infinite" }, samples = "integer" }

proto:record "Member" {
  plugin       = "PluginName",
  lanes        = { "integer", doc = "copies of it: one per channel where it takes fewer channels than there are" },
  latency      = "integer",
  tail_samples = { "value", null = true, doc = "a number, or \"infinite\"" },
  params       = { "integer", doc = "how many it has" },
  inputs       = { "list", of = "Bus" },
  outputs      = { "list", of = "Bus" },
  event_inputs = "integer",
  interfaces   = { "list", of = "text", optional = true },
}

proto:record "Instance" {
  instance        = "instance",
  members         = { "list", of = "Member" },
  sample_rate     = "number",
  max_block       = "integer",
  inputs          = "integer",
  outputs         = "integer",
  latency_samples = "integer",
  tail            = "Tail",
  bypassed        = "boolean",
  stream          = { "stream", null = true },
  warnings        = { "list", of = "text" },
}

local example = {
  instance = 1, sample_rate = 48000, max_block = 1024, inputs = 2, outputs = 2, latency_samples = 0,
  tail = { kind = "samples", samples = 96000 }, bypassed = false, stream = bridge.null, warnings = {},
  members = {
    {
      plugin = {
        id = "vst3:5653546D6C7665656C6F77696E000000", name = "Room", vendor = "Acme", version = "1.2.0", kind = "effect",
      },
      lanes = 1, latency = 0, tail_samples = 96000, params = 9, event_inputs = 0,
      inputs = { { name = "Input", channels = 2, kind = "main", active = true } },
      outputs = { { name = "Output", channels = 2, kind = "main", active = true } },
    },
  },
}

local missing = { "INSTANCE_NOT_FOUND" }

proto:verb "LOAD_PLUGIN" {
  doc     = "Loads a plugin, or a chain of plugins: by id, by name, or by a part of the name that fits no other.",
  scope   = "load",
  params  = {
    plugin_id   = "text?",
    plugins     = {
      "list", of = "any", max = 32, optional = true,
      doc = "texts, or { plugin_id, state, preset }; instead of plugin_id",
    },
    state       = { "text", max = 11184812, optional = true, doc = "from GET_STATE, of the whole chain" },
    sample_rate = { "number", min = 8000, max = 384000, default = 48000 },
    max_block   = { "integer", min = 1, max = 65535, default = 1024 },
    channels    = { "integer", min = 1, max = 64, default = 2 },
    mode        = { "realtime", "offline", default = "realtime" },
  },
  result  = "Instance",
  errors  = {
    "PLUGIN_NOT_FOUND", "AMBIGUOUS", "BLOCKLISTED", "LOAD_FAILED", "LAYOUT_REFUSED", "STATE_REJECTED",
    "PRESET_NOT_FOUND", "LIMIT_REACHED",
  },
  cost    = "main",
  example = { params = { plugin_id = "Room" }, result = example },
  run     = function(session, p)
    return session:load(p)
  end,
}

proto:verb "UNLOAD_PLUGIN" {
  doc     = "Unloads an instance. A stream through it ends.",
  scope   = "load",
  params  = { instance = "instance" },
  errors  = missing,
  cost    = "main",
  example = { params = { instance = 1 }, result = {} },
  run     = function(session, p)
    session:instance(p.instance):unload()
  end,
}

proto:verb "LIST_INSTANCES" {
  doc    = "All instances of the session.",
  scope  = "list",
  result = { instances = { "list", of = "Instance" } },
  cost   = "main",
  run    = function(session)
    return { instances = session:instances() }
  end,
}

proto:verb "GET_INSTANCE" {
  doc    = "All that is known of an instance.",
  scope  = "list",
  params = { instance = "instance" },
  result = "Instance",
  errors = missing,
  cost   = "main",
  run    = function(session, p)
    return session:instance(p.instance):record()
  end,
}

proto:verb "RESTART_INSTANCE" {
  doc    = "Saves the settings, makes the plugins anew, restores. For plugins that are out of work.",
  scope  = "load",
  params = { instance = "instance" },
  result = "Instance",
  errors = { "INSTANCE_NOT_FOUND", "LOAD_FAILED" },
  cost   = "main",
  run    = function(session, p)
    return session:instance(p.instance):restart()
  end,
}

proto:verb "RESET_INSTANCE" {
  doc    = "Forgets all that rings, ends all notes, and gives plugins that the guard put away another chance.",
  scope  = "audio",
  params = { instance = "instance" },
  errors = missing,
  cost   = "main",
  run    = function(session, p)
    session:instance(p.instance):reset()
  end,
}

proto:verb "SET_BYPASS" {
  doc    = "Lets sound run past an instance, as late as through it, or through it again.",
  scope  = "param",
  params = { instance = "instance", bypass = "boolean" },
  errors = missing,
  cost   = "main",
  run    = function(session, p)
    session:instance(p.instance):bypass(p.bypass)
  end,
}
