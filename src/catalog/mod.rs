//! L2 · which plugins are on this machine: folders, header checks, scan in child processes, cache, blocklist.
