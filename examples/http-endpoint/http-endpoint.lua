-- Two pages besides the WebSocket: one for everybody at this computer, one that needs a token.

require "protocol"

local bridge = require "bridge"

bridge.http:get("/plugins.txt", {
  public = true,
  run = function()
    local lines = {}
    for _, plugin in ipairs(bridge.plugins:list().plugins) do
      table.insert(lines, plugin.name .. " by " .. plugin.vendor)
    end
    return table.concat(lines, "\n") .. "\n"
  end,
})

bridge.http:get("/status", function(request)
  local status = bridge.status()
  if request.query.short then
    return { status = 200, text = "up for " .. status.uptime_s .. " s" }
  end
  return status
end)
