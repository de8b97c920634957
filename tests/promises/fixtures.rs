//! The fixtures are what the tests take them for.

use crate::support::sandbox::Sandbox;

#[test]
fn the_program_leaves_the_users_files_alone() {
    let sandbox = Sandbox::new();
    let output = sandbox.sonic_bridge(&[]).arg("--help").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let home = std::fs::read_dir(sandbox.file("home")).unwrap().count();
    assert_eq!(home, 0, "the program wrote into the user's home");
    assert!(sandbox.left_behind().is_empty(), "{:?}", sandbox.left_behind());
}

#[cfg(target_os = "linux")]
#[test]
fn the_real_plugins_are_all_there() {
    use crate::support::fixtures;
    let folder = fixtures::real_plugins();
    let bundles = std::fs::read_dir(&folder).unwrap().count();
    assert!(bundles >= 20, "{} holds only {bundles} bundles", folder.display());
    for name in ["DragonflyHallReverb", "DragonflyRoomReverb", "ZamVerb", "ZamEQ2", "ZamHeadX2"] {
        assert!(fixtures::bundle(&folder, name).join("Contents").is_dir());
    }
}
