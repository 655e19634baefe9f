//! Reads what can be asked of a value from its JSON Schema.

use serde_json::{Map, Value, json};

use super::super::functions::Kind;

/// References within references that are followed.
const MAX_REFERENCES: usize = 32;

/// The schema of one value: every shape that it may have.
#[derive(Clone)]
pub(super) struct Schema<'s> {
    document: &'s Value,
    shapes: Vec<&'s Value>,
}

/// What a name in an object is.
pub(super) enum Field<'s> {
    /// A field that the schema names.
    Known(Schema<'s>),
    /// An entry of an object that takes any name.
    Entry(Schema<'s>),
    /// No field; the names there are.
    Unknown(Vec<&'s str>),
}

impl<'s> Schema<'s> {
    /// The schema of a whole document.
    pub(super) fn of(document: &'s Value) -> Self {
        Self::at(document, [document])
    }

    fn at(document: &'s Value, nodes: impl IntoIterator<Item = &'s Value>) -> Self {
        let mut shapes = Vec::new();
        for node in nodes {
            gather(document, node, MAX_REFERENCES, &mut shapes);
        }
        Self { document, shapes }
    }

    /// The kind of value, when all shapes agree. `null` beside another kind does not count: a
    /// fact that is not known is left out.
    pub(super) fn kind(&self) -> Kind {
        let mut found: Option<Kind> = None;
        for kind in self.shapes.iter().map(|shape| kind_of(shape)) {
            found = Some(match (found, kind) {
                (None | Some(Kind::Null), kind) => kind,
                (Some(before), kind) if before == kind || kind == Kind::Null => before,
                (Some(Kind::Int | Kind::Number), Kind::Int | Kind::Number) => Kind::Number,
                _ => return Kind::Any,
            });
        }
        match found {
            None | Some(Kind::Null) => Kind::Any,
            Some(kind) => kind,
        }
    }

    /// What is under a name.
    pub(super) fn field(&self, name: &str) -> Field<'s> {
        let known: Vec<&Value> = self
            .shapes
            .iter()
            .filter_map(|shape| shape.get("properties")?.get(name))
            .collect();
        if !known.is_empty() {
            return Field::Known(Self::at(self.document, known));
        }
        if self.is_open() {
            return Field::Entry(self.entries());
        }
        let mut names: Vec<&str> = self
            .shapes
            .iter()
            .filter_map(|shape| shape.get("properties")?.as_object())
            .flat_map(Map::keys)
            .map(String::as_str)
            .collect();
        names.sort_unstable();
        names.dedup();
        Field::Unknown(names)
    }

    /// What is in an object under any name that has no field of its own.
    pub(super) fn entries(&self) -> Self {
        let entries: Vec<&Value> = self
            .shapes
            .iter()
            .filter_map(|shape| shape.get("additionalProperties"))
            .collect();
        Self::at(self.document, entries)
    }

    /// What a list holds.
    pub(super) fn items(&self) -> Self {
        let items: Vec<&Value> = self
            .shapes
            .iter()
            .filter_map(|shape| shape.get("items"))
            .collect();
        Self::at(self.document, items)
    }

    /// All words that it may be, when it is one of a few.
    pub(super) fn words(&self) -> Option<Vec<&'s str>> {
        let mut words = Vec::new();
        for shape in self
            .shapes
            .iter()
            .filter(|shape| kind_of(shape) != Kind::Null)
        {
            match (shape.get("const"), shape.get("enum")) {
                (Some(word), _) => words.push(word.as_str()?),
                (None, Some(choices)) => {
                    for word in choices.as_array()?.iter().filter(|word| !word.is_null()) {
                        words.push(word.as_str()?);
                    }
                }
                (None, None) => return None,
            }
        }
        (!words.is_empty()).then_some(words)
    }

    /// The smallest number that it may be.
    pub(super) fn minimum(&self) -> Option<f64> {
        let minimum = |shape: &&'s Value| shape.get("minimum").and_then(Value::as_f64);
        let minima: Option<Vec<f64>> = self
            .shapes
            .iter()
            .filter(|shape| kind_of(shape) != Kind::Null)
            .map(minimum)
            .collect();
        minima?.into_iter().reduce(f64::min)
    }

    /// Whether it is an object that takes any name, or may be anything.
    fn is_open(&self) -> bool {
        self.shapes.is_empty()
            || self.shapes.iter().any(|shape| match kind_of(shape) {
                Kind::Any => true,
                Kind::Map => match shape.get("additionalProperties") {
                    Some(Value::Bool(open)) => *open,
                    Some(_) => true,
                    None => {
                        shape.get("properties").is_none()
                            || shape.get("patternProperties").is_some()
                    }
                },
                _ => false,
            })
    }
}

/// Resolves references and choices into plain shapes.
fn gather<'s>(document: &'s Value, node: &'s Value, left: usize, shapes: &mut Vec<&'s Value>) {
    let Some(left) = left.checked_sub(1) else {
        shapes.push(&Value::Bool(true));
        return;
    };
    if let Some(reference) = node.get("$ref").and_then(Value::as_str) {
        let target = reference
            .strip_prefix('#')
            .and_then(|path| document.pointer(path));
        gather(document, target.unwrap_or(&Value::Bool(true)), left, shapes);
        return;
    }
    let mut has_choices = false;
    for choices in ["anyOf", "oneOf", "allOf"]
        .iter()
        .filter_map(|key| node.get(key)?.as_array())
    {
        has_choices = true;
        for choice in choices {
            gather(document, choice, left, shapes);
        }
    }
    if !has_choices || node.get("properties").is_some() {
        shapes.push(node);
    }
}

fn kind_of(shape: &Value) -> Kind {
    let named = |name: &Value| match name.as_str() {
        Some("null") => Kind::Null,
        Some("boolean") => Kind::Bool,
        Some("integer") => Kind::Int,
        Some("number") => Kind::Number,
        Some("string") => Kind::String,
        Some("array") => Kind::List,
        Some("object") => Kind::Map,
        _ => Kind::Any,
    };
    match shape.get("type") {
        Some(Value::Array(choices)) => {
            let mut kinds = choices.iter().map(named).filter(|kind| *kind != Kind::Null);
            match (kinds.next(), kinds.next()) {
                (Some(kind), None) => kind,
                _ => Kind::Any,
            }
        }
        Some(name) => named(name),
        None if shape.get("properties").is_some() => Kind::Map,
        None if shape.get("const").is_some_and(Value::is_string) => Kind::String,
        None => Kind::Any,
    }
}

/// The schema of a value that is known: its objects have just the fields they have.
pub(super) fn of_constant(value: &Value) -> Value {
    match value {
        Value::Null => json!(true),
        Value::Bool(_) => json!({"type": "boolean"}),
        Value::Number(number) if number.is_f64() => json!({"type": "number"}),
        Value::Number(_) => json!({"type": "integer"}),
        Value::String(_) => json!({"type": "string"}),
        Value::Array(items) => {
            let items: Vec<Value> = items.iter().map(of_constant).collect();
            json!({"type": "array", "items": {"anyOf": items}})
        }
        Value::Object(fields) => {
            let fields: Map<String, Value> = fields
                .iter()
                .map(|(name, value)| (name.clone(), of_constant(value)))
                .collect();
            json!({"type": "object", "properties": fields, "additionalProperties": false})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, Kind, Schema};
    use serde_json::json;

    #[test]
    fn references_choices_and_maps_are_followed() {
        let document = json!({
            "type": "object",
            "properties": {
                "protocol": {"anyOf": [{"$ref": "#/$defs/Protocol"}, {"type": "null"}]},
                "headers": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}},
                "certificate": {"allOf": [{"$ref": "#/$defs/Certificate"}]},
                "loop": {"$ref": "#/$defs/Loop"},
                "count": {"type": ["integer", "null"], "minimum": 0},
            },
            "$defs": {
                "Protocol": {"oneOf": [{"const": "h2", "type": "string"}, {"enum": ["h3"], "type": "string"}]},
                "Certificate": {"type": "object", "properties": {"days": {"type": "integer"}}},
                "Loop": {"$ref": "#/$defs/Loop"},
            },
        });
        let schema = Schema::of(&document);
        let field = |schema: &Schema<'_>, name: &str| match schema.field(name) {
            Field::Known(schema) | Field::Entry(schema) => schema.kind(),
            Field::Unknown(_) => panic!("{name} is unknown"),
        };
        assert_eq!(field(&schema, "protocol"), Kind::String);
        assert_eq!(field(&schema, "loop"), Kind::Any);
        assert_eq!(field(&schema, "count"), Kind::Int);
        let Field::Known(protocol) = schema.field("protocol") else {
            panic!()
        };
        assert_eq!(protocol.words(), Some(vec!["h2", "h3"]));
        let Field::Known(count) = schema.field("count") else {
            panic!()
        };
        assert_eq!(count.minimum(), Some(0.0));
        let Field::Known(headers) = schema.field("headers") else {
            panic!()
        };
        let Field::Entry(values) = headers.field("x-anything") else {
            panic!()
        };
        assert_eq!(values.items().kind(), Kind::String);
        let Field::Known(certificate) = schema.field("certificate") else {
            panic!()
        };
        let Field::Unknown(names) = certificate.field("day") else {
            panic!()
        };
        assert_eq!(names, ["days"]);
    }
}
