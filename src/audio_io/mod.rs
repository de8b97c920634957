//! L2 · who calls the engine: files, offline; later sound cards and streams.
