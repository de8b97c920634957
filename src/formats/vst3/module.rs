//! L2 · modules: a VST3 bundle whose code is loaded.
//!
//! Thread: main. Invariant: one [`Module`] per bundle and thread, entered once; everything made from it is gone before it is
//! left. Deliberately absent: unloading – the library stays in memory, so a changed plugin needs a new process.
#![allow(unsafe_code)]

use super::{binary::Binary, com, host_app::HostApp, run_loop};
use crate::plugin::{PluginError, bundle::vst3_binary};
use std::{
    cell::RefCell,
    collections::HashMap,
    path::{Path, PathBuf},
    rc::{Rc, Weak},
};
use vst3::{
    ComPtr,
    Steinberg::{IPluginFactory, IPluginFactory3, IPluginFactory3Trait, kNotImplemented, kResultOk},
};

/// A loaded module.
pub struct Module {
    path: PathBuf,
    /// `None` only while being dropped.
    factory: Option<ComPtr<IPluginFactory>>,
    binary: Binary,
    /// Names its library, see [`run_loop::image`].
    image: usize,
}

thread_local! {
    static LOADED: RefCell<HashMap<PathBuf, Weak<Module>>> = RefCell::default();
}

impl Module {
    /// `[main]` Loads a bundle (on Windows also a single file), or shares it when it is loaded already. Runs its code.
    pub fn load(path: &Path) -> Result<Rc<Self>, PluginError> {
        let refuse = |reason: String| PluginError::Module { path: path.to_path_buf(), reason };
        let path = dunce::canonicalize(path).map_err(|error| refuse(format!("cannot be read ({error})")))?;
        if let Some(module) = LOADED.with_borrow(|loaded| loaded.get(&path).and_then(Weak::upgrade)) {
            return Ok(module);
        }
        let file = vst3_binary(&path)?;
        let binary = Binary::open(&path, &file).map_err(refuse)?;
        binary.enter().map_err(refuse)?;
        // SAFETY: null, or a factory whose reference is handed to us.
        let Some(factory) = (unsafe { ComPtr::from_raw(binary.factory()) }) else {
            binary.leave();
            return Err(refuse("its GetPluginFactory gave nothing".into()));
        };
        if let Some(third) = com::query::<IPluginFactory3>(&factory) {
            // SAFETY: a live factory; the host object outlives every module.
            let answer = unsafe { third.setHostContext(HostApp::context()) };
            if answer != kResultOk && answer != kNotImplemented {
                tracing::debug!(path = %path.display(), result = com::result_name(answer), "setHostContext");
            }
        }
        let image = run_loop::image(factory.as_ptr().cast());
        let module = Rc::new(Self { path: path.clone(), factory: Some(factory), binary, image });
        LOADED.with_borrow_mut(|loaded| loaded.insert(path, Rc::downgrade(&module)));
        Ok(module)
    }

    /// `[main]` The bundle it was loaded from, canonical.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `[main]` Maker of its objects.
    pub fn factory(&self) -> &ComPtr<IPluginFactory> {
        self.factory.as_ref().expect("only Drop takes the factory")
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        self.factory = None;
        let none_left = LOADED.with_borrow_mut(|loaded| {
            loaded.retain(|_, other| other.strong_count() > 0);
            loaded.is_empty()
        });
        // Handlers that nobody is left to answer for must not be called.
        run_loop::forget_handlers(self.image, none_left);
        self.binary.leave();
    }
}

/// A loader's error in one clause, with what lies below it.
pub(super) fn reason(error: libloading::Error) -> String {
    let below = std::error::Error::source(&error).map(|source| format!(" ({source})")).unwrap_or_default();
    format!("cannot be loaded: {error}{below}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_bundle_is_refused_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let bundle = folder.path().join("Empty.vst3");
        std::fs::create_dir(&bundle).unwrap();
        for path in [bundle.as_path(), &folder.path().join("missing.vst3")] {
            let error = Module::load(path).err().expect("must be refused").to_string();
            assert!(error.contains(&path.file_name().unwrap().to_string_lossy().into_owned()), "{error}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_is_no_library_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("Text.vst3/Contents").join(crate::plugin::bundle::architecture_folders()[0]);
        std::fs::create_dir_all(&inside).unwrap();
        std::fs::write(inside.join("Text.so"), "not a library").unwrap();
        let error = Module::load(&folder.path().join("Text.vst3")).err().expect("must be refused").to_string();
        assert!(error.contains("cannot be loaded"), "{error}");
    }
}
