---@meta bridge
-- Made from src/script/api; do not edit.

---@class Fault
---@field code integer
---@field kind string
---@field message string
---@field hint string?
---@field retry boolean
---@field data table?

---The way to the bridge: local bridge = require "bridge". It also holds version, os and null (JSON's null in lists and results).
---@class bridge
---@field version string
---@field os string
---@field null any
---@field plugins bridge.plugins
---@field http bridge.http
---@field log bridge.log
---@field json bridge.json
---@field base64 bridge.base64
local bridge = {}

---The protocol of that name. The first call declares it, later calls give the same one, so that one script can add to what another one declared.
---@param name string what clients call it; its subprotocol is NAME.v1.json
---@param options? table path: where its WebSocket is, such as "/v1/mine"; sonic-core has "/v1/ws"
---@return Protocol
function bridge.protocol(name, options) end

---Calls a function whenever something happens in the bridge. What belongs to a client carries its session.
---@param what string one of the names listed under Events
---@param run function gets a table
function bridge.on(what, run) end

---Calls a function again and again, with a pause after each call. A program has at most 64 timers.
---@param seconds number at least 0.005
---@param run function
---@return Timer
function bridge.every(seconds, run) end

---Calls a function once.
---@param seconds number at least 0.005
---@param run function
---@return Timer
function bridge.after(seconds, run) end

---Waits. Only the handler that calls it.
---@param seconds number 0 to 60
---@async
function bridge.sleep(seconds) end

---An error for the client: error(bridge.fault("OUT_OF_RANGE", "…")). It has the fields code, kind, message, hint, retry and data, and so has every error that pcall catches from this API.
---@param kind string such as "OUT_OF_RANGE"; docs/verbs.md lists all
---@param message string a sentence
---@param options? table hint: what may help; retry: asking again may help; data: a table
---@return Fault
function bridge.fault(kind, message, options) end

---Marks a table as a list, so that it is sent as [] and not as {} when it is empty.
---@param items? table
---@return table
function bridge.list(items) end

---How things stand: uptime_s, main_busy_ms, plugins (how many are known), unknown_fields, sessions, generation, error (why a changed script was refused).
---@return table
function bridge.status() end

---The limits set in config.lua.
---@return table
function bridge.limits() end

---Milliseconds since the bridge started, with fractions.
---@return number
function bridge.time() end

---What clients can ask over one WebSocket. Made by bridge.protocol.
---@class Protocol
local Protocol = {}

---Declares a verb: proto:verb "NAME" { doc, params, result, errors, scope, cost, example, run }. `run` gets the session and the checked parameters, and returns the result. A verb of the same name is replaced.
---@param name string as clients send it
---@return function
function Protocol:verb(name) end

---Takes a verb out again; false if there was none.
---@param name string of a verb
---@return boolean
function Protocol:remove(name) end

---Names a group of fields: proto:record "Bus" { name = "text", channels = "integer" }.
---@param name string used as a type afterwards
---@return function
function Protocol:record(name) end

---Declares an event: proto:event "NAME" { doc, class, data }. The class says by which word clients ask for it, and whether it may be dropped.
---@param name string as clients get it
---@return function
function Protocol:event(name) end

---Sends an event, to every client of the protocol or to one session.
---@param name string of a declared event
---@param data? table
---@param options? table session: only to this one; key: replaces what waits with the same key; class
function Protocol:emit(name, data, options) end

---Says what the audio frames of a new stream run through. Afterwards no Lua runs per block.
---@param options table open: a function that gets session and parameters, and returns an Instance
function Protocol:stream(options) end

---Where its WebSocket is.
---@return string
function Protocol:path() end

---A client that was let in. What it loads belongs to it, and it reaches nothing of others.
---@class Session
local Session = {}

---A number that stands for the session, for keys of tables.
---@return integer
function Session:id() end

---What the client calls itself.
---@return string
function Session:client() end

---The page it came from; nil for a program.
---@return string?
function Session:origin() end

---Whether its token allows something.
---@param scope string such as "param"
---@return boolean
function Session:allows(scope) end

---Says which events it wants from now on.
---@param classes string[] classes of events, all that are wanted
---@return string[]
function Session:subscribe(classes) end

---Takes back a request that is not answered yet. Its handler stops where it waits; what the plugins' thread has begun is finished there.
---@param id any of a request of the same session
---@return boolean
function Session:cancel(id) end

---Runs a verb as if the client had asked for it, with all checks.
---@param method string a verb of its protocol
---@param params? table
---@return any
---@async
function Session:call(method, params) end

---Loads a chain of plugins and returns its record.
---@param options table plugins: names or ids, or tables { plugin_id, state, preset }; plugin_id for one; state: of the whole chain; sample_rate, max_block, channels, mode
---@return table
---@async
function Session:load(options) end

---The records of all that it loaded.
---@return table[]
---@async
function Session:instances() end

---A loaded chain by its number. Whether it is there is seen when it is used.
---@param id integer from LOAD_PLUGIN
---@return Instance
function Session:instance(id) end

---Opens a stream through what the protocol's stream.open says. The client may send frames when it has the answer of this request.
---@param options table instance, and sample_rate, block, channels, mode, credits; what else the protocol's stream.open needs
---@return table
---@async
function Session:open_stream(options) end

---A stream by its number.
---@param id integer from OPEN_STREAM
---@return Stream
function Session:stream(id) end

---What its streams measured.
---@return table[]
function Session:timings() end

---Forgets what its streams measured.
function Session:reset_timings() end

---Ends all notes and all that rings in everything it loaded.
---@async
function Session:panic() end

---How many instances and streams it has, without waiting.
---@return table
function Session:counts() end

---Counts what happened to it; equal numbers mean that nothing did.
---@return integer
function Session:rev() end

---Ends the session.
---@param reason? string told to the client
function Session:close(reason) end

---A chain of one or more plugins that a session loaded. Members of the chain are counted from 0.
---@class Instance
local Instance = {}

---Its number.
---@return integer
function Instance:id() end

---All that is known of it.
---@return table
---@async
function Instance:record() end

---Its plugins with id, name, vendor, version and kind, without waiting.
---@return table[]
function Instance:plugins() end

---Unloads it; its stream ends.
---@async
function Instance:unload() end

---Saves its state, makes it anew, restores; returns the record.
---@return table
---@async
function Instance:restart() end

---Forgets all that rings, ends all notes, gives guarded plugins another chance.
---@async
function Instance:reset() end

---Lets sound run past it, as late as through it, or through it again.
---@param on boolean
---@async
function Instance:bypass(on) end

---One parameter. Whether it is there is seen when it is used.
---@param param any number, name, group/name or a unique part
---@param member? integer 0
---@return Param
function Instance:param(param, member) end

---Parameters with their values and texts, and how many there are.
---@param member? integer 0
---@param from? integer 0
---@param count? integer 500, at most 2000
---@return table[]
---@return integer
---@async
function Instance:params(member, from, count) end

---All parameters as { member, id, norm }, without waiting.
---@return table[]
function Instance:values() end

---The settings of all its plugins, as text that only set_state and load understand.
---@return string
---@async
function Instance:state() end

---Restores settings; STATE_REJECTED if they are of other plugins.
---@param state string from state()
---@async
function Instance:set_state(state) end

---Presets in the standard folders: name, scope.
---@param member? integer 0
---@return table[]
---@async
function Instance:presets(member) end

---Loads a preset.
---@param name string
---@param member? integer 0
---@async
function Instance:load_preset(name, member) end

---Saves the present settings as a preset of the user.
---@param name string a name, not a path
---@param member? integer 0
---@param overwrite? boolean false
---@return table
---@async
function Instance:save_preset(name, member, overwrite) end

---Lists of programs: id, name, programs, current.
---@param member? integer 0
---@return table[]
---@async
function Instance:programs(member) end

---Chooses a program.
---@param list integer id of the list
---@param program integer from 0
---@param member? integer 0
---@async
function Instance:set_program(list, program, member) end

---Notes and controllers for the next block.
---@param events table[] { type = "note_on", key, velocity, offset, channel, note } and so on
---@param member? integer every one that takes notes
function Instance:send(events, member) end

---Musical time from the next block on; what is left out stays.
---@param change table playing, tempo, signature, position, cycle, cycling
function Instance:transport(change) end

---One parameter of a loaded plugin. Normalized values (0 to 1) never wait for the plugin.
---@class Param
local Param = {}

---What is known of it without asking the plugin: id, name, unit, min, max, steps, flags and so on.
---@return table
function Param:info() end

---Its present normalized value, without waiting.
---@return number
function Param:norm() end

---Its present value: norm, plain, text. plain and text are left out while the plugins' thread is busy.
---@param space? string "norm": only that, without waiting; else all
---@return table
---@async
function Param:get(space) end

---Sets it. Returns what was really applied (norm, plain, text), and whether a step was nearest.
---@param value any a number, or a text for the space "text"
---@param space? string "norm" (0 to 1), "plain" (in its unit) or "text"; norm
---@param texts? boolean whether plain and text are wanted in the answer; true
---@return table
---@return boolean
---@async
function Param:set(value, space, texts) end

---What a value would be in all ways (norm, plain, text), without setting it.
---@param value any
---@param space? string "norm", "plain" or "text"; norm
---@return table
---@async
function Param:describe(value, space) end

---A way for sound through a loaded chain. Live sound comes in binary frames and never passes through Lua.
---@class Stream
local Stream = {}

---Closes it; notes end, nothing rings on.
---@async
function Stream:close() end

---Forgets all that rings in it.
---@async
function Stream:flush() end

---Processes one frame, beside the live ones: frames, channels, data, dry, guard, micros.
---@param frame table frames, channels, data (base64 of 32-bit floats, one channel after the other), events
---@return table
---@async
function Stream:process(frame) end

---The plugins on this machine, as they were last looked for.
---@class bridge.plugins
local bridge_plugins = {}

---All of them: rev, total, plugins. Each has id, name, vendor, version, format, kind, categories, state and perhaps reason.
---@return table
function bridge_plugins:list() end

---One of them.
---@param plugin string id, exact name, or a unique part of it
---@return table
function bridge_plugins:find(plugin) end

---What the last scan says of each file: name, state, reason, plugins, took_ms.
---@return table[]
function bridge_plugins:modules() end

---Looks for plugins again, in processes of its own.
---@param rescan? boolean examine everything anew; false
---@param plugin? string only the file of this plugin
---@return table
---@async
function bridge_plugins:scan(rescan, plugin) end

---Keeps a plugin from being loaded.
---@param plugin string id or name
---@param reason? string shown in lists
---@async
function bridge_plugins:block(plugin, reason) end

---Gives it free.
---@param plugin string id or name
---@async
function bridge_plugins:unblock(plugin) end

---Endpoints by HTTP, behind the same gate as the WebSocket. A handler gets { method, path, query, origin, body } and returns a text, a table that is sent as JSON, or { status, text | html | json }.
---@class bridge.http
local bridge_http = {}

---Answers GET.
---@param path string such as "/meters"; exact
---@param run any a function, or { public = true, run = function }: without a token
function bridge_http:get(path, run) end

---Answers POST; the body has up to 256 KiB.
---@param path string exact
---@param run any as with get
function bridge_http:post(path, run) end

---Made by bridge.every and bridge.after. Timers end when another text of the script begins.
---@class Timer
local Timer = {}

---Ends it; a call that runs is finished.
function Timer:stop() end

---Lines for the bridge's log; at most 50 a second.
---@class bridge.log
local bridge_log = {}

---For whoever writes the script.
---@param ... any joined by spaces
function bridge_log.debug(...) end

---Worth knowing.
---@param ... any joined by spaces
function bridge_log.info(...) end

---Something is odd.
---@param ... any joined by spaces
function bridge_log.warn(...) end

---Something failed.
---@param ... any joined by spaces
function bridge_log.error(...) end

---JSON as text. bridge.null is null, bridge.list marks a list.
---@class bridge.json
local bridge_json = {}

---A value as text.
---@param value any
---@return string
function bridge_json.encode(value) end

---Text as a value; an error says where it is no JSON.
---@param text string
---@return any
function bridge_json.decode(text) end

---Bytes as text.
---@class bridge.base64
local bridge_base64 = {}

---Bytes as base64, with padding.
---@param bytes string
---@return string
function bridge_base64.encode(bytes) end

---Base64 as bytes.
---@param text string
---@return string
function bridge_base64.decode(text) end

return bridge
