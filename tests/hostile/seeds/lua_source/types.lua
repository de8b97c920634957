type T = { x: number, [string]: any }
local function f<A>(a: A, ...: T): (A, ...T) return a, ... end
local s = `{f(1)} and {2 // 1}`
for i, v in { 1, 2 } do if i == 2 then continue end s ..= v end
return s :: any