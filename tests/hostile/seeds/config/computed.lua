local p = {}
for n = 1, 2 do p[n] = "x" .. n end
return { plugins = { extra_paths = p } }
