//! Scripts, and the configuration, which is one.

use crate::checks::{config, lua_source};
use crate::mutate::{cases, mutated, seeds};
use proptest::prelude::*;
use sonic_bridge::config::SECTIONS;

/// Words that scripts are made of, and those that reach into the library.
const WORDS: &[&str] = &[
    "local a = ",
    "a",
    "b",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    " = ",
    ", ",
    ";",
    "\n",
    "function f(...) ",
    " end ",
    "return ",
    "if a then ",
    " else ",
    "for n = 1, 9 do ",
    "for k, v in pairs(a) do ",
    "while a do ",
    "repeat ",
    " until b ",
    "break ",
    "1",
    "0/0",
    "2^53",
    "-1",
    "nil",
    "'x'",
    "`{a}`",
    "..",
    "+",
    "#",
    "a.b",
    "a:b()",
    "f()",
    "f",
    "...",
    "pcall(",
    "error(",
    "setmetatable(",
    "getmetatable(",
    "coroutine.wrap(",
    "coroutine.yield(",
    "string.rep('x', ",
    "string.format('%s', ",
    "('x'):gsub('.', ",
    "table.concat(",
    "table.sort(",
    "table.move(",
    "table.create(",
    "buffer.create(",
    "buffer.fromstring(",
    "require(",
    "print(",
    "tostring(",
    "loadstring(",
    "unpack(",
    "select('#', ",
    "bit32.band(",
    "utf8.char(",
    "math.random(",
    "os.date(",
    "rawset(_G, 'a', ",
    "type A = ",
    ":: any",
    "continue ",
];

fn script() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(WORDS), 0..60).prop_map(|words| words.concat())
}

/// A table of sections and options, right and wrong.
fn configuration() -> impl Strategy<Value = String> {
    let mut names: Vec<String> = SECTIONS.iter().map(|section| section.key.to_owned()).collect();
    names.extend(SECTIONS.iter().flat_map(|section| section.entries.iter().map(|entry| entry.key.to_owned())));
    names.extend(["[1]", "['']", "[{}]", "[0/0 == 0]", "xylophone"].map(str::to_owned));
    let value = prop_oneof![
        (-10_i64..100_000).prop_map(|number| number.to_string()),
        prop::sample::select(vec![
            "nil",
            "true",
            "0/0",
            "1/0",
            "2^53",
            "1.5",
            "''",
            "'none'",
            "'vst3'",
            "'http://localhost:1'",
            "'\\255'",
            "print",
            "{}",
            "{ 'vst3' }",
            "{ 1, nil, 3 }",
            "{ {} }",
            "{ a = 1 }",
            "coroutine.create(print)",
            "buffer.create(8)",
            "('x'):rep(2^16)",
        ])
        .prop_map(str::to_owned),
    ];
    let name = prop::sample::select(names);
    let options = prop::collection::vec((name.clone(), value), 0..6)
        .prop_map(|options| options.iter().map(|(name, value)| format!("{name} = {value},\n")).collect::<String>());
    prop::collection::vec((name, options), 0..6).prop_map(|sections| {
        let sections: String = sections.iter().map(|(name, options)| format!("{name} = {{\n{options}}},\n")).collect();
        format!("return {{\n{sections}}}\n")
    })
}

#[test]
fn the_seeds_are_run_or_refused() {
    seeds("lua_source").iter().for_each(|seed| lua_source::check(seed));
}

#[test]
fn the_seeds_of_configurations_are_understood_or_refused() {
    seeds("config").iter().for_each(|seed| config::check(seed));
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn changed_scripts_stay_within_their_limits(bytes in mutated("lua_source")) {
        lua_source::check(&bytes);
    }

    #[test]
    fn words_in_any_order_stay_within_their_limits(text in script()) {
        lua_source::check(text.as_bytes());
    }

    #[test]
    fn changed_configurations_are_understood_whole_or_refused(bytes in mutated("config")) {
        config::check(&bytes);
    }

    #[test]
    fn options_in_any_order_are_understood_whole_or_refused(text in configuration()) {
        config::check(text.as_bytes());
    }
}
