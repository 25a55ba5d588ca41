//! Files of header lines, such as `METADATA` and `WHEEL`, field by field.

use crate::metadata::Headers;

/// Most fields that are read.
const MAX_FIELDS: usize = 5_000;

/// A file of header lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// Names, as the file spells them, and values: what was folded is on one line.
    pub fields: Vec<(String, String)>,
    /// Whether there are more.
    pub is_cut: bool,
    /// What follows the header.
    pub body: String,
}

/// Reads the fields of a file.
pub fn read(text: &str) -> Fields {
    let mut headers = Headers::of(text);
    let mut fields = Vec::new();
    let mut is_cut = false;
    for header in headers.by_ref() {
        if fields.len() < MAX_FIELDS {
            fields.push((header.name.to_owned(), header.joined()));
        } else {
            is_cut = true;
        }
    }
    Fields {
        fields,
        is_cut,
        body: headers.body().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_as_the_file_has_them() {
        let read = read("Name: Demo\nClassifier: A\nClassifier: B\n  C\n\n# Demo\n");
        let fields = [("Name", "Demo"), ("Classifier", "A"), ("Classifier", "B C")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(read.fields, fields);
        assert_eq!((read.body.as_str(), read.is_cut), ("# Demo\n", false));
    }

    #[test]
    fn a_file_of_fields_alone_is_cut() {
        let read = read(&"A: b\n".repeat(MAX_FIELDS + 1));
        assert_eq!((read.fields.len(), read.is_cut), (MAX_FIELDS, true));
    }
}
