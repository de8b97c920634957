//! `config.lua`.

use crate::{disk, memory};
use sonic_bridge::config::{Config, SECTIONS};
use sonic_bridge::script::{ConfigFile, ConfigFileError};
use std::rc::Rc;

/// What the VM may take by default, and what surrounds it.
const MEMORY: usize = (64 + 32) << 20;

/// Whatever the file says: no panic, bounded memory, and it is either understood whole or refused with a few sentences.
pub fn check(data: &[u8]) {
    let path = disk::file("config.lua", data);
    match memory::within(MEMORY, || ConfigFile::read(&path, Rc::new(|_| {}))) {
        Ok(file) => {
            // What was taken obeys the rules of its option: taken again, it is the same.
            let mut again = Config::default();
            for section in SECTIONS {
                for entry in section.entries {
                    let value = file.config.get(section.key, entry.key);
                    again.set(section, entry.key, &value).unwrap_or_else(|error| panic!("{error}"));
                }
            }
            assert_eq!(again, file.config);
        }
        Err(error) => {
            let message = error.to_string();
            assert!(!message.is_empty() && message.len() < 32 * 1024, "{} bytes: {message:.2000}", message.len());
            assert!(!error.code().name.is_empty());
            match error {
                ConfigFileError::Wrong { problems } => assert!((1..=20).contains(&problems.len())),
                ConfigFileError::Script(_) => assert!(!message.contains("\nstack traceback:"), "{message}"),
                ConfigFileError::NoTable { .. } => {}
            }
        }
    }
}
