//! L4 · watches files, tells of settled changes.
