-- The protocol "sonic-core": what a browser or a program can ask of the bridge, at ws://127.0.0.1:8080/v1/ws.
--
-- Every verb is declared with its documentation. Parameters are checked before `run` is called, and `run` returns the
-- result. The bridge itself knows none of these names: rename a verb here, and it has the new name. Save the file, and the
-- change is live; sessions, plugins and sound go on meanwhile.
--
-- To add to it, write a script of your own beside this one, name it in config.lua (scripts.protocol), and begin it with
--
--   require "protocol"
--   local proto = require "bridge".protocol "sonic-core"

local bridge = require "bridge"
local proto  = bridge.protocol "sonic-core"

require "verbs.system"      -- PING, GET_VERSION … BATCH
require "verbs.plugins"     -- LIST_PLUGINS, SCAN_PLUGINS …
require "verbs.instances"   -- LOAD_PLUGIN, UNLOAD_PLUGIN …
require "verbs.params"      -- LIST_PARAMS, SET_PARAM …
require "verbs.state"       -- GET_STATE, presets, programs
require "verbs.audio"       -- OPEN_STREAM, PROCESS_AUDIO, notes, musical time, timings
require "verbs.session"     -- SAVE_SESSION, RESTORE_SESSION, GET_SNAPSHOT
require "verbs.events"      -- what clients are told without asking

return proto
