-- A whole session: saved, restored, and as it stands.

local bridge = require "bridge"
local proto  = bridge.protocol "sonic-core"

local VERSION = 1

proto:verb "SAVE_SESSION" {
  doc    = "All instances of the session with their settings, as text for RESTORE_SESSION.",
  scope  = "state",
  result = { session = { "text", max = 22369624 } },
  errors = { "TOO_LARGE" },
  cost   = "main",
  run    = function(session)
    local saved = { version = VERSION, instances = bridge.list() }
    for _, record in ipairs(session:instances()) do
      local plugins = {}
      for _, member in ipairs(record.members) do
        table.insert(plugins, member.plugin.id)
      end
      table.insert(saved.instances, {
        plugins = plugins, state = session:instance(record.instance):state(), sample_rate = record.sample_rate,
        max_block = record.max_block, channels = math.max(record.inputs, record.outputs, 1), bypassed = record.bypassed,
      })
    end
    return { session = bridge.base64.encode(bridge.json.encode(saved)) }
  end,
}

local function read(text)
  local ok, saved = pcall(function() return bridge.json.decode(bridge.base64.decode(text)) end)
  if ok and type(saved) == "table" and saved.version == VERSION and type(saved.instances) == "table" then
    return saved.instances
  end
  error(bridge.fault("STATE_REJECTED", "this text is no session from SAVE_SESSION"))
end

proto:verb "RESTORE_SESSION" {
  doc    = "Loads all instances of a saved session, besides those that are there. If one cannot be loaded, none is.",
  scope  = "load",
  params = { session = { "text", max = 22369624 } },
  result = { instances = { "list", of = "Instance" } },
  errors = { "STATE_REJECTED", "PLUGIN_NOT_FOUND", "LOAD_FAILED", "LIMIT_REACHED" },
  cost   = "main",
  run    = function(session, p)
    local records = bridge.list()
    for _, saved in ipairs(read(p.session)) do
      local ok, record = pcall(session.load, session, saved)
      if ok and saved.bypassed then
        ok, record = pcall(function()
          local instance = session:instance(record.instance)
          instance:bypass(true)
          return instance:record()
        end)
      end
      if not ok then
        for _, loaded in ipairs(records) do session:instance(loaded.instance):unload() end
        error(record, 0)
      end
      table.insert(records, record)
    end
    return { instances = records }
  end,
}

proto:verb "GET_SNAPSHOT" {
  doc    = "Everything as it stands, for a client that missed events. `rev` counts what happened to the session.",
  scope  = "list",
  result = {
    rev = "integer",
    seq = { "integer", optional = true, doc = "of the last event before" },
    instances = { "list", of = "any", doc = "records as of GET_INSTANCE, with values: a list of { member, id, norm }" },
  },
  cost   = "main",
  run    = function(session)
    local records = session:instances()
    for _, record in ipairs(records) do
      record.values = session:instance(record.instance):values()
      record.stream = record.stream or bridge.null
    end
    return { rev = session:rev(), instances = records }
  end,
}
