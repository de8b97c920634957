//! L4 · another text of the script takes over, or is refused, while everything goes on.
//!
//! Thread: script; a new text is tried on a thread of its own first. Invariant: sessions, instances and streams stay; a
//! text that does not load changes nothing. Deliberately absent: watching files (`crate::watch`).

use super::{
    describe,
    hub::{Hub, Level},
    notices,
    program::{Program, Script},
    sources::{SHIPPED, Sources},
    world::World,
};
use crate::link::ToServer;
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf, rc::Rc, time::Duration};
use tokio::sync::oneshot;

/// How long calls of an old program may go on.
const OLD_CALLS: Duration = Duration::from_secs(30);

/// The texts of a script that loads, or why it does not, and the files that have a say in it either way.
pub(super) struct Checked {
    texts: Result<BTreeMap<PathBuf, String>, String>,
    files: Vec<PathBuf>,
}

/// Decides which program answers.
pub(super) struct Reloader {
    hub: Rc<Hub>,
    script: Script,
    watch: Option<Box<dyn Fn(Vec<PathBuf>) + Send>>,
    /// The text that is tried at the moment.
    trying: Option<oneshot::Receiver<Checked>>,
    /// There was another change meanwhile.
    again: bool,
}

impl Reloader {
    pub fn new(hub: Rc<Hub>, script: Script, watch: Option<Box<dyn Fn(Vec<PathBuf>) + Send>>) -> Self {
        Self { hub, script, watch, trying: None, again: false }
    }

    /// `[script]` Loads the first text. Where it does not load, the protocol that comes with the program has to do.
    pub fn first(&mut self) {
        // Watched before it is read, so that no change falls between.
        self.look_at(Vec::new());
        // What is not there at the start is left to the script that comes with the program, until it is there.
        let Checked { texts, files } = check(&self.present());
        self.look_at(files);
        let result = texts.and_then(|texts| self.load(&self.present(), texts));
        if let Err(message) = result {
            self.hub.log(Level::Error, &message);
            let shipped = Script { path: None, roots: Vec::new(), ..self.script.clone() };
            self.hub.log(Level::Warn, "the protocol that comes with the program is used until the script is correct");
            if let Err(reason) = self.load(&shipped, BTreeMap::new()) {
                self.hub.log(Level::Error, &format!("the shipped protocol does not load: {reason}"));
                self.hub.send(ToServer::Serve(crate::link::Served::default()));
            }
            self.hub.reload.borrow_mut().error = Some(message);
        }
    }

    /// The script as it is on the disk now.
    fn present(&self) -> Script {
        let first = self.hub.reload.borrow().generation == 0;
        if first { self.script.clone().or_shipped() } else { self.script.clone() }
    }

    /// `[script]` A file changed.
    pub fn changed(&mut self) {
        if self.trying.is_some() {
            self.again = true;
            return;
        }
        let script = self.present();
        let (done, result) = oneshot::channel();
        let work = move || drop(done.send(check(&script)));
        match std::thread::Builder::new().name("script check".into()).spawn(work) {
            Ok(_) => self.trying = Some(result),
            Err(error) => self.reject(&format!("the changed script cannot be tried: {error}")),
        }
    }

    /// `[script]` Waits for the text that is tried; for ever when there is none.
    pub async fn checked(&mut self) -> Option<Checked> {
        match &mut self.trying {
            Some(result) => result.await.ok(),
            None => std::future::pending().await,
        }
    }

    /// `[script]` Takes the text over, or refuses it.
    pub fn settle(&mut self, checked: Option<Checked>) {
        self.trying = None;
        if std::mem::take(&mut self.again) {
            // What was tried is old already.
            return self.changed();
        }
        let Some(Checked { texts, files }) = checked else {
            return self.reject("the changed script could not be tried");
        };
        self.look_at(files);
        let script = self.present();
        match texts.and_then(|texts| self.load(&script, texts)) {
            Ok(()) => {}
            Err(message) => self.reject(&message),
        }
    }

    fn look_at(&self, mut files: Vec<PathBuf>) {
        let Some(watch) = &self.watch else { return };
        files.extend(self.script.path.clone());
        // Where a shipped script can be replaced by one of the user.
        let own = |root: &PathBuf| SHIPPED.iter().map(|(_, file, _)| root.join(file)).collect::<Vec<_>>();
        files.extend(self.script.roots.iter().flat_map(own));
        files.sort();
        files.dedup();
        watch(files);
    }

    fn load(&self, script: &Script, texts: BTreeMap<PathBuf, String>) -> Result<(), String> {
        let world = World::new(Some(Rc::clone(&self.hub)));
        let files: Vec<String> = texts.keys().map(|path| super::records::base_name(path)).collect();
        let hub = Rc::clone(&self.hub);
        let print = Rc::new(move |line: &str| hub.log(Level::Info, line));
        let sources = Rc::new(Sources::fixed(texts));
        let program = Program::load(script, &sources, world, print).map_err(|error| error.to_string())?;
        let old = self.hub.program.replace(Some(Rc::clone(&program)));
        let first = old.is_none();
        if let Some(old) = old {
            old.retire();
            bury(old);
        }
        let generation = {
            let mut reload = self.hub.reload.borrow_mut();
            reload.generation += 1;
            reload.error = None;
            reload.generation
        };
        self.hub.send(ToServer::Serve(program.served()));
        program.activate();
        if !first {
            self.hub.log(Level::Info, &format!("scripts: generation {generation} runs"));
            notices::tell(&self.hub, "script_reloaded", &json!({ "generation": generation, "files": files }), None);
        }
        Ok(())
    }

    fn reject(&self, message: &str) {
        self.hub.log(Level::Error, message);
        self.hub.reload.borrow_mut().error = Some(message.to_owned());
        notices::tell(&self.hub, "script_rejected", &json!({ "message": message }), None);
    }
}

/// Lets calls of an old program come to their end, for a while.
fn bury(old: Rc<Program>) {
    tokio::task::spawn_local(async move {
        let end = tokio::time::Instant::now() + OLD_CALLS;
        while Rc::strong_count(&old) > 1 && tokio::time::Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        old.give_up();
    });
}

/// `[any]` Tries a script in a VM of its own: everything of it runs but its handlers.
pub(super) fn check(script: &Script) -> Checked {
    let sources = Rc::new(Sources::default());
    let result = describe::load(script, &sources, Rc::new(|_| {})).map(drop).map_err(|error| error.to_string());
    let files = sources.files();
    Checked { texts: result.map(|()| sources.take_texts()), files }
}
