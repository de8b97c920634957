local b = require("bridge")
print(b.version, b.os)
return { audio = { block = 2^7 }, scripts = { roots = { "a", "~/b" } } }
