-- A protocol for a small remote control, beside the one for the browser: two verbs at a path of its own.

require "protocol"

local bridge = require "bridge"
local remote = bridge.protocol("remote", { path = "/v1/remote" })

remote:verb "NAMES" {
  doc    = "Names of all plugins.",
  scope  = "list",
  result = { names = { "list", of = "text" } },
  run    = function()
    local names = bridge.list()
    for _, plugin in ipairs(bridge.plugins:list().plugins) do
      table.insert(names, plugin.name)
    end
    return { names = names }
  end,
}

remote:verb "QUIET" {
  doc   = "Ends all that sounds.",
  scope = "audio",
  run   = function(session)
    session:panic()
  end,
}
