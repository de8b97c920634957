//! Whatever comes from outside: each parser takes any bytes without a panic, within its memory, and what it accepts obeys
//! the rule it is there for.
//!
//! What a target checks stands in `checks`, one function each, shared with the fuzzer (`cargo xtask fuzz`). Here it gets
//! the seeds, seeds with pieces changed, and inputs built from the pieces that its format is made of.

mod checks;
mod disk;
mod flow;
mod frames;
mod handshake;
mod lua;
mod memory;
mod messages;
mod moduleinfo;
mod mutate;
mod presets;
mod served;
mod sound;
#[path = "../support/mod.rs"]
mod support;

#[test]
fn the_memory_limit_can_fail() {
    let held = |bytes: usize| std::panic::catch_unwind(|| memory::within(1 << 20, || drop(vec![1_u8; bytes])));
    assert!(held(1 << 19).is_ok());
    assert!(held(1 << 21).is_err());
}

#[test]
fn every_fuzz_target_has_a_check_and_seeds() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let manifest = std::fs::read_to_string(root.join("fuzz/Cargo.toml")).unwrap();
    let targets: Vec<&str> =
        manifest.split("[[bin]]\nname = \"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert!(targets.len() >= 9, "{targets:?}");
    for target in targets {
        assert!(root.join(format!("tests/hostile/checks/{target}.rs")).exists(), "{target}");
        let body = std::fs::read_to_string(root.join(format!("fuzz/targets/{target}.rs"))).unwrap();
        assert!(body.contains(&format!("/checks/{target}.rs")), "{target}");
        assert!(!mutate::seeds(target).is_empty(), "{target}");
    }
}
