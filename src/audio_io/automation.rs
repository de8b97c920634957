//! Automation files: which parameter takes which value when.
//!
//! Thread: any. Invariant: times are finite and not negative, numbers lie within 0…1.
//! Deliberately absent: what the names and texts mean – [`Automation::resolve`] asks whoever knows the plugins.
//!
//! Two forms, told apart by the first character. JSON:
//!
//! ```json
//! {"Wet Level": [[0.0, 0.2], [2.5, "80 %", "linear"]], "2.Gain": [[1, "-6 dB"]]}
//! ```
//!
//! and CSV, with or without a line of titles: `time,param,value[,curve]`. Times are seconds. A number is a normalized value, a
//! text is what the plugin makes of it (in CSV: whatever is quoted or no number). The curve says how the value gets
//! to its point: `hold` (the default) jumps there, `linear` moves in a straight line from the point before.

use super::{
    FileError, file_error,
    ramp::{Breakpoint, Lane},
};
use crate::model::{ErrorCode, ParamId, ParamPoint};
use std::{
    io::Read,
    path::{Path, PathBuf},
};

/// Larger files are surely a mistake.
const MAX_BYTES: u64 = 64 << 20;

/// How a value gets to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// It stays as it was and jumps.
    Hold,
    /// In a straight line from the point before.
    Linear,
}

/// A value as written.
#[derive(Clone, Debug, PartialEq)]
pub enum AutomationValue {
    /// Normalized, 0…1.
    Normalized(f64),
    /// The plugin knows.
    Text(String),
}

/// A parameter as written, with its points.
#[derive(Clone, Debug, PartialEq)]
struct WrittenLane {
    param: String,
    points: Vec<(f64, AutomationValue, Curve)>,
}

/// An automation file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Automation {
    lanes: Vec<WrittenLane>,
}

/// Where a name leads to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// Position in the graph spec.
    pub node: usize,
    /// Which parameter.
    pub param: ParamId,
    /// Its present normalized value, from which the first ramp starts.
    pub initial: f64,
    /// Samples by which sound reaches this node late, so that automation and sound stay together.
    pub delay: u32,
}

/// The course of one parameter, ready to be played.
#[derive(Clone, Debug, PartialEq)]
pub struct AutomationTrack {
    /// Position in the graph spec.
    pub node: usize,
    /// Which parameter.
    pub param: ParamId,
    /// Samples by which everything is late.
    delay: u64,
    lane: Lane,
}

/// Why an automation file was not read.
#[derive(Debug, thiserror::Error)]
pub enum AutomationError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not understood.
    #[error("{}, {place}: {reason}", path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Line, or parameter and point.
        place: String,
        /// What is wrong and what is right, in a clause.
        reason: String,
    },
}

impl AutomationError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::File(error) => error.code(),
            Self::Syntax { .. } => ErrorCode::FIELD_TYPE,
        }
    }
}

impl Automation {
    /// `[any]` Reads a file.
    pub fn open(path: &Path) -> Result<Self, AutomationError> {
        let (file, length) = file_error::open_ordinary(path)?;
        if length > MAX_BYTES {
            return Err(syntax(path, "size", format!("it is larger than {} MiB", MAX_BYTES >> 20)));
        }
        let mut text = String::new();
        file.take(MAX_BYTES).read_to_string(&mut text).map_err(|error| FileError::reading(path, error))?;
        Self::parse(&text, path)
    }

    /// `[any]` Reads text; `path` is for messages.
    pub fn parse(text: &str, path: &Path) -> Result<Self, AutomationError> {
        let text = text.trim_start_matches('\u{feff}');
        let json = text.trim_start().starts_with('{');
        let automation = if json { Self::parse_json(text, path) } else { Self::parse_csv(text, path) }?;
        if automation.lanes.is_empty() {
            return Err(syntax(path, "everywhere", "there is not one point in it".into()));
        }
        Ok(automation)
    }

    /// `[any]` The parameters named, as written.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        self.lanes.iter().map(|lane| lane.param.as_str())
    }

    /// `[main]` Turns names into targets and texts into values. `targets` is asked once per parameter and names every instance
    /// that plays it; `value` is asked once per text, of the first of them.
    pub fn resolve<E>(
        &self,
        sample_rate: f64,
        mut targets: impl FnMut(&str) -> Result<Vec<Target>, E>,
        mut value: impl FnMut(&Target, &str) -> Result<f64, E>,
    ) -> Result<Vec<AutomationTrack>, E> {
        let mut tracks = Vec::with_capacity(self.lanes.len());
        for lane in &self.lanes {
            let targets = targets(&lane.param)?;
            let Some(first) = targets.first() else { continue };
            let mut points = Vec::with_capacity(lane.points.len());
            for (seconds, written, curve) in &lane.points {
                let at = (seconds * sample_rate).round() as u64;
                let value = match written {
                    AutomationValue::Normalized(value) => *value,
                    AutomationValue::Text(text) => value(first, text)?.clamp(0.0, 1.0),
                };
                points.push(Breakpoint { at, value, curve: *curve });
            }
            for target in targets {
                let lane = Lane::new(points.clone(), target.initial);
                let Target { node, param, delay, .. } = target;
                tracks.push(AutomationTrack { node, param, delay: u64::from(delay), lane });
            }
        }
        Ok(tracks)
    }

    fn parse_json(text: &str, path: &Path) -> Result<Self, AutomationError> {
        let lanes: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(text).map_err(|error| syntax(path, "JSON", error.to_string()))?;
        let mut automation = Self::default();
        for (param, points) in &lanes {
            let Some(points) = points.as_array() else {
                return Err(syntax(path, param, "a list of points [seconds, value] is needed".into()));
            };
            if points.is_empty() {
                return Err(syntax(path, param, "the list of points is empty".into()));
            }
            for (index, point) in points.iter().enumerate() {
                let place = format!("{param}, point {}", index + 1);
                let (time, value, curve) = match point.as_array().map(Vec::as_slice) {
                    Some([time, value]) => (time, value, None),
                    Some([time, value, curve]) => (time, value, Some(curve.as_str().unwrap_or("?"))),
                    _ => {
                        return Err(syntax(
                            path,
                            &place,
                            "a point is [seconds, value] or [seconds, value, curve]".into(),
                        ));
                    }
                };
                let value = match (value.as_f64(), value.as_str()) {
                    (Some(number), _) => AutomationValue::Normalized(number),
                    (None, Some(text)) => AutomationValue::Text(text.into()),
                    _ => return Err(syntax(path, &place, "a value is a number or a text".into())),
                };
                automation.push(param, time.as_f64(), value, curve, path, &place)?;
            }
        }
        Ok(automation)
    }

    fn parse_csv(text: &str, path: &Path) -> Result<Self, AutomationError> {
        let mut automation = Self::default();
        let mut titles = true;
        for (index, line) in text.lines().enumerate() {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let place = format!("line {}", index + 1);
            let fields = csv_fields(line).ok_or_else(|| syntax(path, &place, "a quote is not closed".into()))?;
            let time = fields[0].0.parse::<f64>().ok();
            // Only the first line may be something else than a point.
            if std::mem::take(&mut titles) && time.is_none() {
                continue;
            }
            let (param, value, curve) = match fields.as_slice() {
                [_, param, value] => (param, value, None),
                [_, param, value, curve] => (param, value, Some(curve.0.as_str()).filter(|text| !text.is_empty())),
                _ => return Err(syntax(path, &place, "a line is time,param,value or time,param,value,curve".into())),
            };
            let value = match value.0.parse::<f64>() {
                Ok(number) if !value.1 => AutomationValue::Normalized(number),
                _ => AutomationValue::Text(value.0.clone()),
            };
            automation.push(&param.0, time, value, curve, path, &place)?;
        }
        Ok(automation)
    }

    fn push(
        &mut self,
        param: &str,
        time: Option<f64>,
        value: AutomationValue,
        curve: Option<&str>,
        path: &Path,
        place: &str,
    ) -> Result<(), AutomationError> {
        // Beyond this a sample's number is no longer exact, and no song is longer than 30 years.
        let time = time.filter(|time| (0.0..1e9).contains(time));
        let time = time.ok_or_else(|| syntax(path, place, "a time is a number of seconds, 0 or more".into()))?;
        if matches!(value, AutomationValue::Normalized(number) if !(0.0..=1.0).contains(&number)) {
            let reason =
                "a number is a normalized value between 0 and 1; write others as text with their unit, in quotes";
            return Err(syntax(path, place, reason.into()));
        }
        let curve = match curve {
            None | Some("hold") => Curve::Hold,
            Some("linear") => Curve::Linear,
            Some(_) => return Err(syntax(path, place, "a curve is \"hold\" or \"linear\"".into())),
        };
        let lane = match self.lanes.iter().position(|lane| lane.param == param) {
            Some(index) => &mut self.lanes[index],
            None => {
                self.lanes.push(WrittenLane { param: param.into(), points: Vec::new() });
                let last = self.lanes.len() - 1;
                &mut self.lanes[last]
            }
        };
        lane.points.push((time, value, curve));
        Ok(())
    }
}

impl AutomationTrack {
    /// `[audio]` The points of the block of `frames` samples from `start` on. Blocks must follow each other.
    pub fn emit(&mut self, start: u64, frames: usize, mut point: impl FnMut(ParamPoint)) {
        let param = self.param;
        let early = self.delay.saturating_sub(start).min(frames as u64);
        let (from, frames) = (start + early - self.delay.min(start + early), frames - early as usize);
        if frames > 0 {
            let mut late = |offset, value| point(ParamPoint { param, offset: offset + early as u32, value });
            self.lane.emit(from, frames, &mut late);
        }
    }

    /// `[any]` From the next block on everything is late by so much.
    pub fn delay(&mut self, delay: u64) {
        self.delay = delay;
    }
}

/// Fields of a line, and whether each was quoted. `None` when a quote is not closed.
fn csv_fields(line: &str) -> Option<Vec<(String, bool)>> {
    let mut fields = vec![(String::new(), false)];
    let mut quoted = false;
    let mut chars = line.trim().chars().peekable();
    while let Some(char) = chars.next() {
        let (field, was_quoted) = fields.last_mut()?;
        match char {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if field.trim().is_empty() => {
                field.clear();
                (quoted, *was_quoted) = (true, true);
            }
            ',' if !quoted => fields.push((String::new(), false)),
            char => field.push(char),
        }
    }
    for (field, was_quoted) in &mut fields {
        if !*was_quoted {
            *field = field.trim().into();
        }
    }
    (!quoted).then_some(fields)
}

fn syntax(path: &Path, place: &str, reason: String) -> AutomationError {
    AutomationError::Syntax { path: path.to_path_buf(), place: place.into(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Automation, String> {
        Automation::parse(text, Path::new("moves")).map_err(|error| error.to_string())
    }

    #[test]
    fn json_and_csv_say_the_same() {
        let json = parse(r#"{"Gain, left": [[1, "0.5"]], "Wet Level": [[0.0, 0.2], [2.5, "80 %", "linear"]]}"#);
        let csv = parse(
            "time,param,value,curve\r\n# a remark\n1,\"Gain, left\",\"0.5\"\r\n\n0, Wet Level, 0.2,\n2.5,Wet Level,80 %,linear\n",
        );
        assert_eq!(json.clone().unwrap(), csv.unwrap());
        assert_eq!(json.unwrap().params().collect::<Vec<_>>(), ["Gain, left", "Wet Level"]);
    }

    #[test]
    fn names_and_texts_are_resolved_and_times_become_samples() {
        let automation = parse(r#"{"Wet": [[0.5, "80 %"], [1, 0.25, "linear"]]}"#).unwrap();
        let target = Target { node: 3, param: ParamId(7), initial: 0.1, delay: 10 };
        let late = Target { node: 4, delay: 20, ..target };
        let mut tracks = automation.resolve(1000.0, |_| Ok::<_, ()>(vec![target, late]), |_, _| Ok(0.8)).unwrap();
        let mut points = Vec::new();
        tracks[0].emit(0, 2000, |point| points.push(point));
        let point = |offset, value| ParamPoint { param: ParamId(7), offset, value };
        assert_eq!(points, [point(509, 0.1), point(510, 0.8), point(1010, 0.25)]);
        points.clear();
        tracks[1].emit(0, 600, |point| points.push(point));
        assert_eq!((tracks[1].node, points[1]), (4, point(520, 0.8)));
        assert_eq!(automation.resolve(1000.0, |name| Err(name.to_string()), |_, _| Ok(0.0)), Err("Wet".to_string()));
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, part) in [
            (r#"{"Wet": 3}"#, "Wet: a list of points"),
            (r#"{"Wet": [[0, 0.1], [1]]}"#, "Wet, point 2: a point is"),
            (r#"{"Wet": [[0, 1.5]]}"#, "between 0 and 1"),
            (r#"{"Wet": [[-1, 0.5]]}"#, "0 or more"),
            (r#"{"Wet": [[0, 0.5, "swing"]]}"#, "\"hold\" or \"linear\""),
            (r#"{"Wet": [[0, 0.5]"#, "JSON"),
            ("0,Wet", "line 1: a line is"),
            ("time,param,value\nnow,Wet,0.5", "line 2: a time is"),
            ("0,\"Wet,0.5", "a quote is not closed"),
            ("NaN,Wet,0.5", "0 or more"),
            ("", "not one point"),
            ("time,param,value\n# nothing yet\n", "not one point"),
            ("{}", "not one point"),
            (r#"{"Wet": []}"#, "Wet: the list of points is empty"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
