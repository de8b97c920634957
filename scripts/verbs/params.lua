-- Parameters. Normalized values (0 to 1) never wait for a plugin: SET_PARAM and GET_PARAM in the space "norm" answer at
-- once, also while the plugins' thread is busy. Plain values and texts are known by the plugin only.

local bridge = require "bridge"
local proto  = bridge.protocol "sonic-core"

local member = { "integer", min = 0, max = 254, default = 0 }
local space  = { "norm", "plain", "text", default = "norm" }
local errors = { "INSTANCE_NOT_FOUND", "PARAM_NOT_FOUND", "AMBIGUOUS", "OUT_OF_RANGE", "FIELD_TYPE" }

proto:record "Param" {
  id         = { "integer", doc = "the plugin's own number; it stays" },
  key        = { "text", doc = "vst3:ID" },
  name       = "text",
  short      = "text",
  unit       = "text",
  group      = { "text", doc = "path from the root, parts joined by /" },
  min        = { "number", doc = "plain value at 0" },
  max        = { "number", doc = "plain value at 1" },
  default    = { "number", doc = "normalized" },
  value_norm = "number",
  value_plain = "number",
  text       = "text",
  steps      = { "integer", doc = "0 for continuous" },
  kind       = { "float", "int", "bool", "enum" },
  labels     = { "list", of = "text", optional = true },
  flags      = { "list", of = { "automatable", "readonly", "hidden", "bypass", "list", "wrap", "program_change" } },
}

proto:record "Value" {
  norm  = "number",
  plain = { "number", optional = true, doc = "left out while the plugins' thread is busy" },
  text  = { "text", optional = true, doc = "left out while the plugins' thread is busy" },
}

proto:verb "LIST_PARAMS" {
  doc     = "Parameters of a plugin with their values. Hidden ones are left out. With `next` in the answer there are more.",
  scope   = "list",
  params  = {
    instance = "instance", member = member,
    cursor   = { "integer", min = 0, default = 0 },
    limit    = { "integer", min = 1, max = 500, default = 500 },
  },
  result  = { params = { "list", of = "Param" }, total = "integer", next = "integer?" },
  errors  = { "INSTANCE_NOT_FOUND" },
  cost    = "main",
  example = {
    params = { instance = 1, limit = 1 },
    result = {
      total = 9, next = 1,
      params = {
        {
          id = 3, key = "vst3:3", name = "Wet Level", short = "Wet", unit = "%", group = "", min = 0, max = 100,
          default = 0.5, value_norm = 0.4, value_plain = 40, text = "40", steps = 0, kind = "float",
          flags = { "automatable" },
        },
      },
    },
  },
  run     = function(session, p)
    local params, total = session:instance(p.instance):params(p.member, p.cursor, p.limit)
    local after = p.cursor + #params
    return { params = params, total = total, next = after < total and after or nil }
  end,
}

proto:verb "GET_PARAM" {
  doc     = "The present value of a parameter. In the space \"norm\" it answers at once; else plain value and text come "
    .. "with it, unless the plugins' thread is busy.",
  scope   = "list",
  params  = {
    instance = "instance", member = member, param = "param",
    space    = { "norm", "plain", "text", optional = true },
  },
  result  = "Value",
  errors  = errors,
  example = { params = { instance = 1, param = "Wet Level" }, result = { norm = 0.4, plain = 40, text = "40" } },
  run     = function(session, p)
    return session:instance(p.instance):param(p.param, p.member):get(p.space)
  end,
}

proto:verb "SET_PARAM" {
  doc     = "Sets one parameter of a loaded plugin. Answers with the value that was really applied; `snapped` says that a "
    .. "step was nearest. In the space \"norm\" it answers at once; texts that are missing come with PARAM_CHANGED.",
  scope   = "param",
  params  = {
    instance = "instance", member = member, param = "param",
    value    = { "value", doc = "a number, or a text for the space \"text\"" },
    space    = space,
    texts    = { "boolean", default = true, doc = "whether plain value and text are wanted in the answer" },
  },
  result  = { applied = "Value", snapped = "boolean" },
  errors  = errors,
  example = {
    params = { instance = 1, param = "Wet Level", value = 0.4 },
    result = { applied = { norm = 0.4, plain = 40, text = "40" }, snapped = false },
  },
  run     = function(session, p)
    local applied, snapped = session:instance(p.instance):param(p.param, p.member):set(p.value, p.space, p.texts)
    return { applied = applied, snapped = snapped }
  end,
}

proto:verb "SET_PARAMS" {
  doc     = "Sets several parameters of an instance, in order. Each has its own result or error.",
  scope   = "param",
  params  = {
    instance = "instance",
    changes  = {
      "list", max = 1024,
      of = { "object", fields = { member = member, param = "param", value = "value", space = space } },
    },
  },
  result  = {
    results = {
      "list",
      of = { "object", fields = { applied = { "Value", optional = true }, snapped = "boolean?", error = "object?" } },
    },
  },
  errors  = { "INSTANCE_NOT_FOUND" },
  cost    = "main",
  example = {
    params = { instance = 1, changes = { { param = 3, value = 0.4 }, { param = 4, value = 0.1 } } },
    result = {
      results = {
        { applied = { norm = 0.4 }, snapped = false },
        { applied = { norm = 0.1 }, snapped = false },
      },
    },
  },
  run     = function(session, p)
    local instance = session:instance(p.instance)
    local results  = bridge.list()
    for _, change in ipairs(p.changes) do
      local param = instance:param(change.param, change.member)
      local ok, applied, snapped = pcall(param.set, param, change.value, change.space, false)
      if ok then
        table.insert(results, { applied = applied, snapped = snapped })
      elseif type(applied) == "string" or applied.kind == "INSTANCE_NOT_FOUND" then
        error(applied, 0)
      else
        local data = { kind = applied.kind, retry = applied.retry }
        table.insert(results, { error = { code = applied.code, message = applied.message, data = data } })
      end
    end
    return { results = results }
  end,
}

-- Hands on knobs, by session. While a hand is on a knob its own changes are not told back to it (see verbs/events.lua).
local held = {}

local function key(instance, member, param)
  return instance .. ":" .. member .. ":" .. param
end

bridge.on("session_closed", function(e)
  held[e.id] = nil
end)

bridge.on("unloaded", function(e)
  local knobs = e.session and held[e.session:id()] or {}
  for knob in pairs(knobs) do
    if knob:find("^" .. e.instance .. ":") then knobs[knob] = nil end
  end
end)

local gesture = { instance = "instance", member = member, param = "param" }

proto:verb "BEGIN_EDIT" {
  doc    = "A hand is on a knob: until END_EDIT the client's own changes of this parameter do not come back to it as "
    .. "PARAM_CHANGED. What the plugin itself does still comes.",
  scope  = "param",
  params = gesture,
  errors = errors,
  run    = function(session, p)
    local id   = session:instance(p.instance):param(p.param, p.member):info().id
    local mine = held[session:id()] or {}
    mine[key(p.instance, p.member, id)] = true
    held[session:id()] = mine
  end,
}

proto:verb "END_EDIT" {
  doc    = "The hand is off the knob again.",
  scope  = "param",
  params = gesture,
  errors = { "INSTANCE_NOT_FOUND", "PARAM_NOT_FOUND", "NOT_ACTIVE" },
  run    = function(session, p)
    local id   = session:instance(p.instance):param(p.param, p.member):info().id
    local mine = held[session:id()] or {}
    local knob = key(p.instance, p.member, id)
    if not mine[knob] then
      error(bridge.fault("NOT_ACTIVE", "no edit of this parameter was begun", { hint = "BEGIN_EDIT comes first" }))
    end
    mine[knob] = nil
  end,
}

local all = { norm = "number", plain = "number", text = "text" }

proto:verb "PARAM_TO_TEXT" {
  doc     = "What a normalized value would be called, without setting it.",
  scope   = "list",
  params  = { instance = "instance", member = member, param = "param", norm = { "number", min = 0, max = 1 } },
  result  = all,
  errors  = errors,
  cost    = "main",
  example = { params = { instance = 1, param = 3, norm = 0.4 }, result = { norm = 0.4, plain = 40, text = "40" } },
  run     = function(session, p)
    return session:instance(p.instance):param(p.param, p.member):describe(p.norm, "norm")
  end,
}

proto:verb "TEXT_TO_PARAM" {
  doc     = "Which value a text means, without setting it.",
  scope   = "list",
  params  = { instance = "instance", member = member, param = "param", text = { "text", max = 256 } },
  result  = all,
  errors  = errors,
  cost    = "main",
  example = { params = { instance = 1, param = 3, text = "40 %" }, result = { norm = 0.4, plain = 40, text = "40" } },
  run     = function(session, p)
    return session:instance(p.instance):param(p.param, p.member):describe(p.text, "text")
  end,
}

return {
  -- Whether a hand of this session is on a knob.
  held = function(session, instance, member_, param)
    local mine = held[session:id()]
    return mine ~= nil and mine[key(instance, member_, param)] == true
  end,
}
