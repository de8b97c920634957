//! Graphs that cannot be played are refused in the user's words, and give their plugins back.

use super::super::{CompileSetup, GraphError, compile, fakes::*};
use crate::model::{ErrorCode, NodeKind};

fn refused(sketch: Sketch) -> GraphError {
    let loaded = sketch.nodes.iter().map(Option::is_some).collect::<Vec<_>>();
    let error = sketch.compile(64).unwrap_err();
    assert_eq!(error.code(), ErrorCode::GRAPH_INVALID);
    let reason = error.reason().clone();
    assert_eq!(error.into_nodes().iter().map(Option::is_some).collect::<Vec<_>>(), loaded, "plugins come back");
    reason
}

#[test]
fn a_circle_is_refused_with_its_nodes() {
    let mut sketch = Sketch::default();
    let input = sketch.input(1);
    let (a, b, c) = (sketch.plugin(gain(1, 1.0)), sketch.plugin(gain(1, 1.0)), sketch.plugin(gain(1, 1.0)));
    let after = sketch.plugin(gain(1, 1.0));
    sketch.line(&[input, a, b, c, a]);
    sketch.line(&[c, after]);
    let reason = refused(sketch);
    let GraphError::Cycle { keys } = &reason else { panic!("{reason}") };
    assert_eq!(keys.len(), 4);
    assert_eq!(keys.first(), keys.last());
    assert!(["plugin1", "plugin2", "plugin3"].iter().all(|key| keys.iter().any(|other| other == key)), "{reason}");
    for pair in keys.windows(2) {
        let cables = [("plugin1", "plugin2"), ("plugin2", "plugin3"), ("plugin3", "plugin1")];
        assert!(cables.contains(&(pair[0].as_str(), pair[1].as_str())), "{reason}");
    }
}

#[test]
fn a_node_that_feeds_itself_is_refused() {
    let mut sketch = Sketch::default();
    let a = sketch.plugin(gain(1, 1.0));
    sketch.line(&[a, a]);
    assert_eq!(refused(sketch), GraphError::Cycle { keys: vec!["plugin0".into(), "plugin0".into()] });
}

#[test]
fn two_nodes_of_one_key_are_refused() {
    let mut sketch = Sketch::default();
    sketch.add("reverb", NodeKind::Plugin, Some(gain(1, 1.0)));
    sketch.add("reverb", NodeKind::Plugin, Some(gain(1, 1.0)));
    assert_eq!(refused(sketch), GraphError::DuplicateKey { key: "reverb".into() });
}

#[test]
fn a_node_without_a_key_is_refused() {
    let mut sketch = Sketch::default();
    sketch.add("", NodeKind::Plugin, Some(gain(1, 1.0)));
    assert_eq!(refused(sketch), GraphError::EmptyKey { position: 1 });
}

#[test]
fn cables_must_be_as_wide_at_both_ends() {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(2), sketch.output(2));
    sketch.cable((input, 0..2), (output, 0..1));
    let reason = refused(sketch);
    assert!(matches!(reason, GraphError::CableWidth { from_channels: 2, to_channels: 1, .. }), "{reason}");
}

#[test]
fn a_cable_of_no_channels_is_refused() {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(2), sketch.output(2));
    sketch.cable((input, 1..1), (output, 0..0));
    assert!(matches!(refused(sketch), GraphError::EmptyCable { .. }));
}

#[test]
fn channels_that_do_not_exist_are_refused_by_number() {
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(2), sketch.output(4));
    sketch.cable((input, 1..4), (output, 1..4));
    let reason = refused(sketch);
    let text = reason.to_string();
    assert!(text.contains("uses channel 3 of “in0”, which has 2 output channels"), "{text}");
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(2), sketch.output(1));
    sketch.cable((input, 0..1), (output, 7..8));
    let text = refused(sketch).to_string();
    assert!(text.contains("uses channel 8 of “out1”, which has 1 input channels"), "{text}");
}

#[test]
fn cables_out_of_an_output_or_into_an_input_are_refused() {
    for swap in [false, true] {
        let mut sketch = Sketch::default();
        let (input, output, plugin) = (sketch.input(1), sketch.output(1), sketch.plugin(gain(1, 1.0)));
        sketch.line(&if swap { [output, plugin] } else { [plugin, input] });
        assert!(matches!(refused(sketch), GraphError::WrongWay { .. }));
    }
}

#[test]
fn a_cable_to_nowhere_is_refused() {
    let mut sketch = Sketch::default();
    let input = sketch.input(1);
    sketch.cable((input, 0..1), (9, 0..1));
    assert_eq!(refused(sketch), GraphError::NoSuchNode { edge: 1, node: 10, nodes: 1 });
}

#[test]
fn plugins_must_be_loaded_where_the_graph_has_them() {
    let mut sketch = Sketch::default();
    sketch.add("eq", NodeKind::Plugin, None);
    assert_eq!(refused(sketch), GraphError::NotLoaded { key: "eq".into() });
    let mut sketch = Sketch::default();
    sketch.add("in", NodeKind::Input { channels: 1 }, Some(gain(1, 1.0)));
    assert_eq!(refused(sketch), GraphError::NotAPlugin { key: "in".into() });
    let mut sketch = Sketch::default();
    sketch.plugin(gain(1, 1.0));
    sketch.nodes.push(None);
    assert_eq!(refused(sketch), GraphError::NodeCount { nodes: 1, loaded: 2 });
}

#[test]
fn absurd_latency_and_size_are_refused_before_memory_is_asked_for() {
    let mut sketch = Sketch::default();
    sketch.plugin(crate::engine::LoadedNode { latency: u32::MAX, ..gain(1, 1.0) });
    let reason = refused(sketch);
    assert!(matches!(reason, GraphError::Latency { .. }), "{reason}");
    let mut sketch = Sketch::default();
    let (input, output) = (sketch.input(60), sketch.output(60));
    sketch.cable((input, 0..60), (output, 0..60));
    let setup = CompileSetup { sample_rate: 48_000.0, max_block: 1 << 40 };
    let error = compile(&sketch.spec, sketch.nodes, &setup).unwrap_err();
    assert_eq!(error.code(), ErrorCode::LIMIT_REACHED);
}

#[test]
fn the_graph_is_named_in_the_message() {
    let mut sketch = Sketch::default();
    sketch.spec.name = "master".into();
    sketch.add("eq", NodeKind::Plugin, None);
    let error = sketch.compile(64).unwrap_err();
    assert_eq!(error.to_string(), "master: the node “eq” has no loaded plugin; load one for it or take the node out");
}

#[test]
fn a_setup_without_sense_is_refused() {
    for (sample_rate, max_block) in [(0.0, 64), (f64::NAN, 64), (48_000.0, 0)] {
        let setup = CompileSetup { sample_rate, max_block };
        let error = compile(&Sketch::default().spec, Vec::new(), &setup).unwrap_err();
        assert!(matches!(error.reason(), GraphError::Setup { .. }));
    }
}
