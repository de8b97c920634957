//! Debian packages of another release than the machine's, downloaded but not installed.
//!
//! apt runs with a private state in a folder of ours: the machine's own lists, sources and packages are read, never changed.
//! Invariant: the mirror is the one the machine already uses, and apt verifies its signatures as always.

use crate::step::Step;
use anyhow::{Context, Result, bail};
use std::fs;
use std::path::{Path, PathBuf};

/// Names under which the machine's own release may stand in a source, beside its code name.
const ALIASES: &[&str] = &["stable", "oldstable", "testing", "unstable", "sid"];

/// One archive the machine fetches packages from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    uri: String,
    signed_by: Option<String>,
}

/// A private apt with one release of one mirror.
#[derive(Debug)]
pub struct Apt {
    config: PathBuf,
}

impl Apt {
    /// `[main]` Fetches the package list of `release` from the machine's mirror; all state goes to `folder`.
    pub fn open(folder: &Path, release: &str) -> Result<Self> {
        let mirror = machine_mirror()?;
        let _ = fs::remove_dir_all(folder);
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let options = mirror.signed_by.map(|key| format!("[signed-by={key}] ")).unwrap_or_default();
        fs::write(folder.join("sources.list"), format!("deb {options}{} {release} main\n", mirror.uri))?;
        fs::write(folder.join("status"), "")?;
        let at = folder.display();
        let config = folder.join("apt.conf");
        fs::write(
            &config,
            format!(
                "Dir::Etc::SourceList \"{at}/sources.list\";\nDir::Etc::SourceParts \"/dev/null\";\n\
                 Dir::State::Lists \"{at}/lists\";\nDir::State::status \"{at}/status\";\nDir::Cache \"{at}/cache\";\n\
                 APT::Sandbox::User \"root\";\nAcquire::Languages \"none\";\nAcquire::Retries \"3\";\n\
                 Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n"
            ),
        )?;
        let apt = Self { config };
        apt.step(format!("package list of Debian {release}"), "apt-get").args(["update", "-qq"]).run()?;
        Ok(apt)
    }

    /// `[main]` Downloads packages, without what they depend on, and unpacks them into `into`. Answers with one line
    /// `package version` for each.
    pub fn unpack(&self, packages: &[&str], into: &Path) -> Result<Vec<String>> {
        let folder = self.config.with_file_name("packages");
        fs::create_dir_all(&folder)?;
        let title = format!("download {}", packages.join(" "));
        self.step(title, "apt-get").within(&folder).args(["download", "-qq"]).args(packages).run()?;
        let mut versions = Vec::new();
        for entry in fs::read_dir(&folder)? {
            let package = entry?.path();
            Step::new("unpack", "dpkg-deb").args(["-x".as_ref(), package.as_os_str(), into.as_os_str()]).read()?;
            let fields = Step::new("version", "dpkg-deb").args(["-W", "--showformat=${Package} ${Version}"]);
            versions.push(fields.args([&package]).read()?.trim().to_owned());
        }
        versions.sort();
        Ok(versions)
    }

    fn step(&self, title: impl Into<String>, program: &str) -> Step {
        Step::new(title, program).env("APT_CONFIG", &self.config).env("DEBIAN_FRONTEND", "noninteractive")
    }
}

/// `[main]` The mirror of the machine's own release.
fn machine_mirror() -> Result<Mirror> {
    let release = fs::read_to_string("/etc/os-release").context("this is not a Linux distribution with apt")?;
    let field = |name: &str| {
        let value = release.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(value.trim_matches('"').to_owned())
    };
    if field("ID").as_deref() != Some("debian") {
        bail!("this is not Debian");
    }
    let codename = field("VERSION_CODENAME").unwrap_or_default();
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(entries.flatten().map(|entry| entry.path()));
    }
    files.sort();
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let found = match file.extension().and_then(|extension| extension.to_str()) {
            Some("sources") => from_deb822(&text, &codename),
            Some("list") => from_one_line(&text, &codename),
            _ => None,
        };
        if let Some(mirror) = found {
            return Ok(mirror);
        }
    }
    bail!("no apt source names Debian's {codename}")
}

fn is_own_release(suite: &str, codename: &str) -> bool {
    !suite.is_empty() && (suite == codename || ALIASES.contains(&suite))
}

fn usable(uri: &str) -> bool {
    !uri.starts_with("cdrom:") && !uri.starts_with("file:")
}

/// Stanzas of `Field: value` lines; a value goes on in lines that begin with a space.
fn from_deb822(text: &str, codename: &str) -> Option<Mirror> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines.split(|line| line.trim().is_empty()).find_map(|stanza| {
        let value = |name: &str| -> Option<String> {
            let mut lines = stanza
                .iter()
                .skip_while(|line| !line.split_once(':').is_some_and(|(field, _)| field.eq_ignore_ascii_case(name)));
            let mut value = lines.next()?.split_once(':')?.1.trim().to_owned();
            for more in lines.take_while(|line| line.starts_with([' ', '\t'])) {
                value.push(' ');
                value.push_str(more.trim());
            }
            Some(value)
        };
        let has = |name: &str, test: &dyn Fn(&str) -> bool| {
            value(name).is_some_and(|value| value.split_whitespace().any(test))
        };
        let fits = has("Types", &|word| word == "deb")
            && has("Suites", &|word| is_own_release(word, codename))
            && has("Components", &|word| word == "main")
            && !has("Enabled", &|word| word.eq_ignore_ascii_case("no"));
        let uri = value("URIs")?.split_whitespace().find(|uri| usable(uri))?.to_owned();
        // A key that is written out in the stanza cannot be named in one line; apt's own key ring serves as well.
        let signed_by = value("Signed-By").filter(|key| key.starts_with('/') && !key.contains(' '));
        fits.then_some(Mirror { uri, signed_by })
    })
}

/// Lines `deb [options] uri suite components…`.
fn from_one_line(text: &str, codename: &str) -> Option<Mirror> {
    text.lines().find_map(|line| {
        let rest = line.trim().strip_prefix("deb")?;
        let rest = rest.strip_prefix([' ', '\t'])?.trim_start();
        let (options, rest) = match rest.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => ("", rest),
        };
        let mut words = rest.split_whitespace();
        let (uri, suite) = (words.next()?, words.next()?);
        if !usable(uri) || !is_own_release(suite, codename) || !words.any(|word| word == "main") {
            return None;
        }
        let signed_by = options.split_whitespace().find_map(|option| option.strip_prefix("signed-by="));
        Some(Mirror { uri: uri.to_owned(), signed_by: signed_by.map(str::to_owned) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_of_the_own_release_is_found_in_stanzas() {
        let text = "# a note\nTypes: deb\nURIs: http://other.test/x\nSuites: nodistro\nComponents: main\n\n\
                    Types: deb deb-src\nURIs:\n cdrom:[x]/\n http://mirror.test/debian\nSuites: bookworm bookworm-updates\n\
                    Components: main\nSigned-By: /usr/share/keyrings/a.gpg\n";
        let mirror = from_deb822(text, "bookworm").unwrap();
        assert_eq!(mirror.uri, "http://mirror.test/debian");
        assert_eq!(mirror.signed_by.as_deref(), Some("/usr/share/keyrings/a.gpg"));
    }

    #[test]
    fn a_disabled_stanza_and_the_security_archive_are_passed_over() {
        let disabled = "Enabled: no\nTypes: deb\nURIs: http://mirror.test/debian\nSuites: bookworm\nComponents: main\n";
        assert_eq!(from_deb822(disabled, "bookworm"), None);
        let security = "Types: deb\nURIs: http://mirror.test/security\nSuites: bookworm-security\nComponents: main\n";
        assert_eq!(from_deb822(security, "bookworm"), None);
    }

    #[test]
    fn the_mirror_of_the_own_release_is_found_in_lines() {
        let text = "# deb http://no.test bookworm main\ndeb http://third.test cloud-bookworm main\n\
                    deb-src http://src.test bookworm main\ndeb [arch=amd64 signed-by=/k.gpg] http://mirror.test/debian bookworm contrib main\n";
        let mirror = from_one_line(text, "bookworm").unwrap();
        assert_eq!(mirror, Mirror { uri: "http://mirror.test/debian".into(), signed_by: Some("/k.gpg".into()) });
        let stable = from_one_line("deb http://mirror.test/debian stable main", "bookworm").unwrap();
        assert_eq!(stable.signed_by, None);
    }
}
