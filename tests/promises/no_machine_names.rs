//! Nothing in the tree depends on, or tells about, the machine it was written on.

use crate::source;

/// Folders of particular machines. A path counts when it begins here, not in the middle of another one.
const FOLDERS: &[&str] = &[concat!("/wo", "rk/"), concat!("/fa", "rm/"), concat!("/ro", "ot/"), concat!("/tmp/", "wt")];

/// Hosts of package registries and mirrors. Which one is used is the machine's business.
const HOSTS: &[&str] = &[
    concat!("deb.", "debian.org"),
    concat!("ftp.", "debian.org"),
    concat!("snapshot.", "debian.org"),
    concat!("archive.", "ubuntu.com"),
    concat!("static.", "crates.io"),
    concat!("index.", "crates.io"),
    concat!("static.", "rust-lang.org"),
    concat!("registry.", "npmjs.org"),
    concat!("files.", "pythonhosted.org"),
    concat!("pypi.", "org"),
];

#[test]
fn no_file_names_a_folder_of_one_machine_or_a_registry() {
    let mut problems = Vec::new();
    for file in source::files() {
        let Ok(text) = std::fs::read_to_string(source::root().join(&file)) else { continue };
        for (number, line) in text.lines().enumerate() {
            problems.extend(names(line).map(|name| format!("{file}:{}: {name}", number + 1)));
        }
    }
    source::none(&problems, "names of particular machines and registries");
}

#[test]
fn the_lock_file_knows_one_source_only() {
    let lock = source::read("Cargo.lock");
    let other = lock
        .lines()
        .filter(|line| line.starts_with("source = "))
        .filter(|line| !line.contains(concat!("registry+https://github.com/rust-lang/", "crates.io-index")));
    source::none(&other.map(str::to_owned).collect::<Vec<_>>(), "packages from elsewhere in Cargo.lock");
}

fn names(line: &str) -> impl Iterator<Item = &'static str> + '_ {
    let folders = FOLDERS.iter().copied().filter(move |folder| {
        line.match_indices(folder).any(|(at, _)| {
            let before = line[..at].chars().next_back();
            !before.is_some_and(|sign| sign.is_alphanumeric() || "_.-}".contains(sign))
        })
    });
    folders.chain(HOSTS.iter().copied().filter(move |host| line.contains(host)))
}

#[test]
fn such_names_are_noticed() {
    let found = |line: &str| names(line).count();
    assert_eq!(found(&format!("let a = \"{}x\";", FOLDERS[0])), 1);
    assert_eq!(found(&format!("deb http://{}/debian", HOSTS[0])), 1);
    assert_eq!(found("src/work/child.rs and $HOME/work/x"), 0);
}
