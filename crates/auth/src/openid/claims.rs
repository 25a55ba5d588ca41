//! What an identity token of a person says.

use serde_json::Value;
use wheelhouse_index::permission::GroupName;

use crate::identity_token::Proven;

/// Longest name of a user or a group, in characters, and most groups of one user.
const MAX_NAME_CHARS: usize = 200;
const MAX_GROUPS: usize = 500;

/// Returns the name of whoever signed in.
pub(super) fn user(proven: &Proven, claim: &str) -> Result<String, String> {
    let name = proven
        .text(claim)
        .ok_or_else(|| format!("the identity token has no claim `{claim}`"))?;
    // Whoever may write any address into a profile could be anybody.
    if claim == "email" && proven.claims.get("email_verified") != Some(&Value::Bool(true)) {
        return Err("the e-mail address is not verified".to_owned());
    }
    // The accounts of publishers have colons, and no user has.
    if !is_name(name) || name.contains(':') || name == "__token__" {
        return Err(format!(
            "the claim `{claim}` is no name that can be used here"
        ));
    }
    Ok(name.to_owned())
}

/// Returns the groups of whoever signed in: a list of texts, or one text.
pub(super) fn groups(proven: &Proven, claim: &str) -> Vec<GroupName> {
    let listed = match proven.claims.get(claim) {
        Some(Value::Array(listed)) => listed.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    };
    let mut groups: Vec<GroupName> = listed
        .into_iter()
        .filter(|name| is_name(name))
        .take(MAX_GROUPS)
        .map(GroupName::new)
        .collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

fn is_name(text: &str) -> bool {
    let is_odd = |c: char| c.is_control();
    !text.trim().is_empty() && text.chars().count() <= MAX_NAME_CHARS && !text.contains(is_odd)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn proven(claims: Value) -> Proven {
        let Value::Object(claims) = claims else {
            panic!("an object");
        };
        Proven {
            issuer: String::new(),
            claims,
            single_use: String::new(),
            expires_at: 0,
        }
    }

    #[test]
    fn a_name_is_one_that_can_be_used() {
        let of = |name: Value| user(&proven(json!({ "sub": name })), "sub");
        assert_eq!(of(json!("ada lovelace")), Ok("ada lovelace".to_owned()));
        for bad in [
            json!(""),
            json!(" "),
            json!(7),
            json!(null),
            json!("a:b"),
            json!("a\nb"),
            json!("__token__"),
            json!("x".repeat(201)),
        ] {
            assert!(of(bad.clone()).is_err(), "{bad}");
        }
        let mail = |verified: Value| {
            let claims = json!({ "email": "ada@example.org", "email_verified": verified });
            user(&proven(claims), "email")
        };
        assert!(mail(json!(true)).is_ok());
        for unverified in [json!(false), json!("true"), json!(null)] {
            assert!(mail(unverified).is_err());
        }
    }

    #[test]
    fn groups_are_texts_each_once() {
        let of = |value: Value| {
            let found = groups(&proven(json!({ "groups": value })), "groups");
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of(json!(["b", "a", "b", 7, "", "c\u{0}"])), ["a", "b"]);
        assert_eq!(of(json!("one")), ["one"]);
        assert!(of(json!({ "a": 1 })).is_empty());
    }
}
