//! L4 · warp: sockets, sessions, limits, audio frames. Knows sessions and bytes, not plugins or verbs.
