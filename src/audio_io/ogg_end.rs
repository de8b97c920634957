//! Whether an Ogg file is whole: its last page must be complete and say that it is the last.
//!
//! Thread: any. Invariant: reads only the last pages. Deliberately absent: everything else about Ogg.

use super::{FileError, file_error};
use std::{
    io::{Read, Seek, SeekFrom},
    path::Path,
};

/// The largest page is 65 307 bytes long; two of them surely contain the start of the last one.
const WINDOW: u64 = 2 * 65_307;
/// Fixed part of a page's head; then follows the table of segments.
const HEAD: usize = 27;

/// `[any]` Looks at the end of the file.
pub fn check(path: &Path) -> Result<(), FileError> {
    let (mut file, length) = file_error::open_ordinary(path)?;
    let failed = |error| FileError::reading(path, error);
    file.seek(SeekFrom::Start(length.saturating_sub(WINDOW))).map_err(failed)?;
    let mut tail = Vec::new();
    file.take(WINDOW).read_to_end(&mut tail).map_err(failed)?;
    if is_whole(&tail) {
        Ok(())
    } else {
        Err(FileError::Truncated { path: path.to_path_buf(), missing: "its last page is missing or cut".into() })
    }
}

/// Whether these bytes end with a complete page that carries the end-of-stream flag.
fn is_whole(tail: &[u8]) -> bool {
    let starts = (0..tail.len().saturating_sub(HEAD - 1)).rev();
    starts.filter(|at| tail[*at..].starts_with(b"OggS\0")).any(|at| {
        let page = &tail[at..];
        let segments = usize::from(page[26]);
        let Some(table) = page.get(HEAD..HEAD + segments) else { return false };
        let body: usize = table.iter().map(|length| usize::from(*length)).sum();
        page[5] & 4 != 0 && page.len() >= HEAD + segments + body
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(flags: u8, body: usize) -> Vec<u8> {
        let mut page = b"OggS\0".to_vec();
        page.push(flags);
        page.resize(26, 0);
        page.push(1);
        page.push(body as u8);
        page.resize(28 + body, 7);
        page
    }

    #[test]
    fn a_cut_or_missing_last_page_is_noticed() {
        let whole = [page(0, 200), page(4, 90)].concat();
        assert!(is_whole(&whole));
        assert!(!is_whole(&whole[..whole.len() - 1]));
        assert!(!is_whole(&page(0, 200)));
        assert!(!is_whole(b"Ogg"));
    }
}
