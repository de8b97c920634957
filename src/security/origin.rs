//! L0 · names of the bridge and of the pages that may ask to be let in.
//!
//! Thread: any. Invariant: names are compared byte by byte; nothing is parsed, resolved, folded or cut off.
//! Deliberately absent: wildcards, suffixes, ranges of addresses.

/// The names by which a browser on this machine can mean this machine, as they stand in `Host`.
const NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// `[any]` What `Host` may say when the bridge listens on this port. Browsers leave out port 80.
pub fn own_hosts(port: u16) -> Vec<String> {
    NAMES.iter().map(|name| if port == 80 { (*name).to_owned() } else { format!("{name}:{port}") }).collect()
}

/// `[any]` The bridge's own pages; always among the origins that are let in.
pub fn own_origins(port: u16) -> Vec<String> {
    own_hosts(port).iter().map(|host| format!("http://{host}")).collect()
}

/// `[any]` Whether `Host` means this bridge and nothing else.
pub fn host_allowed(host: &[u8], port: u16) -> bool {
    own_hosts(port).iter().any(|own| own.as_bytes() == host)
}

/// `[any]` Whether an origin stands in the list, byte by byte.
pub fn origin_allowed(origin: &[u8], list: &[String]) -> bool {
    list.iter().any(|entry| entry.as_bytes() == origin)
}

/// `[any]` Whether a text is an origin as browsers write it: `scheme://host` or `scheme://host:port`, lower case, without
/// the scheme's usual port. Says what is wrong otherwise; a list with such an entry would never let anybody in.
pub fn check_origin(text: &str) -> Result<(), &'static str> {
    let (usual, rest) = if let Some(rest) = text.strip_prefix("https://") {
        ("443", rest)
    } else if let Some(rest) = text.strip_prefix("http://") {
        ("80", rest)
    } else {
        return Err("it has to begin with https:// or http://");
    };
    let (host, port) = match rest.strip_prefix('[') {
        Some(inner) => {
            let Some((address, after)) = inner.split_once(']') else { return Err("a bracket is not closed") };
            let fits = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c) || c == ':' || c == '.';
            if address.is_empty() || !address.chars().all(fits) {
                return Err("what stands in brackets has to be an IPv6 address in lower case");
            }
            match after {
                "" => (address, None),
                _ => (address, Some(after.strip_prefix(':').ok_or("only a port may follow the bracket")?)),
            }
        }
        None => {
            let (host, port) = rest.split_once(':').map_or((rest, None), |(host, port)| (host, Some(port)));
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.' | '_');
            if !host.chars().all(fits) {
                return Err("the host may have small letters, digits, - and . only, and no path may follow");
            }
            if host.is_empty() || host.starts_with('.') || host.ends_with('.') || host.contains("..") {
                return Err("the host is empty or has a dot too many");
            }
            (host, port)
        }
    };
    debug_assert!(!host.is_empty());
    match port {
        None => Ok(()),
        Some(port) if port == usual => Err("the usual port of the scheme has to be left out"),
        Some(port) if port.starts_with('0') || !port.bytes().all(|c| c.is_ascii_digit()) => {
            Err("the port is no number")
        }
        Some(port) => port.parse::<u16>().map(drop).map_err(|_| "the port has to be from 1 to 65535"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_three_names_with_the_port_are_this_machine() {
        for good in ["127.0.0.1:8080", "localhost:8080", "[::1]:8080"] {
            assert!(host_allowed(good.as_bytes(), 8080), "{good}");
        }
        for bad in
            ["localhost", "localhost:80", "LOCALHOST:8080", "localhost.:8080", "127.1:8080", "[::ffff:127.0.0.1]:8080"]
        {
            assert!(!host_allowed(bad.as_bytes(), 8080), "{bad}");
        }
        assert!(host_allowed(b"localhost", 80) && !host_allowed(b"localhost:80", 80));
    }

    #[test]
    fn an_entry_that_could_never_fit_is_noticed() {
        for good in ["https://sforge.web.app", "http://localhost:5173", "http://[::1]:8080", "http://127.0.0.1:1"] {
            assert_eq!(check_origin(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "sforge.web.app",
            "https://",
            "https://*.web.app",
            "https://a.b/",
            "https://A.b",
            "https://a.b:443",
            "http://a.b:80",
            "https://a.b.",
            "https://a..b",
            "https://u@a.b",
            "https://a.b:0",
            "https://a.b:070",
            "https://a.b:70000",
            "https://a.b:x",
            "http://[::1",
            "http://[::1]x",
            "ftp://a.b",
            "https://a.b ",
            "https://a.b,https://c.d",
        ] {
            assert!(check_origin(bad).is_err(), "{bad}");
        }
    }
}
