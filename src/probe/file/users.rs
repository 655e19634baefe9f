//! Names of users, from this machine's own list. Users of a directory service have numbers
//! only: asking for them would contact other machines.

use std::collections::BTreeMap;
use std::io::Read as _;

/// A longer list is read up to here, in bytes.
const LONGEST_LIST: u64 = 1024 * 1024;

/// The list, read when it is needed first.
#[derive(Default)]
pub(super) struct Users(Option<BTreeMap<u32, String>>);

impl Users {
    /// The user's name, or number.
    pub(super) fn name(&mut self, number: u32) -> String {
        let names = self.0.get_or_insert_with(|| {
            let mut list = Vec::new();
            let file = std::fs::File::open("/etc/passwd");
            // Without the list there are no names.
            _ = file.and_then(|file| file.take(LONGEST_LIST).read_to_end(&mut list));
            names(&String::from_utf8_lossy(&list))
        });
        names
            .get(&number)
            .cloned()
            .unwrap_or_else(|| number.to_string())
    }
}

fn names(list: &str) -> BTreeMap<u32, String> {
    let entry = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        Some((fields.nth(1)?.parse().ok()?, name.to_owned()))
    };
    list.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::names;

    #[test]
    fn names_are_read_and_other_lines_passed_over() {
        let list = "root:x:0:0:root:/root:/bin/sh\n\n# no\nweb:x:33:33::/:/bin/false\nx:y:z\n";
        let found: Vec<_> = names(list).into_iter().collect();
        assert_eq!(found, [(0, "root".to_owned()), (33, "web".to_owned())]);
    }
}
