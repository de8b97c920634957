//! L3 · from what a person writes ("Wet Level" = "40 %") to a parameter and a normalized value.
//!
//! Thread: main (it asks the plugin). Invariant: a value is accepted only when the plugin, asked back, shows that it
//! understood: its own text for the result must agree with what was written.

use crate::{
    model::{ErrorCode, ParamId, ParamInfo, nearest},
    plugin::{Controller, PluginError},
};

/// Why a parameter or its value was not understood.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ParamError {
    /// No parameter of that name.
    #[error("{plugin} has no parameter “{name}”{}", similar(candidates))]
    Unknown {
        /// Plugin's name.
        plugin: String,
        /// What was written.
        name: String,
        /// Names that come close.
        candidates: Vec<String>,
    },
    /// Several parameters fit.
    #[error("“{name}” fits several parameters of {plugin}: {}. Write the whole name, or #ID", candidates.join(", "))]
    Ambiguous {
        /// Plugin's name.
        plugin: String,
        /// What was written.
        name: String,
        /// "name (#id)" of each.
        candidates: Vec<String>,
    },
    /// The value is not understood or not allowed.
    #[error(transparent)]
    Value(#[from] PluginError),
}

impl ParamError {
    /// `[any]` The stable code.
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Unknown { .. } => ErrorCode::PARAM_NOT_FOUND,
            Self::Ambiguous { .. } => ErrorCode::AMBIGUOUS,
            Self::Value(error) => error.code(),
        }
    }
}

fn similar(candidates: &[String]) -> String {
    match candidates {
        [] => String::new(),
        some => format!("; did you mean {}?", some.join(", ")),
    }
}

/// `[main]` Finds a parameter: `#ID`, the exact name, the name in any case, "group/name", or a unique part of it, in this
/// order. Hidden parameters are found by id only.
pub fn find<'a>(controller: &'a dyn Controller, written: &str) -> Result<&'a ParamInfo, ParamError> {
    find_as(controller, written, false)
}

/// `[main]` The same; `exactly` leaves out parts of names.
pub fn find_as<'a>(controller: &'a dyn Controller, written: &str, exactly: bool) -> Result<&'a ParamInfo, ParamError> {
    search(&controller.plugin().name, controller.params(), written, exactly)
}

/// `[any]` The same, among parameters that were read before.
pub fn find_among<'a>(plugin: &str, params: &'a [ParamInfo], written: &str) -> Result<&'a ParamInfo, ParamError> {
    search(plugin, params, written, false)
}

fn search<'a>(
    plugin: &str,
    params: &'a [ParamInfo],
    written: &str,
    exactly: bool,
) -> Result<&'a ParamInfo, ParamError> {
    let plugin = || plugin.to_owned();
    let visible = || params.iter().filter(|info| !info.flags.hidden);
    let wanted = written.trim();
    if let Some(id) = wanted.strip_prefix('#').and_then(|id| id.parse().ok()).map(ParamId)
        && let Some(info) = params.iter().find(|info| info.id == id)
    {
        return Ok(info);
    }
    let lower = wanted.to_lowercase();
    let tests: [&dyn Fn(&ParamInfo) -> bool; 4] = [
        &|info| info.name == wanted,
        &|info| info.name.to_lowercase() == lower,
        &|info| !info.group.is_empty() && format!("{}/{}", info.group, info.name).to_lowercase() == lower,
        &|info| !lower.is_empty() && info.name.to_lowercase().contains(&lower),
    ];
    for test in &tests[..if exactly { 3 } else { 4 }] {
        let found: Vec<&ParamInfo> = visible().filter(|info| test(info)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(one),
            several => {
                return Err(ParamError::Ambiguous {
                    plugin: plugin(),
                    name: written.to_owned(),
                    candidates: several.iter().take(12).map(|info| format!("{} (#{})", info.name, info.id.0)).collect(),
                });
            }
        }
    }
    Err(ParamError::Unknown {
        plugin: plugin(),
        name: written.to_owned(),
        candidates: nearest(wanted, visible().map(|info| info.name.as_str())),
    })
}

/// `[any]` A plugin's text for people: "200.000000 Hz" reads "200 Hz". Only zeros that say nothing go.
pub fn tidy(text: &str) -> String {
    let digits = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let (number, rest) = text.split_at(digits);
    match number.split_once('.') {
        Some((_, fraction)) if fraction.len() > 2 && fraction.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{}{rest}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text.to_owned(),
    }
}

/// `[main]` Reads a value for a parameter.
///
/// `norm:0.4`, `plain:-6` and `text:Plate` say what they are. Anything else is taken as the text a person sees ("40 %",
/// "-6 dB", "Plate"); where the plugin does not understand its own texts, a number with or without the unit is the plain
/// value.
pub fn value(controller: &dyn Controller, info: &ParamInfo, written: &str) -> Result<f64, ParamError> {
    if info.flags.read_only || info.flags.hidden {
        let error = PluginError::ReadOnly { plugin: controller.plugin().name.clone(), param: info.name.clone() };
        return Err(error.into());
    }
    let written = written.trim();
    if let Some(number) = written.strip_prefix("norm:") {
        return normalized(controller, info, number.trim());
    }
    if let Some(number) = written.strip_prefix("plain:") {
        return match number.trim().parse::<f64>() {
            Ok(plain) if plain.is_finite() => Ok(controller.normalized_from_plain(info.id, plain)?),
            _ => Err(bad_text(controller, info, number)),
        };
    }
    if let Some(text) = written.strip_prefix("text:") {
        return from_text(controller, info, text.trim()).ok_or_else(|| bad_text(controller, info, text));
    }
    if let Some(value) = from_text(controller, info, written) {
        return Ok(value);
    }
    let plain = leading_number(written).and_then(|(number, rest)| {
        let ((factor, kind), (own, own_kind)) = (measure(rest), measure(&info.unit));
        if rest.is_empty() { Some(number) } else { (kind == own_kind).then(|| number * factor / own) }
    });
    match plain {
        Some(plain) => Ok(controller.normalized_from_plain(info.id, plain)?),
        None => Err(bad_text(controller, info, written)),
    }
}

fn normalized(controller: &dyn Controller, info: &ParamInfo, number: &str) -> Result<f64, ParamError> {
    match number.parse::<f64>() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err(PluginError::OutOfRange {
            plugin: controller.plugin().name.clone(),
            param: info.name.clone(),
            value: number.to_owned(),
            range: "normalized 0 to 1".to_owned(),
        }
        .into()),
    }
}

fn bad_text(controller: &dyn Controller, info: &ParamInfo, written: &str) -> ParamError {
    // The plugin's own answer has the list of possible texts; when it "understood", ours says what it did not show.
    match controller.normalized_from_text(info.id, written) {
        Err(error) => error.into(),
        Ok(_) => PluginError::BadText {
            plugin: controller.plugin().name.clone(),
            param: info.name.clone(),
            text: written.to_owned(),
            hint: range_hint(controller, info),
        }
        .into(),
    }
}

fn range_hint(controller: &dyn Controller, info: &ParamInfo) -> String {
    if (1..=24).contains(&info.steps) {
        let texts: Vec<String> = (0..=info.steps)
            .filter_map(|step| controller.to_text(info.id, info.normalized_of_step(step)).ok())
            .collect();
        return format!("; it knows: {}", texts.join(", "));
    }
    match (controller.to_text(info.id, 0.0), controller.to_text(info.id, 1.0)) {
        (Ok(low), Ok(high)) => format!("; it goes from {low} to {high} {}", info.unit).trim_end().to_owned(),
        _ => String::new(),
    }
}

/// Asks the plugin, with the unit and without, and asks back.
fn from_text(controller: &dyn Controller, info: &ParamInfo, written: &str) -> Option<f64> {
    let bare = strip_unit(written, &info.unit);
    let forms = [written, bare];
    for form in &forms[..if bare == written { 1 } else { 2 }] {
        if let Ok(value) = controller.normalized_from_text(info.id, form)
            && let Ok(shown) = controller.to_text(info.id, value)
            && agrees(&shown, form, &info.unit)
            && !beyond_the_end(controller, info, value, form)
        {
            return Some(value);
        }
    }
    // Lists whose names the plugin shows but does not read.
    if (1..=4096).contains(&info.steps) {
        return (0..=info.steps).map(|step| info.normalized_of_step(step)).find(|value| {
            controller.to_text(info.id, *value).is_ok_and(|shown| shown.trim().eq_ignore_ascii_case(written))
        });
    }
    None
}

/// Whether what the plugin shows for a value is what was written: the same words, or the same amount within what the
/// shown digits can tell. A number without a unit is in the unit that is shown; one with another unit is another amount.
fn agrees(shown: &str, written: &str, unit: &str) -> bool {
    let (shown, written) = (shown.trim(), written.trim());
    if strip_unit(shown, unit).eq_ignore_ascii_case(strip_unit(written, unit)) {
        return true;
    }
    let Some(((seen, seen_rest), (asked, asked_rest))) = leading_number(shown).zip(leading_number(written)) else {
        return false;
    };
    let (factor, kind) = measure(if seen_rest.is_empty() { unit } else { seen_rest });
    let (asked_factor, asked_kind) = if asked_rest.is_empty() { (factor, kind.clone()) } else { measure(asked_rest) };
    let digits =
        shown.split_once('.').map_or(0, |(_, after)| after.chars().take_while(char::is_ascii_digit).count() as i32);
    let (seen, asked, resolution) = (seen * factor, asked * asked_factor, 10_f64.powi(-digits) * factor);
    kind == asked_kind && ((seen - asked).abs() < resolution || (seen - asked).abs() <= asked.abs() * 0.005)
}

/// What was written lies behind the end of the range, and the plugin took the end instead.
fn beyond_the_end(controller: &dyn Controller, info: &ParamInfo, value: f64, written: &str) -> bool {
    let amount = |text: &str| {
        let (number, rest) = leading_number(text)?;
        Some(number * measure(if rest.is_empty() { &info.unit } else { rest }).0)
    };
    let shown = |value| controller.to_text(info.id, value).ok();
    let (Some(here), true) = (shown(value), value == 0.0 || value == 1.0) else { return false };
    let Some((end, other)) = amount(&here).zip(shown(1.0 - value).and_then(|text| amount(&text))) else { return false };
    // Without a unit it is meant as it is shown.
    let asked = match leading_number(written) {
        Some((number, "")) => {
            leading_number(&here).map(|(_, rest)| number * measure(if rest.is_empty() { &info.unit } else { rest }).0)
        }
        _ => amount(written),
    };
    let hair = (end - other).abs() * 1e-9;
    asked.is_some_and(|asked| if end > other { asked > end + hair } else { asked < end - hair })
}

fn strip_unit<'a>(text: &'a str, unit: &str) -> &'a str {
    let text = text.trim();
    if unit.is_empty() || text.len() <= unit.len() || !text.is_char_boundary(text.len() - unit.len()) {
        return text;
    }
    let (head, tail) = text.split_at(text.len() - unit.len());
    if same_unit(tail, unit) { head.trim_end() } else { text }
}

fn same_unit(text: &str, unit: &str) -> bool {
    text.trim().eq_ignore_ascii_case(unit.trim())
}

/// A unit as a multiple of the one it is made from. Only those that people mix: "0.5 s" is "500 ms".
fn measure(unit: &str) -> (f64, String) {
    let unit = unit.trim().to_lowercase();
    let (factor, kind) = match unit.as_str() {
        "us" | "µs" | "μs" => (1e-6, "s"),
        "ms" | "msec" => (1e-3, "s"),
        "s" | "sec" => (1.0, "s"),
        "khz" => (1e3, "hz"),
        other => (1.0, other),
    };
    (factor, kind.to_owned())
}

/// A number at the start, and what follows it.
fn leading_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .take_while(|(at, c)| c.is_ascii_digit() || *c == '.' || (*at == 0 && matches!(c, '+' | '-' | '−')))
        .last()
        .map(|(at, c)| at + c.len_utf8())?;
    let number = text[..end].replace('−', "-").parse().ok()?;
    Some((number, text[end..].trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_that_say_nothing_go() {
        assert_eq!(tidy("200.000000 Hz"), "200 Hz");
        assert_eq!(tidy("-0.500000"), "-0.5");
        assert_eq!(tidy("1.50 kHz"), "1.50 kHz");
        assert_eq!(tidy("1.2.30000"), "1.2.30000");
        assert_eq!(tidy("1/16"), "1/16");
        assert_eq!(tidy("Nested"), "Nested");
    }

    #[test]
    fn numbers_are_read_from_the_front() {
        assert_eq!(leading_number("-6.5 dB"), Some((-6.5, "dB")));
        assert_eq!(leading_number("−6dB"), Some((-6.0, "dB")));
        assert_eq!(leading_number("Plate"), None);
        assert_eq!(leading_number("40"), Some((40.0, "")));
    }

    #[test]
    fn texts_agree_within_what_the_digits_tell() {
        assert!(agrees("40", "40 %", "%"));
        assert!(agrees("40.0 %", "40", "%"));
        assert!(agrees("Plate", "plate", ""));
        assert!(agrees("1.25", "1.254", "s"));
        assert!(!agrees("100", "400", "%"));
        assert!(!agrees("0", "abc", "%"));
        assert!(!agrees("Hall", "Plate", ""));
        assert!(!agrees("2", "2,5 s", "s"), "a decimal comma is not the end of a number");
        assert!(!agrees("4", "4 s", "ms"), "another unit is another amount");
        assert!(!agrees("10", "9", "m"), "the next whole number is not the same");
        assert!(agrees("500.0 ms", "0.5 s", ""));
        assert!(agrees("0.50", "500 ms", "s"));
        assert!(!agrees("500.0 ms", "0.5 kHz", ""));
        assert!(agrees("1.00 kHz", "1 kHz", "Hz"));
        assert!(!agrees("1.00 kHz", "1 mHz", ""));
    }
}
