//! Several profiles as one: `ready audit https://a.example https://b.example`.

use std::collections::BTreeMap;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{Profile, Section};

impl Profile {
    /// One profile with each of them as a section, named by its key. Check ids get the key in
    /// brackets, as an item of `for_each` would. One profile alone is returned as it is.
    pub fn combine((first_key, first): (String, Self), rest: Vec<(String, Self)>) -> Self {
        if rest.is_empty() {
            return first;
        }
        let mut combined = Self {
            identity: first.identity.clone(),
            title: first.title.clone(),
            about: first.about.clone(),
            minimum: None,
            min_coverage: first.min_coverage,
            require_sign_offs: first.require_sign_offs,
            distinct_approvers: first.distinct_approvers,
            vars: BTreeMap::new(),
            secrets: first.secrets.clone(),
            sections: Vec::new(),
            checks: Vec::new(),
        };
        combined.absorb(1, &first_key, first);
        for (number, (key, profile)) in (2..).zip(rest) {
            combined.absorb(number, &key, profile);
        }
        combined
    }

    fn absorb(&mut self, number: usize, key: &str, profile: Self) {
        // Of each variable the values for all sites, so that it never looks like one of them.
        for (name, value) in profile.vars {
            let values = self.vars.entry(name).or_insert_with(|| json!([]));
            values
                .as_array_mut()
                .into_iter()
                .for_each(|all| all.push(value.clone()));
        }
        let top = format!("site-{number}");
        self.sections.push(Section {
            path: top.clone(),
            title: key.to_owned(),
            minimum: profile.minimum,
            when_due: None,
            sign_off: None,
            sections: profile
                .sections
                .into_iter()
                .map(|section| below(section, &top))
                .collect(),
        });
        for mut check in profile.checks {
            check.id.0 = format!("{}[{key}]", check.id);
            check.section = join(&top, &check.section);
            self.checks.push(check);
        }
        // The same profile with other variables: the hash covers them all.
        let mut hash = Sha256::new();
        hash.update(&self.identity.sha256);
        hash.update(&profile.identity.sha256);
        self.identity.sha256 = crate::text::hex(&hash.finalize());
    }
}

fn below(mut section: Section, top: &str) -> Section {
    section.path = join(top, &section.path);
    section.sections = section
        .sections
        .into_iter()
        .map(|inner| below(inner, top))
        .collect();
    section
}

fn join(top: &str, path: &str) -> String {
    if path.is_empty() {
        top.to_owned()
    } else {
        format!("{top}.{path}")
    }
}
