//! Writing an answer.

use quick_xml::escape::escape;

use super::Value;

/// Returns the document of a successful call's answer.
pub(crate) fn response(value: &Value) -> String {
    let mut xml = String::from("<?xml version='1.0'?>\n<methodResponse><params><param>");
    push(&mut xml, value);
    xml.push_str("</param></params></methodResponse>\n");
    xml
}

/// Returns the document of a failed call's answer.
pub(crate) fn fault(code: i32, text: &str) -> String {
    let fault = Value::Struct(vec![
        ("faultCode".to_owned(), Value::Int(code.into())),
        ("faultString".to_owned(), Value::Text(text.to_owned())),
    ]);
    let mut xml = String::from("<?xml version='1.0'?>\n<methodResponse><fault>");
    push(&mut xml, &fault);
    xml.push_str("</fault></methodResponse>\n");
    xml
}

fn push(xml: &mut String, value: &Value) {
    xml.push_str("<value>");
    match value {
        Value::Int(number) if i32::try_from(*number).is_ok() => {
            push_element(xml, "int", &number.to_string());
        }
        // Outside 32 bits only where it must be: strict readers know no `i8`.
        Value::Int(number) => push_element(xml, "i8", &number.to_string()),
        Value::Bool(is) => push_element(xml, "boolean", if *is { "1" } else { "0" }),
        Value::Text(text) => {
            // What XML cannot hold at all is left out.
            let text = text.replace(|c: char| c.is_control() && !"\t\n\r".contains(c), "");
            push_element(xml, "string", &text);
        }
        Value::Nil => xml.push_str("<nil/>"),
        Value::Array(values) => {
            xml.push_str("<array><data>");
            for value in values {
                push(xml, value);
            }
            xml.push_str("</data></array>");
        }
        Value::Struct(members) => {
            xml.push_str("<struct>");
            for (name, value) in members {
                xml.push_str("<member>");
                push_element(xml, "name", name);
                push(xml, value);
                xml.push_str("</member>");
            }
            xml.push_str("</struct>");
        }
    }
    xml.push_str("</value>");
}

fn push_element(xml: &mut String, name: &str, text: &str) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
    xml.push_str(&escape(text));
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_method_response_with_escaped_text() {
        let hits = Value::Array(vec![Value::Struct(vec![
            ("name".into(), Value::Text("a<b>&\u{1}".into())),
            ("_pypi_ordering".into(), Value::Int(5_000_000_000)),
        ])]);
        let xml = response(&hits);
        assert!(
            xml.contains("<methodResponse><params><param><value><array><data>"),
            "{xml}"
        );
        assert!(xml.contains("<string>a&lt;b&gt;&amp;</string>"), "{xml}");
        assert!(xml.contains("<i8>5000000000</i8>"), "{xml}");
        assert!(
            fault(-32601, "no").contains("<fault><value><struct><member><name>faultCode</name>")
        );
    }
}
