return setmetatable({ server = setmetatable({}, { __iter = error }) }, { __index = function() while true do end end })
