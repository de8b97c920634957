-- Settings of plugins: states, presets, programs.

local bridge = require "bridge"
local proto  = bridge.protocol "sonic-core"

local member = { "integer", min = 0, max = 254, default = 0 }

proto:verb "GET_STATE" {
  doc     = "The settings of all plugins of an instance, as text that only SET_STATE and LOAD_PLUGIN understand.",
  scope   = "state",
  params  = { instance = "instance" },
  result  = { state = { "text", max = 11184812 } },
  errors  = { "INSTANCE_NOT_FOUND", "TOO_LARGE" },
  cost    = "main",
  example = { params = { instance = 1 }, result = { state = "U0JTMQEpAAAA…" } },
  run     = function(session, p)
    return { state = session:instance(p.instance):state() }
  end,
}

proto:verb "SET_STATE" {
  doc    = "Restores settings from GET_STATE. They have to be of the same plugins in the same order.",
  scope  = "state",
  params = { instance = "instance", state = { "text", max = 11184812 } },
  errors = { "INSTANCE_NOT_FOUND", "STATE_REJECTED", "TOO_LARGE" },
  cost   = "main",
  run    = function(session, p)
    session:instance(p.instance):set_state(p.state)
  end,
}

proto:record "Preset" { name = "text", scope = { "user", "shared", "factory" } }

proto:verb "LIST_PRESETS" {
  doc     = "Presets of a plugin in the standard folders.",
  scope   = "list",
  params  = { instance = "instance", member = member },
  result  = { presets = { "list", of = "Preset" } },
  errors  = { "INSTANCE_NOT_FOUND" },
  cost    = "main",
  example = { params = { instance = 1 }, result = { presets = { { name = "Large Hall", scope = "factory" } } } },
  run     = function(session, p)
    return { presets = session:instance(p.instance):presets(p.member) }
  end,
}

proto:verb "LOAD_PRESET" {
  doc    = "Loads a preset by its name.",
  scope  = "state",
  params = { instance = "instance", member = member, name = { "text", max = 200 } },
  errors = { "INSTANCE_NOT_FOUND", "PRESET_NOT_FOUND", "STATE_REJECTED" },
  cost   = "main",
  run    = function(session, p)
    session:instance(p.instance):load_preset(p.name, p.member)
  end,
}

proto:verb "SAVE_PRESET" {
  doc    = "Saves the present settings as a preset of the user. The name is a name, never a path.",
  scope  = "state",
  params = {
    instance = "instance", member = member, name = { "text", max = 200 },
    overwrite = { "boolean", default = false },
  },
  result = "Preset",
  errors = { "INSTANCE_NOT_FOUND", "OUT_OF_RANGE", "FILE" },
  cost   = "main",
  run    = function(session, p)
    return session:instance(p.instance):save_preset(p.name, p.member, p.overwrite)
  end,
}

proto:verb "LIST_PROGRAMS" {
  doc    = "Programs that a plugin brings along, in lists.",
  scope  = "list",
  params = { instance = "instance", member = member },
  result = {
    lists = {
      "list",
      of = {
        "object",
        fields = { id = "integer", name = "text", programs = { "list", of = "text", max = 65536 }, current = "integer?" },
      },
    },
  },
  errors = { "INSTANCE_NOT_FOUND" },
  cost   = "main",
  run    = function(session, p)
    return { lists = session:instance(p.instance):programs(p.member) }
  end,
}

proto:verb "SET_PROGRAM" {
  doc    = "Chooses a program of a list, counted from 0.",
  scope  = "state",
  params = {
    instance = "instance", member = member, list = "integer", program = { "integer", min = 0, max = 65535 },
  },
  errors = { "INSTANCE_NOT_FOUND", "PRESET_NOT_FOUND", "OUT_OF_RANGE" },
  cost   = "main",
  run    = function(session, p)
    session:instance(p.instance):set_program(p.list, p.program, p.member)
  end,
}
