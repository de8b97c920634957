//! L4 · the opaque text of a chain's settings: who, and their bytes.
//!
//! Thread: any. Invariant: what was packed is what is unpacked, and nothing else is. Deliberately absent: what the bytes
//! mean; only the plugins know.

use crate::{
    link::Fault,
    model::{ErrorCode, PluginId},
    plugin::State,
    script::fault::Problem,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};

/// How the bytes begin: name and version.
const MAGIC: &[u8; 4] = b"SBS1";
/// Bytes of all settings of a chain.
const MAX_BYTES: usize = 8 << 20;
/// Characters of that.
const MAX_TEXT: usize = MAX_BYTES.div_ceil(3) * 4;

/// `[any]` Settings as text.
pub(super) fn pack(states: &[State]) -> Result<String, Problem> {
    let mut bytes = MAGIC.to_vec();
    bytes.push(states.len() as u8);
    for state in states {
        for part in [state.plugin.0.as_bytes(), &state.component, &state.controller] {
            bytes.extend((part.len() as u32).to_le_bytes());
            bytes.extend(part);
        }
    }
    if states.len() > 255 || bytes.len() > MAX_BYTES {
        let message = format!("the settings have {} bytes; {MAX_BYTES} is the most", bytes.len());
        return Err(Fault::new(ErrorCode::TOO_LARGE, message).into());
    }
    Ok(STANDARD.encode(bytes))
}

/// `[any]` Text as settings.
pub(super) fn unpack(text: &str) -> Result<Vec<State>, Problem> {
    if text.len() > MAX_TEXT {
        let message = format!("the state is longer than {MAX_TEXT} characters");
        return Err(Fault::new(ErrorCode::TOO_LARGE, message).into());
    }
    let foreign = || Problem::from(Fault::new(ErrorCode::STATE_REJECTED, "this text is no state from GET_STATE"));
    let bytes = STANDARD.decode(text).map_err(|_| foreign())?;
    parse(&bytes).ok_or_else(foreign)
}

fn parse(bytes: &[u8]) -> Option<Vec<State>> {
    let (count, mut rest) = bytes.strip_prefix(MAGIC)?.split_first()?;
    let mut part = || -> Option<Vec<u8>> {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (part, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        rest = after;
        Some(part.to_vec())
    };
    let mut states = Vec::new();
    for _ in 0..*count {
        let plugin = PluginId(String::from_utf8(part()?).ok()?);
        states.push(State { plugin, component: part()?, controller: part()? });
    }
    rest.is_empty().then_some(states)
}

/// `[any]` Whether settings are of these plugins, in this order.
pub(super) fn fits<'a>(states: &[State], plugins: impl Iterator<Item = &'a PluginId>) -> Result<(), Problem> {
    let plugins: Vec<&PluginId> = plugins.collect();
    let rejected = |message: String| Err(Fault::new(ErrorCode::STATE_REJECTED, message).into());
    if states.len() != plugins.len() {
        return rejected(format!("the state is of {} plugins, and the chain has {}", states.len(), plugins.len()));
    }
    match states.iter().zip(&plugins).find(|(state, plugin)| state.plugin != ***plugin) {
        Some((state, plugin)) => rejected(format!("the state is of the plugin {}, not of {plugin}", state.plugin)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(id: &str, component: &[u8]) -> State {
        State { plugin: PluginId(id.to_owned()), component: component.to_vec(), controller: vec![7] }
    }

    fn code(problem: Problem) -> i32 {
        match problem {
            Problem::Fault(fault) => fault.code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_was_packed_is_unpacked() {
        let states = [state("vst3:A", &[0, 255, 3]), state("vst3:B", &[])];
        assert_eq!(unpack(&pack(&states).expect("pack")).expect("unpack"), states);
    }

    #[test]
    fn no_cut_or_foreign_text_is_taken_for_a_state() {
        let text = pack(&[state("vst3:A", &[1; 50])]).expect("pack");
        for length in 0..text.len() {
            assert_eq!(code(unpack(&text[..length]).expect_err("cut")), 1505, "{length}");
        }
        assert_eq!(code(unpack(&format!("{text}AAAA")).expect_err("longer")), 1505);
        assert_eq!(code(unpack("no base64!").expect_err("text")), 1505);
        assert_eq!(code(unpack(&"A".repeat(MAX_TEXT + 4)).expect_err("long")), 1205);
        assert_eq!(code(pack(&[state("vst3:A", &vec![0; MAX_BYTES])]).expect_err("large")), 1205);
        let huge = [b"SBS1\x01".as_slice(), &u32::MAX.to_le_bytes()].concat();
        assert_eq!(code(unpack(&STANDARD.encode(huge)).expect_err("lying length")), 1505);
    }

    #[test]
    fn a_state_of_another_plugin_is_refused() {
        let (a, b) = (PluginId("vst3:A".to_owned()), PluginId("vst3:B".to_owned()));
        let states = [state("vst3:A", &[])];
        assert!(fits(&states, [&a].into_iter()).is_ok());
        assert_eq!(code(fits(&states, [&b].into_iter()).expect_err("other")), 1505);
        assert_eq!(code(fits(&states, [&a, &b].into_iter()).expect_err("more")), 1505);
    }
}
