//! Saved runs: the reports of earlier runs, in a folder with one of its own for each profile.
//!
//! `.ready/runs/zebu/2026-11-26T09-06-39Z.json` is the JSON report of a run by when it started.
//! A second one in the same second is `2026-11-26T09-06-39Z-2.json`. Files of other names are
//! no saved runs, and none is ever changed.

use std::cmp::Reverse;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// Where runs are saved unless another folder is named, from the working directory.
pub const USUAL: &str = ".ready/runs";

/// Bytes of a saved run; a larger file is never read.
pub const LARGEST: u64 = 8 << 20;

/// Runs of one profile that can start in the same second.
const MOST_AT_ONCE: u32 = 1000;

/// Where the runs of one profile are saved.
#[derive(Clone, Debug)]
pub struct Shelf(PathBuf);

impl Shelf {
    /// Makes the profile's folder in the store, and sees that files can be put there.
    pub fn open(store: &Path, profile: &str) -> io::Result<Self> {
        let name = folder_name(profile).ok_or_else(|| {
            io::Error::other(format!("the profile's id `{profile}` cannot name a folder"))
        })?;
        let folder = store.join(name);
        fs::create_dir_all(&folder)?;
        tempfile::tempfile_in(&folder)?;
        Ok(Self(folder))
    }

    /// Saves the report of a run, whole or not at all, under a name that was free.
    pub fn save(&self, started: Timestamp, report: &[u8]) -> io::Result<PathBuf> {
        if report.len() as u64 > LARGEST {
            let most = LARGEST >> 20;
            return Err(io::Error::other(format!(
                "the report has more than {most} MiB, and would never be read again"
            )));
        }
        for number in 1..=MOST_AT_ONCE {
            let path = self.0.join(file_name(started, number));
            // Whoever has made this file is about to take the name.
            let partial = path.with_extension("json.partial");
            let mut file = match File::create_new(&partial) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            if path.exists() {
                drop(file);
                fs::remove_file(&partial)?;
                continue;
            }
            let written = file
                .write_all(report)
                .and_then(|()| file.sync_all())
                .and_then(|()| fs::rename(&partial, &path));
            if let Err(error) = written {
                let _ = fs::remove_file(&partial);
                return Err(error);
            }
            File::open(&self.0)?.sync_all()?;
            return Ok(path);
        }
        Err(io::Error::other("too many runs started in this second"))
    }
}

/// The name of a profile's folder; `None` if its id would lead elsewhere.
pub fn folder_name(profile: &str) -> Option<&str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_name = !profile.is_empty() && !profile.starts_with('.') && profile.chars().all(plain);
    (is_name && profile.len() <= 200).then_some(profile)
}

/// Sorts names of saved runs, the newest first, and leaves out all others.
pub fn newest_first(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut runs: Vec<_> = names
        .filter_map(|name| {
            let (time, number) = time_and_number(&name)?;
            Some((Reverse((time.to_owned(), number)), name))
        })
        .collect();
    runs.sort();
    runs.into_iter().map(|(_, name)| name).collect()
}

fn file_name(started: Timestamp, number: u32) -> String {
    let time = started.strftime("%Y-%m-%dT%H-%M-%SZ");
    match number {
        1 => format!("{time}.json"),
        number => format!("{time}-{number}.json"),
    }
}

/// The parts of a saved run's name; times sort as text.
fn time_and_number(name: &str) -> Option<(&str, u32)> {
    const SHAPE: &str = "0000-00-00T00-00-00";
    let (time, rest) = name.strip_suffix(".json")?.split_once('Z')?;
    let fits = time.len() == SHAPE.len()
        && time.bytes().zip(SHAPE.bytes()).all(|(found, wanted)| {
            if wanted == b'0' {
                found.is_ascii_digit()
            } else {
                found == wanted
            }
        });
    let number = match rest {
        "" => 1,
        more => more.strip_prefix('-')?.parse().ok()?,
    };
    fits.then_some((time, number))
}

#[cfg(test)]
mod tests {
    use super::{Shelf, folder_name, newest_first};

    #[test]
    fn runs_of_one_second_are_kept_apart() {
        let store = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(store.path(), "zebu").unwrap();
        let at = "2026-11-26T09:06:39.5Z".parse().unwrap();
        for name in [
            "2026-11-26T09-06-39Z.json",
            "2026-11-26T09-06-39Z-2.json",
            "2026-11-26T09-06-39Z-3.json",
        ] {
            let path = shelf.save(at, name.as_bytes()).unwrap();
            assert_eq!(path, store.path().join("zebu").join(name));
        }
        let left: Vec<_> = std::fs::read_dir(store.path().join("zebu"))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(left.len(), 3, "nothing else is left: {left:?}");
        for path in left {
            let text = std::fs::read_to_string(&path).unwrap();
            assert!(path.ends_with(&text), "{text} was changed");
        }
    }

    #[test]
    fn threads_that_save_at_once_lose_nothing() {
        let store = tempfile::tempdir().unwrap();
        let at = "2026-11-26T09:06:39Z".parse().unwrap();
        std::thread::scope(|scope| {
            for run in 0..16 {
                let shelf = Shelf::open(store.path(), "zebu").unwrap();
                scope.spawn(move || shelf.save(at, format!("{run}").as_bytes()).unwrap());
            }
        });
        let texts: std::collections::BTreeSet<String> =
            std::fs::read_dir(store.path().join("zebu"))
                .unwrap()
                .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
                .collect();
        assert_eq!(texts.len(), 16, "{texts:?}");
    }

    #[test]
    fn what_would_never_be_read_is_not_saved() {
        let store = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(store.path(), "zebu").unwrap();
        let at = "2026-11-26T09:06:39Z".parse().unwrap();
        assert!(shelf.save(at, &vec![b' '; (8 << 20) + 1]).is_err());
        assert_eq!(
            std::fs::read_dir(store.path().join("zebu"))
                .unwrap()
                .count(),
            0
        );
    }

    #[test]
    fn names_sort_by_time_and_others_are_left_out() {
        let names = [
            "2026-11-26T09-06-39Z-10.json",
            "2026-11-26T09-06-39Z.json",
            "2026-11-27T00-00-00Z.json",
            "2026-11-26T09-06-39Z-2.json",
            "2026-11-26T09-06-39Z.json.partial",
            "2026-11-26T09-06-39Z-x.json",
            "2026-11-26.json",
            "latest.json",
            ".json",
        ];
        assert_eq!(
            newest_first(names.map(str::to_owned).into_iter()),
            [
                "2026-11-27T00-00-00Z.json",
                "2026-11-26T09-06-39Z-10.json",
                "2026-11-26T09-06-39Z-2.json",
                "2026-11-26T09-06-39Z.json",
            ]
        );
    }

    #[test]
    fn ids_lead_nowhere_else() {
        for id in ["", ".", "..", "../x", "a/b", ".x", "a\0"] {
            assert_eq!(folder_name(id), None, "{id}");
            assert!(Shelf::open(std::path::Path::new("/nowhere"), id).is_err());
        }
        assert_eq!(folder_name("zebu-operations"), Some("zebu-operations"));
    }
}
