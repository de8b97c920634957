-- DUCK turns a parameter down for a while, and back: a verb of your own beside those that are there.

require "protocol"

local bridge = require "bridge"
local proto  = bridge.protocol "sonic-core"

proto:verb "DUCK" {
  doc    = "Sets a parameter, and after some seconds what it was before.",
  scope  = "param",
  params = {
    instance = "instance",
    param    = "param",
    to       = { "number", min = 0, max = 1, default = 0 },
    seconds  = { "number", min = 0.005, max = 60, default = 0.5 },
  },
  result = { from = "number" },
  run    = function(session, p)
    local param  = session:instance(p.instance):param(p.param)
    local before = param:norm()
    param:set(p.to)
    bridge.after(p.seconds, function() param:set(before) end)
    return { from = before }
  end,
}
