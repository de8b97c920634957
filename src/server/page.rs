//! L4 · the bridge's own pages, as files that are part of the program.
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

/// A file of the source tree at a path; what it is, its ending says.
macro_rules! file {
    ($path:literal, $file:literal) => {
        StaticFile { path: $path, content_type: kind($file), bytes: include_bytes!($file) }
    };
}

const fn kind(file: &str) -> &'static str {
    // The last letter but one tells all endings that there are.
    let bytes = file.as_bytes();
    match (bytes[bytes.len() - 2], bytes[bytes.len() - 1]) {
        (b'j', b's') => "text/javascript; charset=utf-8",
        (b's', b's') => "text/css; charset=utf-8",
        (b'm', b'l') => "text/html; charset=utf-8",
        (b'v', b'g') => "image/svg+xml",
        (b'n', b'g') => "image/png",
        (b's', b't') => "application/manifest+json",
        _ => panic!("a file of a kind that is not known"),
    }
}

/// The rack at `/`, the library it is made with, and at `/bridge` who asks to be let in.
pub const FILES: &[StaticFile] = &[
    file!("/", "../../examples/pwa/index.html"),
    file!("/icon-192.png", "../../examples/pwa/icon-192.png"),
    file!("/icon-512.png", "../../examples/pwa/icon-512.png"),
    file!("/icon.svg", "../../examples/pwa/icon.svg"),
    file!("/js/add-module.js", "../../examples/pwa/js/add-module.js"),
    file!("/js/app.js", "../../examples/pwa/js/app.js"),
    file!("/js/bridge-view.js", "../../examples/pwa/js/bridge-view.js"),
    file!("/js/dom.js", "../../examples/pwa/js/dom.js"),
    file!("/js/keyboard.js", "../../examples/pwa/js/keyboard.js"),
    file!("/js/loops.js", "../../examples/pwa/js/loops.js"),
    file!("/js/meters.js", "../../examples/pwa/js/meters.js"),
    file!("/js/module-view.js", "../../examples/pwa/js/module-view.js"),
    file!("/js/rack-view.js", "../../examples/pwa/js/rack-view.js"),
    file!("/js/rack.js", "../../examples/pwa/js/rack.js"),
    file!("/js/recorder.js", "../../examples/pwa/js/recorder.js"),
    file!("/js/sources.js", "../../examples/pwa/js/sources.js"),
    file!("/js/store.js", "../../examples/pwa/js/store.js"),
    file!("/js/wav.js", "../../examples/pwa/js/wav.js"),
    file!("/manifest.webmanifest", "../../examples/pwa/manifest.webmanifest"),
    file!("/sonic-core/block-render.js", "../../packages/sonic-core/src/block-render.js"),
    file!("/sonic-core/bridge-event.js", "../../packages/sonic-core/src/bridge-event.js"),
    file!("/sonic-core/bytes.js", "../../packages/sonic-core/src/bytes.js"),
    file!("/sonic-core/compensate.js", "../../packages/sonic-core/src/compensate.js"),
    file!("/sonic-core/connection-manager.js", "../../packages/sonic-core/src/connection-manager.js"),
    file!("/sonic-core/detect.js", "../../packages/sonic-core/src/detect.js"),
    file!("/sonic-core/index.js", "../../packages/sonic-core/src/index.js"),
    file!("/sonic-core/key-store.js", "../../packages/sonic-core/src/key-store.js"),
    file!("/sonic-core/native-plugin-node.js", "../../packages/sonic-core/src/native-plugin-node.js"),
    file!("/sonic-core/offline.js", "../../packages/sonic-core/src/offline.js"),
    file!("/sonic-core/parameters.js", "../../packages/sonic-core/src/parameters.js"),
    file!("/sonic-core/processor.js", "../../packages/sonic-core/src/processor.js"),
    file!("/sonic-core/protocol.js", "../../packages/sonic-core/src/protocol.js"),
    file!("/sonic-core/session.js", "../../packages/sonic-core/src/session.js"),
    file!("/sonic-core/slot-ring.js", "../../packages/sonic-core/src/slot-ring.js"),
    file!("/sonic-core/sonic-core.js", "../../packages/sonic-core/src/sonic-core.js"),
    file!("/sonic-core/stream-pump.js", "../../packages/sonic-core/src/stream-pump.js"),
    file!("/sonic-core/suspend-turns.js", "../../packages/sonic-core/src/suspend-turns.js"),
    file!("/sonic-core/ui/index.js", "../../packages/sonic-core/src/ui/index.js"),
    file!("/sonic-core/ui/knob.js", "../../packages/sonic-core/src/ui/knob.js"),
    file!("/sonic-core/ui/plugin-menu.js", "../../packages/sonic-core/src/ui/plugin-menu.js"),
    file!("/sonic-core/ui/plugin-panel.js", "../../packages/sonic-core/src/ui/plugin-panel.js"),
    file!("/sonic-core/ui/styles.js", "../../packages/sonic-core/src/ui/styles.js"),
    file!("/sonic-core/wam.js", "../../packages/sonic-core/src/wam.js"),
    file!("/sonic-core/worker-transport.js", "../../packages/sonic-core/src/worker-transport.js"),
    file!("/sonic-core/worker.js", "../../packages/sonic-core/src/worker.js"),
    file!("/style.css", "../../examples/pwa/style.css"),
    file!("/sw.js", "../../examples/pwa/sw.js"),
    file!("/worklets/recorder.js", "../../examples/pwa/worklets/recorder.js"),
    file!("/bridge", "page/index.html"),
    file!("/page.css", "page/page.css"),
    file!("/page.js", "page/page.js"),
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
        for file in FILES {
            let Ok(text) = std::str::from_utf8(file.bytes) else { continue };
            if file.content_type.starts_with("text/html") {
                assert!(!text.contains("<style") && !text.contains(" style=") && !text.contains("onclick"));
                assert!(!text.contains("http://") && !text.contains("https://"));
            }
            if file.content_type.starts_with("text/javascript") {
                for word in ["eval(", "document.write", "new Function"] {
                    assert!(!text.contains(word), "{word} in {}", file.path);
                }
            }
        }
    }

    #[test]
    fn every_file_of_the_page_and_the_library_is_served() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        for (folder, below) in [("examples/pwa", "/"), ("packages/sonic-core/src", "/sonic-core/")] {
            let mut folders = vec![root.join(folder)];
            while let Some(next) = folders.pop() {
                for entry in std::fs::read_dir(next).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        folders.push(path);
                        continue;
                    }
                    let inside = path.strip_prefix(root.join(folder)).unwrap().to_str().unwrap().replace('\\', "/");
                    if inside.ends_with(".d.ts") || inside == "README.md" {
                        continue;
                    }
                    let served = if inside == "index.html" { "/".to_owned() } else { format!("{below}{inside}") };
                    let file = FILES.iter().find(|file| file.path == served).unwrap_or_else(|| panic!("{served}"));
                    assert!(file.bytes == std::fs::read(&path).unwrap(), "{served}");
                }
            }
        }
    }
}
