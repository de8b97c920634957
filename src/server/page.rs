//! L4 · the bridge's own page, as files that are part of the program.
//!
//! Thread: any. Invariant: what is served is in this table and nowhere else; a path is compared whole.
//! Deliberately absent: folders, and whatever lies on the disk.

/// A file that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticFile {
    /// Exact.
    pub path: &'static str,
    /// With the character set.
    pub content_type: &'static str,
    /// All of it.
    pub bytes: &'static [u8],
}

/// The bridge's own page.
pub const FILES: &[StaticFile] = &[
    StaticFile { path: "/", content_type: "text/html; charset=utf-8", bytes: include_bytes!("page/index.html") },
    StaticFile { path: "/page.css", content_type: "text/css; charset=utf-8", bytes: include_bytes!("page/page.css") },
    StaticFile {
        path: "/page.js",
        content_type: "text/javascript; charset=utf-8",
        bytes: include_bytes!("page/page.js"),
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_plain_and_unique_and_types_leave_nothing_to_guess() {
        for (at, file) in FILES.iter().enumerate() {
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '/' | '.' | '-' | '_');
            assert!(
                file.path.starts_with('/') && !file.path.contains("..") && file.path.chars().all(plain),
                "{}",
                file.path
            );
            assert!(file.content_type.contains('/') && !file.bytes.is_empty());
            assert!(FILES[..at].iter().all(|other| other.path != file.path));
        }
    }

    #[test]
    fn the_page_needs_nothing_that_its_policy_forbids() {
        let html = std::str::from_utf8(FILES[0].bytes).unwrap();
        assert!(!html.contains("<style") && !html.contains(" style=") && !html.contains("onclick"));
        assert!(!html.contains("http://") && !html.contains("https://"));
        let script = std::str::from_utf8(FILES[2].bytes).unwrap();
        for word in ["innerHTML", "eval(", "document.write", "new Function"] {
            assert!(!script.contains(word), "{word}");
        }
    }
}
