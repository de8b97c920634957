//! L2 · the value each parameter was last told, so that a MIDI controller jumps where it moves.
//!
//! Thread: made on main, used on the audio thread; allocates only when made. Invariant: what is not known is not guessed.
//!
//! Plugins draw a straight line from the last point of the block before. A controller has no line: its old value belongs on
//! the sample before the new one, or the sound would depend on where blocks begin.

use crate::model::ParamId;

/// Values by parameter, sorted by id. Empty for plugins that no controller turns.
pub(super) struct Told(Box<[(u32, f64)]>);

impl Told {
    /// `[main]` From present values; of two with one id the first counts.
    pub fn new(values: impl IntoIterator<Item = (ParamId, f64)>) -> Self {
        let mut rows: Vec<(u32, f64)> = values.into_iter().map(|(param, value)| (param.0, value)).collect();
        rows.sort_by_key(|(id, _)| *id);
        rows.dedup_by_key(|(id, _)| *id);
        Self(rows.into())
    }

    /// `[audio]` Whether nothing is remembered.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `[audio]` Remembers.
    pub fn tell(&mut self, param: ParamId, value: f64) {
        if let Ok(at) = self.0.binary_search_by_key(&param.0, |(id, _)| *id) {
            self.0[at].1 = value;
        }
    }

    /// `[audio]` The value a parameter has, as far as that is known.
    pub fn last(&self, param: ParamId) -> Option<f64> {
        let at = self.0.binary_search_by_key(&param.0, |(id, _)| *id).ok()?;
        Some(self.0[at].1).filter(|value| !value.is_nan())
    }

    /// `[audio]` Everything changed in a way nobody told us.
    pub fn forget(&mut self) {
        self.0.iter_mut().for_each(|row| row.1 = f64::NAN);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_is_known_until_it_is_forgotten() {
        let mut told = Told::new([(ParamId(7), 0.5), (ParamId(2), 0.25), (ParamId(7), 0.75)]);
        assert_eq!(
            (told.last(ParamId(7)), told.last(ParamId(2)), told.last(ParamId(3))),
            (Some(0.5), Some(0.25), None)
        );
        told.tell(ParamId(2), 1.0);
        told.tell(ParamId(3), 1.0);
        assert_eq!((told.last(ParamId(2)), told.last(ParamId(3))), (Some(1.0), None));
        told.forget();
        assert_eq!(told.last(ParamId(2)), None);
        told.tell(ParamId(2), 0.0);
        assert_eq!(told.last(ParamId(2)), Some(0.0));
    }
}
