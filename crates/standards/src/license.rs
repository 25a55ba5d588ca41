//! Licence expressions.
//!
//! Standard: SPDX, "License expressions", as core metadata 2.4 has them (PEP 639).

/// Returns a licence expression with its identifiers spelled as the SPDX list has them, or `None`
/// if it is none.
///
/// # Examples
/// ```
/// use wheelhouse_standards::license;
///
/// assert_eq!(license::canonical("mit or apache-2.0").as_deref(), Some("MIT OR Apache-2.0"));
/// assert_eq!(license::canonical("LicenseRef-House").as_deref(), Some("LicenseRef-House"));
/// assert_eq!(
///     license::canonical("(gpl-2.0-only with classpath-exception-2.0)or(0BSD)").as_deref(),
///     Some("(GPL-2.0-only WITH Classpath-exception-2.0) OR (0BSD)"),
/// );
/// assert_eq!(license::canonical("free for all"), None);
/// assert_eq!(license::canonical("MIT/Apache-2.0"), None);
/// ```
pub fn canonical(expression: &str) -> Option<String> {
    const MODE: spdx::ParseMode = spdx::ParseMode {
        allow_deprecated: true,
        allow_postfix_plus_on_gpl: true,
        ..spdx::ParseMode::STRICT
    };
    let spaced = expression.replace('(', " ( ").replace(')', " ) ");
    let mut canonical = String::with_capacity(expression.len());
    for word in spaced.split_whitespace() {
        if !(canonical.is_empty() || canonical.ends_with('(') || word == ")") {
            canonical.push(' ');
        }
        canonical.push_str(&spelled(word));
    }
    spdx::Expression::parse_mode(&canonical, MODE).ok()?;
    Some(canonical)
}

/// Returns an operator or an identifier as the list spells it. Letters of either case are the
/// same there.
fn spelled(word: &str) -> String {
    let upper = word.to_ascii_uppercase();
    if matches!(upper.as_str(), "AND" | "OR" | "WITH") {
        return upper;
    }
    let (name, plus) = match word.strip_suffix('+') {
        Some(name) => (name, "+"),
        None => (word, ""),
    };
    let licences = spdx::identifiers::LICENSES.iter().map(|known| known.name);
    let exceptions = spdx::identifiers::EXCEPTIONS.iter().map(|known| known.name);
    let known = licences
        .chain(exceptions)
        .find(|known| known.eq_ignore_ascii_case(name));
    format!("{}{plus}", known.unwrap_or(name))
}
