//! The one list of stable error codes for the command line, Lua, the wire and the docs.

/// A stable code: four digits below 2000 in families, and a name. Codes are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ErrorCode {
    /// Number, e.g. 1301.
    pub number: u16,
    /// Name, e.g. `PLUGIN_NOT_FOUND`.
    pub name: &'static str,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal;)*) => {
        impl ErrorCode {
            $($(#[$doc])* pub const $name: Self = Self { number: $number, name: stringify!($name) };)*
            /// Every code, in order.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

codes! {
    /// The token does not allow this.
    SCOPE_DENIED = 1101;
    /// The user has to agree first.
    CONSENT_REQUIRED = 1102;
    /// The user said no.
    CONSENT_DENIED = 1103;
    /// Something required was not given.
    FIELD_MISSING = 1201;
    /// Given, but of the wrong type or form.
    FIELD_TYPE = 1202;
    /// Outside the allowed range.
    OUT_OF_RANGE = 1203;
    /// NaN or infinite.
    NOT_FINITE = 1204;
    /// Larger than the limit.
    TOO_LARGE = 1205;
    /// A file or frame that is not what it says it is.
    BAD_FRAME = 1206;
    /// A name that does not exist.
    FIELD_UNKNOWN = 1207;
    /// Planned, but without effect in this version.
    NOT_BUILT = 1208;
    /// No plugin of that id or name.
    PLUGIN_NOT_FOUND = 1301;
    /// No such instance.
    INSTANCE_NOT_FOUND = 1302;
    /// No such parameter.
    PARAM_NOT_FOUND = 1303;
    /// No such stream.
    STREAM_NOT_FOUND = 1304;
    /// A limit on the number of something is reached.
    LIMIT_REACHED = 1305;
    /// It was changed meanwhile.
    REV_CONFLICT = 1306;
    /// More than one plugin or parameter fits the name.
    AMBIGUOUS = 1307;
    /// A file cannot be read or written.
    FILE = 1308;
    /// No such preset or program.
    PRESET_NOT_FOUND = 1309;
    /// Not possible in the present state of the instance.
    NOT_ACTIVE = 1401;
    /// Open or running already.
    ALREADY_OPEN = 1402;
    /// The plugin refuses this arrangement of buses.
    LAYOUT_REFUSED = 1403;
    /// It failed too often and waits for the user.
    QUARANTINED = 1404;
    /// Blocked by the user or by the scanner.
    BLOCKLISTED = 1405;
    /// The plugin could not be loaded.
    LOAD_FAILED = 1501;
    /// The plugin took too long to load.
    LOAD_TIMEOUT = 1502;
    /// The plugin crashed.
    CRASHED = 1503;
    /// The plugin does not answer.
    HUNG = 1504;
    /// The plugin refuses a state or preset, or it belongs to another plugin.
    STATE_REJECTED = 1505;
    /// The output guard acted.
    GUARD_TRIPPED = 1506;
    /// A script that is no Lua.
    SYNTAX = 1601;
    /// A script failed while it ran.
    RUNTIME = 1602;
    /// A script took too long and was stopped.
    BUDGET_TIME = 1603;
    /// A script took too much memory and was stopped.
    BUDGET_MEMORY = 1604;
    /// A script asked for what scripts may not have.
    FORBIDDEN_CALL = 1605;
    /// A graph that cannot be played.
    GRAPH_INVALID = 1606;
    /// Too many requests in a short time.
    RATE_LIMITED = 1701;
    /// More frames in flight than were agreed.
    NO_CREDIT = 1702;
    /// Too much to do at the moment.
    BUSY = 1703;
    /// The bridge is ending.
    SHUTTING_DOWN = 1704;
    /// Stopped by the user.
    CANCELLED = 1705;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_ordered_and_below_2000() {
        for pair in ErrorCode::ALL.windows(2) {
            assert!(pair[0].number < pair[1].number, "{} before {}", pair[0].name, pair[1].name);
        }
        assert!(ErrorCode::ALL.iter().all(|code| (1100..2000).contains(&code.number)));
    }
}
