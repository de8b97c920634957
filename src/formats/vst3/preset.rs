//! L2 · `.vstpreset` files.
//!
//! A header (`VST3`, version, class id as text, where the list is), the chunks' bytes, and a list of chunks (id, offset, size).
//! Everything is little endian. Source: Steinberg, "Preset Format"; the layout is also in the SDK's `vstpresetfile`.
//! Thread: any. Invariant: no byte is read on the file's word alone: each offset and size is checked against its length.
//! Deliberately absent: files and folders ([`super::preset_folders`]), the XML inside `Info`.

use super::uid::Uid;
use crate::{model::ErrorCode, plugin::PresetFile};

const MAGIC: &[u8; 4] = b"VST3";
const LIST: &[u8; 4] = b"List";
const VERSION: i32 = 1;
/// Magic, version, class id text, list offset.
const HEADER: usize = 4 + 4 + 32 + 8;
/// Id, offset, size.
const ENTRY: usize = 4 + 8 + 8;
/// What the format allows.
const MAX_CHUNKS: usize = 128;

/// A preset: the states of one plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// The processor's class.
    pub class: Uid,
    /// Component state.
    pub component: Vec<u8>,
    /// Controller state.
    pub controller: Option<Vec<u8>>,
    /// Meta information (XML).
    pub info: Option<String>,
    /// Unit or program-list data, in file order: the `Prog` chunks as stored, with their leading list or unit id.
    pub programs: Vec<Vec<u8>>,
}

/// Why a preset cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PresetError {
    /// Some other file.
    #[error("this is not a VST3 preset: {0}")]
    NotAPreset(&'static str),
    /// A preset once, cut short or changed since.
    #[error("this VST3 preset is damaged: {0}; save it again in the host it comes from")]
    Damaged(String),
    /// Made for another plugin.
    #[error("this preset belongs to another plugin ({found}); expected one for {expected}")]
    OtherPlugin {
        /// In the file.
        found: Uid,
        /// Asked for.
        expected: Uid,
    },
}

impl PresetError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotAPreset(_) | Self::Damaged(_) => ErrorCode::BAD_FRAME,
            Self::OtherPlugin { .. } => ErrorCode::STATE_REJECTED,
        }
    }
}

impl Preset {
    /// `[any]` Reads a preset file.
    pub fn parse(bytes: &[u8]) -> Result<Self, PresetError> {
        if bytes.get(..4) != Some(MAGIC) {
            return Err(PresetError::NotAPreset("it does not begin with “VST3”"));
        }
        if bytes.len() < HEADER {
            return Err(damaged("its header is cut short"));
        }
        let version = i32::from_le_bytes(fixed(bytes, 4)?);
        if version != VERSION {
            return Err(damaged(format!("its version is {version} instead of {VERSION}")));
        }
        let class = bytes.get(8..40).and_then(|text| std::str::from_utf8(text).ok());
        let class = class.and_then(|text| text.parse().ok()).ok_or_else(|| damaged("its class id is none"))?;
        let list = i64::from_le_bytes(fixed(bytes, 40)?);
        let list = usize::try_from(list).map_err(|_| damaged("its list of chunks lies before its start"))?;
        if bytes.get(list..).and_then(|rest| rest.get(..4)) != Some(LIST) {
            return Err(damaged("its list of chunks is not where the header says"));
        }
        let count = i32::from_le_bytes(fixed(bytes, list + 4)?);
        let count = usize::try_from(count).ok().filter(|count| *count <= MAX_CHUNKS);
        let count = count.ok_or_else(|| damaged("its number of chunks is impossible"))?;

        let (mut component, mut controller, mut info, mut programs) = (None, None, None, Vec::new());
        let mut left = bytes.len();
        for index in 0..count {
            let (id, chunk) = chunk(bytes, list + 8 + index * ENTRY)?;
            // Chunks that share bytes would make a small file large in memory.
            left = left.checked_sub(chunk.len()).ok_or_else(|| damaged("its chunks overlap"))?;
            match &id {
                b"Comp" => once(&mut component, chunk, "component")?,
                b"Cont" => once(&mut controller, chunk, "controller")?,
                b"Info" => info = Some(String::from_utf8_lossy(chunk).into_owned()),
                b"Prog" => programs.push(chunk.to_vec()),
                // Later versions may have more; what we do not know we do not need.
                _ => {}
            }
        }
        if component.is_none() && programs.is_empty() {
            return Err(damaged("it holds neither a component state nor programs"));
        }
        Ok(Self { class, component: component.unwrap_or_default(), controller, info, programs })
    }

    /// `[any]` Reads a preset file that must belong to `class`.
    pub fn parse_for(class: Uid, bytes: &[u8]) -> Result<Self, PresetError> {
        let preset = Self::parse(bytes)?;
        if preset.class != class {
            return Err(PresetError::OtherPlugin { found: preset.class, expected: class });
        }
        Ok(preset)
    }

    /// `[any]` The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        // A preset of programs only has no component state.
        let alone = self.component.is_empty() && !self.programs.is_empty();
        let mut chunks: Vec<(&[u8; 4], &[u8])> = if alone { Vec::new() } else { vec![(b"Comp", &self.component)] };
        chunks.extend(self.controller.as_ref().map(|bytes| (b"Cont", bytes.as_slice())));
        chunks.extend(self.programs.iter().map(|bytes| (b"Prog", bytes.as_slice())));
        chunks.extend(self.info.as_ref().map(|text| (b"Info", text.as_bytes())));
        let size: usize = chunks.iter().map(|(_, bytes)| bytes.len()).sum();

        let mut file = Vec::with_capacity(HEADER + size + 8 + chunks.len() * ENTRY);
        file.extend_from_slice(MAGIC);
        file.extend_from_slice(&VERSION.to_le_bytes());
        file.extend_from_slice(self.class.to_string().as_bytes());
        file.extend_from_slice(&((HEADER + size) as i64).to_le_bytes());
        for (_, bytes) in &chunks {
            file.extend_from_slice(bytes);
        }
        file.extend_from_slice(LIST);
        file.extend_from_slice(&(chunks.len() as i32).to_le_bytes());
        let mut offset = HEADER;
        for (id, bytes) in chunks {
            file.extend_from_slice(id);
            file.extend_from_slice(&(offset as i64).to_le_bytes());
            file.extend_from_slice(&(bytes.len() as i64).to_le_bytes());
            offset += bytes.len();
        }
        file
    }

    /// `[any]` The same as the rest of the program carries it.
    pub fn to_file(&self) -> PresetFile {
        PresetFile(self.to_bytes())
    }
}

fn damaged(what: impl Into<String>) -> PresetError {
    PresetError::Damaged(what.into())
}

/// Exactly `N` bytes at a place, if the file has them.
fn fixed<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], PresetError> {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk::<N>());
    found.copied().ok_or_else(|| damaged("it ends too early"))
}

/// One row of the list and the bytes it speaks of.
fn chunk(bytes: &[u8], at: usize) -> Result<([u8; 4], &[u8]), PresetError> {
    let id = fixed::<4>(bytes, at)?;
    let offset = i64::from_le_bytes(fixed(bytes, at + 4)?);
    let size = i64::from_le_bytes(fixed(bytes, at + 12)?);
    let range = usize::try_from(offset).ok().zip(usize::try_from(size).ok());
    let range = range.and_then(|(offset, size)| Some(offset..offset.checked_add(size)?));
    let found = range.and_then(|range| bytes.get(range));
    let name = String::from_utf8_lossy(&id);
    Ok((id, found.ok_or_else(|| damaged(format!("its chunk “{name}” lies outside the file")))?))
}

fn once(place: &mut Option<Vec<u8>>, chunk: &[u8], what: &str) -> Result<(), PresetError> {
    if place.replace(chunk.to_vec()).is_some() {
        return Err(damaged(format!("it has two {what} states")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CLASS: Uid = Uid::from_groups(0x0123_4567, 0x89AB_CDEF, 0xFEDC_BA98, 0x7654_3210);

    fn example() -> Preset {
        Preset {
            class: CLASS,
            component: b"component".to_vec(),
            controller: Some(b"control".to_vec()),
            info: Some("<MetaInfo/>".into()),
            programs: vec![],
        }
    }

    #[test]
    fn the_bytes_are_the_documented_ones() {
        let file = example().to_bytes();
        assert_eq!(&file[..8], b"VST3\x01\0\0\0");
        assert_eq!(&file[8..40], b"0123456789ABCDEFFEDCBA9876543210");
        let list = u64::from_le_bytes(file[40..48].try_into().unwrap()) as usize;
        assert_eq!(&file[48..57], b"component");
        assert_eq!(&file[list..list + 8], b"List\x03\0\0\0");
        assert_eq!(&file[list + 8..list + 28], b"Comp\x30\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0");
        assert_eq!(file.len(), list + 8 + 3 * 20);
    }

    #[test]
    fn what_was_written_is_read() {
        assert_eq!(Preset::parse(&example().to_bytes()), Ok(example()));
        assert_eq!(Preset::parse_for(CLASS, &example().to_bytes()), Ok(example()));
    }

    #[test]
    fn a_preset_of_another_plugin_is_refused() {
        let other = Uid::from_groups(1, 2, 3, 4);
        let error = Preset::parse_for(other, &example().to_bytes()).unwrap_err();
        assert_eq!(error, PresetError::OtherPlugin { found: CLASS, expected: other });
        assert_eq!(error.code(), ErrorCode::STATE_REJECTED);
    }

    #[test]
    fn files_that_are_no_presets_and_every_cut_are_refused() {
        assert!(matches!(Preset::parse(b""), Err(PresetError::NotAPreset(_))));
        assert!(matches!(Preset::parse(b"RIFF...."), Err(PresetError::NotAPreset(_))));
        let file = example().to_bytes();
        for length in 4..file.len() {
            assert!(matches!(Preset::parse(&file[..length]), Err(PresetError::Damaged(_))), "cut at {length}");
        }
    }

    #[test]
    fn offsets_and_counts_are_not_believed() {
        let file = example().to_bytes();
        let list = u64::from_le_bytes(file[40..48].try_into().unwrap()) as usize;
        let huge = i64::MAX.to_le_bytes();
        let negative = (-1_i64).to_le_bytes();
        for at in [40, list + 12, list + 20] {
            for value in [huge, negative] {
                let mut bad = file.clone();
                bad[at..at + 8].copy_from_slice(&value);
                assert!(matches!(Preset::parse(&bad), Err(PresetError::Damaged(_))), "at {at}");
            }
        }
        for count in [-1_i32, 129, i32::MAX] {
            let mut bad = file.clone();
            bad[list + 4..list + 8].copy_from_slice(&count.to_le_bytes());
            assert!(matches!(Preset::parse(&bad), Err(PresetError::Damaged(_))), "count {count}");
        }
    }

    #[test]
    fn chunks_that_share_bytes_are_refused() {
        let programs = vec![vec![1; 100]; 3];
        let mut file = Preset { programs, ..example() }.to_bytes();
        let list = u64::from_le_bytes(file[40..48].try_into().unwrap()) as usize;
        for index in 0..5 {
            let (offset, size) = (0_u64, file.len() as u64 / 4);
            let at = list + 8 + index * ENTRY;
            file[at + 4..at + 12].copy_from_slice(&offset.to_le_bytes());
            file[at + 12..at + 20].copy_from_slice(&size.to_le_bytes());
        }
        assert_eq!(Preset::parse(&file), Err(damaged("its chunks overlap")));
    }

    proptest! {
        #[test]
        fn any_preset_survives_the_file(
            class: [u8; 16], component: Vec<u8>, controller: Option<Vec<u8>>, info: Option<String>,
            programs in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..8),
        ) {
            let preset = Preset { class: Uid(class), component, controller, info, programs };
            prop_assert_eq!(Preset::parse(&preset.to_bytes()), Ok(preset));
        }

        #[test]
        fn mutated_files_never_panic_nor_invent_bytes(changes in prop::collection::vec((0_usize..200, any::<u8>()), 1..12)) {
            let mut file = example().to_bytes();
            for (at, value) in changes {
                let at = at % file.len();
                file[at] = value;
            }
            if let Ok(preset) = Preset::parse(&file) {
                prop_assert!(preset.component.len() <= file.len());
            }
        }
    }
}
