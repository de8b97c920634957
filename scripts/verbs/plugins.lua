-- The plugins on this machine.

local bridge = require "bridge"
local proto  = bridge.protocol "sonic-core"

proto:record "Plugin" {
  id         = { "text", doc = "stays the same for ever, on every system" },
  name       = "text",
  vendor     = "text",
  version    = "text",
  format     = "text",
  kind       = { "effect", "instrument", "analyzer", "generator", "other" },
  categories = { "list", of = "text" },
  state      = { "text", doc = "OK, or why it cannot be loaded: BLOCKED, CRASHED, TIMED_OUT …" },
  reason     = "text?",
  file       = { "text", doc = "name of the bundle or file, without its folder" },
}

local function matches(plugin, filter)
  local function has(text, part)
    return text:lower():find(part:lower(), 1, true) ~= nil
  end
  if filter.name and not has(plugin.name, filter.name) then return false end
  if filter.vendor and not has(plugin.vendor, filter.vendor) then return false end
  if filter.kind and plugin.kind ~= filter.kind then return false end
  if filter.category then
    for _, category in ipairs(plugin.categories) do
      if category:lower() == filter.category:lower() then return true end
    end
    return false
  end
  return true
end

proto:verb "LIST_PLUGINS" {
  doc     = "The plugins on this machine, sorted by name, as they were last looked for. Answers at once. With `next` in "
    .. "the answer there are more: ask again with it as `cursor`.",
  scope   = "list",
  params  = {
    filter = {
      "object", optional = true,
      fields = { name = "text?", vendor = "text?", kind = "text?", category = "text?" },
    },
    cursor = { "integer", min = 0, default = 0 },
    limit  = { "integer", min = 1, max = 500, default = 500 },
    rev    = { "integer", optional = true, doc = "of the first page; REV_CONFLICT if the list is another one by now" },
  },
  result  = { rev = "integer", total = "integer", plugins = { "list", of = "Plugin" }, next = "integer?" },
  errors  = { "REV_CONFLICT" },
  example = {
    params = { filter = { kind = "effect" }, limit = 1 },
    result = {
      rev = 3, total = 2, next = 1,
      plugins = {
        {
          id = "vst3:5653546D6C7665656C6F77696E000000", name = "Room", vendor = "Acme", version = "1.2.0",
          format = "vst3", kind = "effect", categories = { "Fx", "Reverb" }, state = "OK", file = "Room.vst3",
        },
      },
    },
  },
  run     = function(_, p)
    local list = bridge.plugins:list()
    if p.rev and p.rev ~= list.rev then
      error(bridge.fault("REV_CONFLICT", "the list of plugins is another one by now; begin again without a cursor"))
    end
    local found = list.plugins
    if p.filter then
      found = {}
      for _, plugin in ipairs(list.plugins) do
        if matches(plugin, p.filter) then table.insert(found, plugin) end
      end
    end
    local page = bridge.list()
    for i = p.cursor + 1, math.min(p.cursor + p.limit, #found) do
      table.insert(page, found[i])
    end
    local after = p.cursor + #page
    return { rev = list.rev, total = #found, plugins = page, next = after < #found and after or nil }
  end,
}

proto:verb "GET_PLUGIN" {
  doc     = "One plugin, by its id, its name, or a part of the name that fits no other.",
  scope   = "list",
  params  = { plugin = "text" },
  result  = "Plugin",
  errors  = { "PLUGIN_NOT_FOUND", "AMBIGUOUS" },
  example = {
    params = { plugin = "Room" },
    result = {
      id = "vst3:5653546D6C7665656C6F77696E000000", name = "Room", vendor = "Acme", version = "1.2.0",
      format = "vst3", kind = "effect", categories = { "Fx", "Reverb" }, state = "OK", file = "Room.vst3",
    },
  },
  run     = function(_, p)
    return bridge.plugins:find(p.plugin)
  end,
}

proto:verb "SCAN_PLUGINS" {
  doc     = "Looks for plugins again; what is unchanged is not examined anew unless `rescan` says so. Plugins are "
    .. "examined in processes of their own. Sends SCAN_PROGRESS meanwhile.",
  scope   = "scan",
  params  = {
    rescan = { "boolean", default = false },
    plugin = { "text", optional = true, doc = "only the file of this one" },
  },
  result  = { rev = "integer", total = "integer" },
  errors  = { "PLUGIN_NOT_FOUND", "FILE" },
  cost    = "main",
  example = { params = { rescan = false }, result = { rev = 4, total = 12 } },
  run     = function(_, p)
    local list = bridge.plugins:scan(p.rescan, p.plugin)
    return { rev = list.rev, total = list.total }
  end,
}

proto:verb "GET_SCAN_REPORT" {
  doc     = "What the last scan says of each file it looked at.",
  scope   = "list",
  result  = {
    modules = {
      "list",
      of = {
        "object",
        fields = { name = "text", state = "text", reason = "text?", plugins = "integer", took_ms = "integer?" },
      },
    },
  },
  example = {
    params = {},
    result = { modules = { { name = "Room.vst3", state = "OK", plugins = 1, took_ms = 84 } } },
  },
  run     = function()
    return { modules = bridge.plugins:modules() }
  end,
}

proto:verb "BLOCK_PLUGIN" {
  doc    = "Keeps a plugin from being loaded, until it is unblocked.",
  scope  = "scan",
  params = { plugin = "text", reason = { "text", max = 200, optional = true } },
  errors = { "PLUGIN_NOT_FOUND", "AMBIGUOUS" },
  cost   = "main",
  run    = function(_, p)
    bridge.plugins:block(p.plugin, p.reason)
  end,
}

proto:verb "UNBLOCK_PLUGIN" {
  doc    = "Gives a blocked plugin free.",
  scope  = "scan",
  params = { plugin = "text" },
  errors = { "PLUGIN_NOT_FOUND", "AMBIGUOUS" },
  cost   = "main",
  run    = function(_, p)
    bridge.plugins:unblock(p.plugin)
  end,
}
