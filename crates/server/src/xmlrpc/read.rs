//! Reading a call. Documents with a type definition are refused unread, so that no entity is
//! ever expanded.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::Value;

/// Deepest nesting of elements.
const MAX_DEPTH: usize = 64;
/// Most values in one call.
const MAX_VALUES: usize = 10_000;

/// A call of a method.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) params: Vec<Value>,
}

/// Why a document is not a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CallError {
    /// It is not well-formed.
    #[error("the XML is not well-formed: {0}")]
    Malformed(String),
    /// It has a type definition.
    #[error("a document type definition is not allowed")]
    TypeDefinition,
    /// It is nested too deep or holds too much.
    #[error("the call is nested too deep or holds too many values")]
    TooLarge,
    /// It is XML, and no call.
    #[error("the document is not an XML-RPC call: {0}")]
    NotACall(&'static str),
}

/// Reads a document.
pub(crate) fn read_call(document: &str) -> Result<Call, CallError> {
    let root = read_tree(document)?;
    if root.name != "methodCall" {
        return Err(CallError::NotACall("its root is not `methodCall`"));
    }
    let method = root
        .child("methodName")
        .map(|name| name.text.trim().to_owned())
        .filter(|name| !name.is_empty())
        .ok_or(CallError::NotACall("it names no method"))?;
    let params = root
        .child("params")
        .map_or(&[][..], |params| &params.children);
    let params = params
        .iter()
        .map(|param| {
            let value = param.child("value");
            value
                .map(to_value)
                .ok_or(CallError::NotACall("a parameter has no value"))?
        })
        .collect::<Result<_, _>>()?;
    Ok(Call { method, params })
}

#[derive(Debug, Default)]
struct Element {
    name: String,
    text: String,
    children: Vec<Element>,
}

impl Element {
    fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }
}

fn read_tree(document: &str) -> Result<Element, CallError> {
    let malformed = |error: &dyn std::fmt::Display| CallError::Malformed(error.to_string());
    let mut reader = Reader::from_str(document);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut count = 0;
    let mut close = |open: &mut Vec<Element>| {
        let element = open.pop()?;
        match open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => root = Some(element),
        }
        Some(())
    };
    loop {
        match reader.read_event().map_err(|error| malformed(&error))? {
            Event::Start(tag) => {
                count += 1;
                if open.len() >= MAX_DEPTH || count > 4 * MAX_VALUES {
                    return Err(CallError::TooLarge);
                }
                let name = tag.local_name().as_ref().to_owned();
                open.push(Element {
                    name,
                    ..Element::default()
                });
            }
            Event::Empty(tag) => {
                count += 1;
                if count > 4 * MAX_VALUES {
                    return Err(CallError::TooLarge);
                }
                let name = tag.local_name().as_ref().to_owned();
                open.push(Element {
                    name,
                    ..Element::default()
                });
                close(&mut open);
            }
            Event::End(_) => {
                close(&mut open).ok_or_else(|| malformed(&"an end without a start"))?;
            }
            Event::Text(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Event::CData(text) => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Event::GeneralRef(reference) => {
                let text = match reference
                    .resolve_char_ref()
                    .map_err(|error| malformed(&error))?
                {
                    Some(character) => character.to_string(),
                    None => quick_xml::escape::resolve_predefined_entity(&reference)
                        .ok_or_else(|| malformed(&"an unknown entity"))?
                        .to_owned(),
                };
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&text);
                }
            }
            Event::DocType(_) => return Err(CallError::TypeDefinition),
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    if !open.is_empty() {
        return Err(malformed(&"the document ends within an element"));
    }
    root.ok_or_else(|| malformed(&"it holds no element"))
}

fn to_value(element: &Element) -> Result<Value, CallError> {
    let Some(typed) = element.children.first() else {
        return Ok(Value::Text(element.text.clone()));
    };
    let number = || typed.text.trim().parse().map(Value::Int);
    Ok(match typed.name.as_str() {
        // The last three are told as the text that they came as: nobody here asks for them.
        "string" | "double" | "dateTime.iso8601" | "base64" => Value::Text(typed.text.clone()),
        "int" | "i4" | "i8" => number().map_err(|_| CallError::NotACall("an integer is none"))?,
        "boolean" => Value::Bool(typed.text.trim() == "1"),
        "nil" => Value::Nil,
        "array" => {
            let data = typed
                .child("data")
                .ok_or(CallError::NotACall("an array has no data"))?;
            Value::Array(
                data.children
                    .iter()
                    .map(to_value)
                    .collect::<Result<_, _>>()?,
            )
        }
        "struct" => {
            let member = |member: &Element| {
                let name = member.child("name").map(|name| name.text.clone());
                let value = member.child("value").map(to_value);
                match (name, value) {
                    (Some(name), Some(value)) => Ok((name, value?)),
                    _ => Err(CallError::NotACall("a member has no name or no value")),
                }
            };
            Value::Struct(
                typed
                    .children
                    .iter()
                    .map(member)
                    .collect::<Result<_, _>>()?,
            )
        }
        _ => return Err(CallError::NotACall("a value has an unknown type")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_of_pip_search_is_read() {
        let document = "<?xml version='1.0'?><methodCall><methodName>search</methodName><params>\
            <param><value><struct>\
            <member><name>name</name><value><array><data><value><string>a &amp; b</string></value></data></array></value></member>\
            <member><name>summary</name><value>plain</value></member>\
            </struct></value></param><param><value><string>or</string></value></param></params></methodCall>";
        let call = read_call(document).expect("a call");
        assert_eq!(call.method, "search");
        assert_eq!(
            call.params,
            [
                Value::Struct(vec![
                    (
                        "name".into(),
                        Value::Array(vec![Value::Text("a & b".into())])
                    ),
                    ("summary".into(), Value::Text("plain".into())),
                ]),
                Value::Text("or".into()),
            ]
        );
    }

    #[test]
    fn bombs_and_nonsense_are_refused() {
        let bomb =
            "<!DOCTYPE a [<!ENTITY b 'c'>]><methodCall><methodName>&b;</methodName></methodCall>";
        assert_eq!(read_call(bomb), Err(CallError::TypeDefinition));
        let deep = "<a>".repeat(100_000);
        assert_eq!(read_call(&deep), Err(CallError::TooLarge));
        let wide = format!("<a>{}</a>", "<b/>".repeat(100_000));
        assert_eq!(read_call(&wide), Err(CallError::TooLarge));
        for document in ["", "<a>", "<a></b>", "</a>", "<a>&b;</a>", "plain"] {
            assert!(read_call(document).is_err(), "{document:?}");
        }
        for document in [
            "<a/>",
            "<methodCall/>",
            "<methodCall><methodName/></methodCall>",
        ] {
            assert!(
                matches!(read_call(document), Err(CallError::NotACall(_))),
                "{document:?}"
            );
        }
    }
}
