//! Versions in Python: read from the source, which is not run.

use tree_sitter::{Node, Parser, Tree};

use super::{PlaceFault, VersionPlace, Written, computed};

/// Finds the version that a setup script gives to `setup()`.
pub(super) fn in_setup(text: &str) -> Result<VersionPlace, PlaceFault> {
    const FILE: &str = "setup.py";
    let source = Source::read(text);
    let Some(call) = source.call_of_setup(source.tree.root_node()) else {
        return Ok(computed(FILE, "it has no plain call of setup()"));
    };
    let Some(value) = source.argument(call, "version") else {
        return Ok(computed(FILE, "it gives no plain version to setup()"));
    };
    let value = match value.kind() {
        "identifier" => source.assigned(&[source.text_of(value)]).unwrap_or(value),
        _ => value,
    };
    match source.literal(value) {
        Some(at) => Written::found(FILE, text, at),
        None => Ok(computed(FILE, "it computes the version")),
    }
}

/// Returns the line, from 1, at which a setup script calls `setup()`.
pub(super) fn line_of_setup(text: &str) -> Option<usize> {
    let source = Source::read(text);
    let call = source.call_of_setup(source.tree.root_node())?;
    Some(call.start_position().row + 1)
}

/// Returns the text that a setup script gives to `setup()` by a name.
pub(super) fn text_in_setup(text: &str, name: &str) -> Option<String> {
    let source = Source::read(text);
    let call = source.call_of_setup(source.tree.root_node())?;
    let value = source.argument(call, name)?;
    Some(text[source.literal(value)?].to_owned())
}

/// Finds the version that a module assigns to one of these names.
pub(super) fn in_module(
    file: &str,
    text: &str,
    names: &[&str],
) -> Result<VersionPlace, PlaceFault> {
    let source = Source::read(text);
    let name = names.first().copied().unwrap_or_default();
    let Some(value) = source.assigned(names) else {
        return Err(PlaceFault {
            file: file.to_owned(),
            line: None,
            what: format!("the version is to be in `{file}`, which assigns nothing to `{name}`"),
            fix: format!("write `{name} = \"1.2.0\"` there"),
        });
    };
    match source.literal(value) {
        Some(at) => Written::found(file, text, at),
        None => Ok(computed(file, format!("it computes `{name}`"))),
    }
}

struct Source<'t> {
    text: &'t str,
    tree: Tree,
}

impl<'t> Source<'t> {
    fn read(text: &'t str) -> Self {
        let mut parser = Parser::new();
        parser
            .set_language(&tree_sitter_python::LANGUAGE.into())
            .expect("the grammar is of this version");
        let tree = parser.parse(text, None);
        Self {
            text,
            tree: tree.expect("there is a language, and no time limit"),
        }
    }

    fn text_of(&self, node: Node<'_>) -> &'t str {
        &self.text[node.byte_range()]
    }

    /// Returns a call of `setup` or of `….setup` as a statement of its own, also below conditions.
    fn call_of_setup<'n>(&self, node: Node<'n>) -> Option<Node<'n>> {
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            let found = match child.kind() {
                "call" => {
                    let function = child.child_by_field_name("function")?;
                    let name = self.text_of(function);
                    (name.rsplit('.').next() == Some("setup")).then_some(child)
                }
                "expression_statement" | "if_statement" | "block" => self.call_of_setup(child),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }

    fn argument<'n>(&self, call: Node<'n>, name: &str) -> Option<Node<'n>> {
        let arguments = call.child_by_field_name("arguments")?;
        let mut cursor = arguments.walk();
        let found = arguments.named_children(&mut cursor).find(|argument| {
            let key = argument.child_by_field_name("name");
            argument.kind() == "keyword_argument"
                && key.is_some_and(|key| self.text_of(key) == name)
        });
        found?.child_by_field_name("value")
    }

    /// Returns what the module assigns to one of these names, if it does so once.
    fn assigned(&self, names: &[&str]) -> Option<Node<'_>> {
        let root = self.tree.root_node();
        let mut cursor = root.walk();
        let mut found = None;
        for statement in root.named_children(&mut cursor) {
            let Some(assignment) = statement.named_child(0) else {
                continue;
            };
            let left = assignment.child_by_field_name("left");
            let is_of_name = left.is_some_and(|left| names.contains(&self.text_of(left)));
            if statement.kind() == "expression_statement"
                && assignment.kind() == "assignment"
                && is_of_name
            {
                if found.is_some() {
                    return None;
                }
                found = assignment.child_by_field_name("right");
            }
        }
        found
    }

    /// Returns where the text of a string is, if it is a plain one.
    fn literal(&self, node: Node<'_>) -> Option<std::ops::Range<usize>> {
        let written = self.text_of(node);
        if node.kind() != "string" || written.contains('\\') {
            return None;
        }
        let quote = ["\"\"\"", "'''", "\"", "'"];
        let quote = quote.iter().find(|quote| written.starts_with(**quote))?;
        let range = node.byte_range();
        Some(range.start + quote.len()..range.end - quote.len())
    }
}
