-- Every second, whoever asked for the class "meters" hears how busy the plugins' thread is.

require "protocol"

local bridge = require "bridge"
local proto  = bridge.protocol "sonic-core"

proto:event "LOAD" {
  doc   = "How long the plugins' thread has been busy with one thing.",
  class = "meters",
  data  = { main_busy_ms = "number", sessions = "integer" },
}

bridge.every(1, function()
  local status = bridge.status()
  proto:emit("LOAD", { main_busy_ms = status.main_busy_ms, sessions = status.sessions }, { key = "load" })
end)

bridge.on("session_opened", function(e)
  bridge.log.info("hello,", e.session:client())
end)
