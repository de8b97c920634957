//! L4 · what a script declares, without running any of its handlers: for `check`, for the documents, before a reload.
//!
//! Thread: any; the VM lives within one call. Invariant: plain data comes out, nothing of the VM. Deliberately absent: the
//! documents (`docs`).

use super::{
    fields::Field,
    program::{Program, Script},
    runtime::Print,
    script_error::ScriptError,
    sources::Sources,
    world::World,
};
use crate::link::Json;
use std::{collections::BTreeMap, rc::Rc};

/// All that a script declares.
#[derive(Clone, Debug, Default)]
pub struct Description {
    /// Protocols, in the order of their declaration.
    pub protocols: Vec<ProtocolDescription>,
    /// `GET /meters` and the like.
    pub endpoints: Vec<String>,
}

/// A protocol.
#[derive(Clone, Debug)]
pub struct ProtocolDescription {
    /// `sonic-core`.
    pub name: String,
    /// `/v1/ws`.
    pub path: String,
    /// Named groups of fields.
    pub records: BTreeMap<String, Vec<Field>>,
    /// In the order of their declaration.
    pub verbs: Vec<VerbDescription>,
    /// In the order of their declaration.
    pub events: Vec<EventDescription>,
}

/// A verb.
#[derive(Clone, Debug)]
pub struct VerbDescription {
    /// `PING`.
    pub name: String,
    /// Sentences.
    pub doc: String,
    /// What it takes.
    pub params: Vec<Field>,
    /// What it gives.
    pub result: Vec<Field>,
    /// Names of the errors worth expecting.
    pub errors: Vec<String>,
    /// What a token must allow.
    pub scope: Option<String>,
    /// It may need the plugins' thread.
    pub costs_main: bool,
    /// `{ "params": …, "result": … }`
    pub example: Option<Json>,
}

/// An event.
#[derive(Clone, Debug)]
pub struct EventDescription {
    /// `PARAM_CHANGED`.
    pub name: String,
    /// Sentences.
    pub doc: String,
    /// By which clients choose.
    pub class: String,
    /// What it carries.
    pub data: Vec<Field>,
}

/// `[any]` Loads a script to see what it declares.
pub fn describe(script: &Script, print: Print) -> Result<Description, ScriptError> {
    let program = load(script, &Rc::default(), print)?;
    let world = &program.world;
    let protocols = world.protocols.borrow();
    let described = protocols.iter().map(|protocol| ProtocolDescription {
        name: protocol.name.to_string(),
        path: protocol.path.borrow().clone(),
        records: protocol.records.borrow().clone(),
        verbs: protocol
            .verbs
            .borrow()
            .iter()
            .map(|verb| VerbDescription {
                name: verb.name.clone(),
                doc: verb.doc.clone(),
                params: verb.params.clone(),
                result: verb.result.clone(),
                errors: verb.errors.clone(),
                scope: verb.scope.clone(),
                costs_main: verb.costs_main,
                example: verb.example.clone(),
            })
            .collect(),
        events: protocol
            .events
            .borrow()
            .iter()
            .map(|event| EventDescription {
                name: event.name.clone(),
                doc: event.doc.clone(),
                class: event.class.clone(),
                data: event.data.clone(),
            })
            .collect(),
    });
    let routes = world.routes.borrow();
    let endpoints = routes.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
    Ok(Description { protocols: described.collect(), endpoints })
}

/// `[any]` Loads a script that has no bridge to talk to.
pub(super) fn load(script: &Script, sources: &Rc<Sources>, print: Print) -> Result<Rc<Program>, ScriptError> {
    Program::load(script, sources, World::new(None), print)
}
