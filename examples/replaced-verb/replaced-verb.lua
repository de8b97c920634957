-- PING that also says how many plugins are known: a verb of the shipped protocol is replaced by declaring it again.

require "protocol"

local bridge = require "bridge"
local proto  = bridge.protocol "sonic-core"

proto:verb "PING" {
  doc    = "Answers at once, with the time and the number of plugins.",
  result = { time = "number", plugins = "integer" },
  run    = function()
    return { time = bridge.time(), plugins = bridge.plugins:list().total }
  end,
}

-- And one that nobody should use here is taken out.
proto:remove "SAVE_PRESET"
