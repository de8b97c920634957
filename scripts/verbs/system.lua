-- The bridge itself: is it there, what can it do, how is it.

local bridge = require "bridge"
local proto  = bridge.protocol "sonic-core"

proto:verb "PING" {
  doc     = "Answers at once, whatever the plugins are doing. The time is that of the bridge, in milliseconds.",
  result  = { time = "number" },
  example = { params = {}, result = { time = 1234.5 } },
  run     = function()
    return { time = bridge.time() }
  end,
}

proto:verb "GET_VERSION" {
  doc     = "Which bridge this is.",
  result  = { name = "text", version = "text", protocol = "integer", os = "text" },
  example = { params = {}, result = { name = "sonic-bridge", version = "0.1.0", protocol = 1, os = "linux" } },
  run     = function()
    return { name = "sonic-bridge", version = bridge.version, protocol = 1, os = bridge.os }
  end,
}

proto:verb "GET_CAPS" {
  doc     = "What this bridge can do beyond the plain verbs, in words that stay.",
  result  = { caps = { "list", of = "text" } },
  example = { params = {}, result = { caps = { "audio.binary", "batch.atomic", "cancel" } } },
  run     = function()
    return {
      caps = {
        "audio.binary", "audio.offline", "audio.request", "batch.atomic", "cancel", "chains", "events.coalesced",
        "notes", "presets", "programs", "resume", "scripts.reload", "state", "transport",
      },
    }
  end,
}

proto:verb "GET_LIMITS" {
  doc     = "How much of everything there may be, as config.lua says.",
  result  = {
    instances = "integer", streams = "integer", sessions = "integer", sockets = "integer", grace_s = "integer",
    in_flight = "integer", text_bytes = "integer", credits = "integer", main_per_second = "integer",
  },
  example = {
    params = {},
    result = {
      instances = 256, streams = 128, sessions = 16, sockets = 16, grace_s = 30,
      in_flight = 64, text_bytes = 262144, credits = 512, main_per_second = 200,
    },
  },
  run     = function()
    return bridge.limits()
  end,
}

proto:verb "GET_STATUS" {
  doc     = "How things stand. `main_busy_ms` is how long the plugins' thread has been busy with one thing.",
  result  = {
    uptime_s = "number", plugins = "integer", instances = "integer", streams = "integer", main_busy_ms = "number",
    reload = { "object", fields = { generation = "integer", error = "text?" } },
  },
  example = {
    params = {},
    result = { uptime_s = 42, plugins = 12, instances = 1, streams = 1, main_busy_ms = 0, reload = { generation = 1 } },
  },
  run     = function(session)
    local status = bridge.status()
    local own    = session:counts()
    return {
      uptime_s = status.uptime_s, main_busy_ms = status.main_busy_ms, plugins = status.plugins,
      instances = own.instances, streams = own.streams,
      reload = { generation = status.generation, error = status.error },
    }
  end,
}

proto:verb "SUBSCRIBE" {
  doc     = "Says which classes of events are wanted from now on: lifecycle, params, meters, log, scripts, graph.",
  params  = { classes = { "list", of = "text", max = 16 } },
  result  = { classes = { "list", of = "text" } },
  errors  = { "OUT_OF_RANGE" },
  example = { params = { classes = { "lifecycle", "params" } }, result = { classes = { "lifecycle", "params" } } },
  run     = function(session, p)
    return { classes = session:subscribe(p.classes) }
  end,
}

proto:verb "CANCEL" {
  doc     = "Takes back a request that is not answered yet; it is answered with -32800 then. What the plugins' thread has "
    .. "begun already is finished there.",
  params  = { id = { "value", doc = "the id of the request" } },
  result  = { cancelled = "boolean" },
  example = { params = { id = 17 }, result = { cancelled = true } },
  run     = function(session, p)
    return { cancelled = session:cancel(p.id) }
  end,
}

-- How a call is taken back when a later one of the same atomic batch fails: a function that is called before the call,
-- and gives one that undoes it.
local undo = {}

function undo.SET_PARAM(session, p)
  local param = session:instance(p.instance):param(p.param, p.member)
  local old   = param:norm()
  return function() param:set(old, "norm", false) end
end

function undo.SET_PARAMS(session, p)
  local steps = {}
  for _, change in ipairs(p.changes) do
    table.insert(steps, undo.SET_PARAM(session, { instance = p.instance, param = change.param, member = change.member }))
  end
  return function()
    for i = #steps, 1, -1 do steps[i]() end
  end
end

function undo.SET_BYPASS(session, p)
  local instance = session:instance(p.instance)
  local old      = instance:record().bypassed
  return function() instance:bypass(old) end
end

function undo.LOAD_PLUGIN(session)
  return function(result) session:instance(result.instance):unload() end
end

local function reads(method)
  return method == "PING" or method:find("^GET_") ~= nil or method:find("^LIST_") ~= nil
end

local function atomic(session, calls)
  for index, call in ipairs(calls) do
    if not undo[call.method] and not reads(call.method) then
      error(bridge.fault("OUT_OF_RANGE", call.method .. " cannot be taken back, so it cannot be part of an atomic batch",
        { data = { index = index - 1 } }))
    end
  end
  local results, steps = bridge.list(), {}
  for index, call in ipairs(calls) do
    local params  = call.params or {}
    local ok, back = true, nil
    if undo[call.method] then ok, back = pcall(undo[call.method], session, params) end
    local result = back
    if ok then ok, result = pcall(session.call, session, call.method, params) end
    if not ok then
      for i = #steps, 1, -1 do steps[i].back(steps[i].result) end
      if type(result) == "string" then result = { kind = "RUNTIME", message = result } end
      error(bridge.fault(result.kind, result.message, { hint = result.hint, data = { index = index - 1 } }))
    end
    if back then table.insert(steps, { back = back, result = result }) end
    table.insert(results, { result = result })
  end
  return results
end

local function serial(session, calls, halt)
  local results = bridge.list()
  for _, call in ipairs(calls) do
    local ok, result = pcall(session.call, session, call.method, call.params or {})
    if ok then
      table.insert(results, { result = result })
    elseif type(result) == "string" then
      table.insert(results, { error = { code = 1602, message = result, data = { kind = "RUNTIME", retry = false } } })
    else
      local data = { kind = result.kind, retry = result.retry, hint = result.hint }
      table.insert(results, { error = { code = result.code, message = result.message, data = data } })
    end
    if not ok and halt then break end
  end
  return results
end

proto:verb "BATCH" {
  doc     = "Several calls in one request, one after another; results are in the same order. `serial` gives a result or "
    .. "an error for each call, and ends at the first error unless `halt` is false. `atomic` is all or nothing: at the "
    .. "first error what was done is taken back, and BATCH fails with that error and `data.index`. Only loading, "
    .. "bypass, parameters and verbs that read can be part of an atomic batch.",
  params  = {
    mode  = { "serial", "atomic", default = "serial" },
    halt  = { "boolean", default = true },
    calls = {
      "list", max = 256,
      of = { "object", fields = { method = "text", params = "object?" } },
    },
  },
  result  = { results = { "list", of = { "object", fields = { result = "any?", error = "object?" } } } },
  errors  = { "OUT_OF_RANGE", "TOO_LARGE" },
  cost    = "main",
  example = {
    params = { mode = "serial", calls = { { method = "PING" }, { method = "GET_VERSION", params = {} } } },
    result = {
      results = {
        { result = { time = 1234.5 } },
        { result = { name = "sonic-bridge", version = "0.1.0", protocol = 1, os = "linux" } },
      },
    },
  },
  run     = function(session, p)
    if p.mode == "atomic" then return { results = atomic(session, p.calls) } end
    return { results = serial(session, p.calls, p.halt) }
  end,
}
