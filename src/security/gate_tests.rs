//! The gate as a function: one thing wrong at a time, and anything at all.

use super::{
    gate::{Door, Facts, Refusal, Upgrade, decide, decide_upgrade},
    origin::{host_allowed, origin_allowed, own_origins},
};
use proptest::prelude::*;

const PORT: u16 = 8080;

fn list() -> Vec<String> {
    let own = own_origins(PORT);
    ["https://app.example".to_owned()].into_iter().chain(own).collect()
}

fn good() -> Facts<'static> {
    Facts {
        door: Door::Socket,
        loopback: true,
        method: "GET",
        http11: true,
        authority: None,
        hosts: &[b"localhost:8080"],
        origins: &[b"https://app.example"],
        site: Some(b"cross-site"),
        mode: Some(b"websocket"),
        body: false,
        two_lengths: false,
        range: false,
    }
}

#[test]
fn the_first_thing_that_is_wrong_decides() {
    let mut facts = good();
    assert_eq!(decide(&facts, PORT, &list()), Ok(()));
    let mut wrong = |change: &dyn Fn(&mut Facts<'static>), refusal| {
        change(&mut facts);
        assert_eq!(decide(&facts, PORT, &list()), Err(refusal));
    };
    // From the last one to the first one: each hides those before it.
    wrong(&|facts| facts.range = true, Refusal::Range);
    wrong(&|facts| facts.body = true, Refusal::Body);
    wrong(&|facts| facts.mode = Some(b"cors"), Refusal::Fetch);
    wrong(&|facts| facts.origins = &[b"https://evil.example"], Refusal::Origin);
    wrong(&|facts| facts.origins = &[b"a", b"b"], Refusal::OriginForm);
    wrong(&|facts| facts.origins = &[], Refusal::NoOrigin);
    wrong(&|facts| facts.hosts = &[b"evil.example"], Refusal::Host);
    wrong(&|facts| facts.hosts = &[], Refusal::HostForm);
    wrong(&|facts| facts.http11 = false, Refusal::Version);
    wrong(&|facts| facts.method = "POST", Refusal::Method);
    wrong(&|facts| facts.loopback = false, Refusal::Peer);
}

#[test]
fn a_program_has_no_origin_and_a_page_is_no_program() {
    let program = Facts { door: Door::Native, origins: &[], site: None, mode: None, ..good() };
    assert_eq!(decide(&program, PORT, &list()), Ok(()));
    let page = Facts { origins: &[b"https://app.example"], ..program };
    assert_eq!(decide(&page, PORT, &list()), Err(Refusal::Origin));
}

#[test]
fn statuses_are_those_of_the_list() {
    for (refusal, door, status) in [
        (Refusal::Host, Door::Open, 403),
        (Refusal::HostForm, Door::Open, 400),
        (Refusal::OriginForm, Door::Socket, 400),
        (Refusal::NoOrigin, Door::Socket, 403),
        (Refusal::Method, Door::Open, 405),
        (Refusal::Method, Door::Socket, 400),
        (Refusal::SocketVersion, Door::Socket, 426),
    ] {
        assert_eq!(refusal.status(door), status, "{refusal:?}");
    }
}

proptest! {
    #[test]
    fn only_the_three_hosts_pass(host in proptest::collection::vec(any::<u8>(), 0..24), name in 0usize..6, tail in ".{0,4}") {
        let names = ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "localhost", "127.0.0.1", "[::1]"];
        for host in [host, format!("{}{tail}", names[name]).into_bytes(), format!("{tail}{}", names[name]).into_bytes()] {
            let ours = names[..3].iter().any(|name| name.as_bytes() == host);
            prop_assert_eq!(host_allowed(&host, PORT), ours);
        }
    }

    #[test]
    fn only_what_stands_in_the_list_passes(origin in "(https?://)?(app\\.example|APP\\.example|localhost)[.:/@#a-z0-9]{0,8}") {
        let list = list();
        let there = list.contains(&origin);
        prop_assert_eq!(origin_allowed(origin.as_bytes(), &list), there);
        let (origins, hosts): ([&[u8]; 1], [&[u8]; 1]) = ([origin.as_bytes()], [b"localhost:8080"]);
        let facts = Facts { origins: &origins, hosts: &hosts, ..good() };
        prop_assert_eq!(decide(&facts, PORT, &list).is_ok(), there);
    }

    #[test]
    fn a_subprotocol_is_found_among_others_and_nowhere_else(before in "[a-z, ]{0,12}", after in "[a-z, ]{0,12}") {
        let offered = format!("{before},sonic-core.v1.json ,{after}");
        let joined = format!("{before}xsonic-core.v1.json{after}");
        let check = |line: &str| {
            let protocols: [&[u8]; 1] = [line.as_bytes()];
            let upgrade = Upgrade {
                connection: &[b"keep-alive, Upgrade"],
                upgrade: &[b"websocket"],
                version: &[b"13"],
                key: &[b"dGhlIHNhbXBsZSBub25jZQ=="],
                protocols: &protocols,
            };
            decide_upgrade(&upgrade, "sonic-core.v1.json")
        };
        prop_assert_eq!(check(&offered), Ok(()));
        prop_assert_eq!(check(&joined), Err(Refusal::Subprotocol));
    }
}
