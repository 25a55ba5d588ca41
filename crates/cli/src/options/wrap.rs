//! Breaks sentences into lines.

/// Holds two words together: it becomes a blank that no line breaks at.
pub(super) const TIE: char = '\u{a0}';

/// Breaks a text at blanks into lines of at most `width` characters, where its words allow that.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| line.replace(TIE, " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_as_full_as_their_words_allow() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one twothreefour x", 7), ["one", "twothreefour", "x"]);
        assert_eq!(wrap("one two\u{a0}three", 9), ["one", "two three"]);
        assert!(wrap("", 7).is_empty());
    }
}
