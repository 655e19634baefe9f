//! Which labels a selector fits.

use super::raw::{Requirement, Selector, Texts};

impl Selector {
    /// Whether it fits everything.
    pub(in crate::probe) fn is_empty(&self) -> bool {
        self.match_labels.is_empty() && self.match_expressions.is_empty()
    }

    /// Whether it fits these labels. An operator that there is not fits nothing.
    pub(in crate::probe) fn fits(&self, labels: &Texts) -> bool {
        contains(labels, &self.match_labels)
            && self
                .match_expressions
                .iter()
                .all(|requirement| fits(requirement, labels))
    }
}

/// Whether all of `wanted` are among `labels`.
fn contains(labels: &Texts, wanted: &Texts) -> bool {
    wanted
        .iter()
        .all(|(name, value)| labels.get(name) == Some(value))
}

fn fits(requirement: &Requirement, labels: &Texts) -> bool {
    let label = labels.get(&requirement.key);
    let is_listed = label.is_some_and(|value| requirement.values.contains(value));
    match requirement.operator.as_str() {
        "In" => is_listed,
        // What does not have the label fits as well.
        "NotIn" => !is_listed,
        "Exists" => label.is_some(),
        "DoesNotExist" => label.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{from_value, json};

    use crate::probe::cluster::raw::{Selector, Texts};

    #[test]
    fn selectors_fit_as_kubernetes_says() {
        let labels: Texts = from_value(json!({"app": "web", "tier": "front"})).unwrap();
        let expression = |key: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        for (selector, fits) in [
            (json!({}), true),
            (json!({"matchLabels": {"app": "web"}}), true),
            (json!({"matchLabels": {"app": "web", "x": "y"}}), false),
            (json!({"matchLabels": {"app": "api"}}), false),
            (expression("app", "In", &["api", "web"]), true),
            (expression("app", "In", &["api"]), false),
            (expression("x", "In", &["y"]), false),
            (expression("app", "NotIn", &["api"]), true),
            (expression("x", "NotIn", &["y"]), true),
            (expression("app", "NotIn", &["web"]), false),
            (expression("app", "Exists", &[]), true),
            (expression("x", "Exists", &[]), false),
            (expression("x", "DoesNotExist", &[]), true),
            (expression("app", "DoesNotExist", &[]), false),
            (expression("app", "Like", &["web"]), false),
        ] {
            let read: Selector = from_value(selector.clone()).unwrap();
            assert_eq!(read.fits(&labels), fits, "{selector}");
        }
        let both = json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["back"]}]});
        assert!(!from_value::<Selector>(both).unwrap().fits(&labels));
    }
}
