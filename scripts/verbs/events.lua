-- What clients are told without having asked: events of the bridge become events of the protocol.

local bridge = require "bridge"
local proto  = bridge.protocol "sonic-core"
local params = require "verbs.params"

-- Most of them only get another name, and go to the session they concern.
local function forward(what, name, declaration)
  local fields = declaration.data or {}
  proto:event(name)(declaration)
  bridge.on(what, function(e)
    local data = {}
    for field in pairs(fields) do data[field] = e[field] end
    proto:emit(name, data, { session = e.session })
  end)
end

local member = "integer"

forward("unloaded", "PLUGIN_UNLOADED", { doc = "An instance is gone.", data = { instance = "instance" } })

forward("failed", "PLUGIN_FAILED", {
  doc  = "A plugin is out of work; its sound is missing. RESTART_INSTANCE may help.",
  data = { instance = "instance", member = member, reason = "text" },
})

forward("values_changed", "PARAMS_CHANGED", {
  doc  = "All values of a plugin may be others, after a preset for example: LIST_PARAMS tells.",
  data = { instance = "instance", member = member },
})

forward("param_info_changed", "PARAM_INFO_CHANGED", {
  doc  = "Parameters have other names, units or flags, or there are others: LIST_PARAMS tells.",
  data = { instance = "instance", member = member },
})

forward("programs_changed", "PROGRAMS_CHANGED", {
  doc  = "Programs have other names: LIST_PROGRAMS tells.",
  data = { instance = "instance", member = member },
})

forward("gesture", "GESTURE", {
  doc  = "The plugin's own knob was grasped or let go.",
  data = { instance = "instance", member = member, param = "integer", began = "boolean" },
})

forward("latency_changed", "LATENCY_CHANGED", {
  doc  = "Latency or tail of an instance changed.",
  data = { instance = "instance", latency_samples = "integer", tail = "Tail" },
})

forward("buses_changed", "BUSES_CHANGED", {
  doc  = "Buses changed: GET_INSTANCE tells.",
  data = { instance = "instance", member = member },
})

forward("state_dirty", "STATE_DIRTY", {
  doc  = "The settings are worth saving.",
  data = { instance = "instance", member = member },
})

forward("progress", "PROGRESS", {
  doc  = "A plugin is at long work; without `share` it has ended.",
  data = { instance = "instance", id = "integer", share = "number?", text = "text" },
})

forward("guard_tripped", "GUARD_TRIPPED", {
  doc  = "The guard silenced a plugin's output, or put the plugin out of the way until RESET_INSTANCE.",
  data = { instance = "instance", member = member, bypassed = "boolean" },
})

forward("xrun", "XRUN", {
  doc  = "Frames took longer than they last, since the last event of the kind.",
  data = { instance = "instance", stream = "stream", frames = "integer" },
})

forward("scan_progress", "SCAN_PROGRESS", {
  doc  = "A file was examined in the course of a scan.",
  data = { done = "integer", total = "integer", name = "text", state = "text" },
})

forward("plugins_changed", "PLUGINS_CHANGED", {
  doc  = "The list of plugins is another one: LIST_PLUGINS tells.",
  data = { rev = "integer" },
})

forward("script_reloaded", "SCRIPT_RELOADED", {
  doc   = "Another text of the protocol script runs now.",
  class = "scripts",
  data  = { generation = "integer", files = { "list", of = "text" } },
})

forward("script_rejected", "SCRIPT_REJECTED", {
  doc   = "A changed text of the protocol script was refused; the old one goes on. The message begins with file and line.",
  class = "scripts",
  data  = { message = "text" },
})

forward("shutdown", "SHUTDOWN", { doc = "The bridge is ending." })

-- The record comes with it, so that other pages of the same session need not ask.
proto:event "PLUGIN_LOADED" {
  doc  = "An instance is there.",
  data = { instance = "instance", plugins = { "list", of = "PluginName" } },
}

bridge.on("loaded", function(e)
  if not e.session then return end
  local ok, plugins = pcall(function() return e.session:instance(e.instance):plugins() end)
  proto:emit("PLUGIN_LOADED", { instance = e.instance, plugins = ok and plugins or bridge.list() }, { session = e.session })
end)

proto:event "PARAM_CHANGED" {
  doc   = "A parameter has another value. Of several changes of one parameter only the last may come.",
  class = "params",
  data  = {
    instance = "instance", member = member, param = "integer", norm = "number", plain = "number", text = "text",
    by_plugin = { "boolean", doc = "the plugin moved it, not the client" },
  },
}

bridge.on("param_changed", function(e)
  if not e.session then return end
  if not e.by_plugin and params.held(e.session, e.instance, e.member, e.param) then return end
  proto:emit("PARAM_CHANGED", {
    instance = e.instance, member = e.member, param = e.param, norm = e.norm, plain = e.plain, text = e.text,
    by_plugin = e.by_plugin,
  }, { session = e.session, key = e.instance .. ":" .. e.member .. ":" .. e.param })
end)

-- The server sends this one itself; it is declared for the documents.
proto:event "SESSION_TAKEN_OVER" {
  doc = "Another connection took this session over; this one is closed with 4009.",
}
