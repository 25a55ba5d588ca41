use super::*;
use crate::actor::TokenId;

const INDEX_NAMES: [&str; 2] = ["main", "other"];

fn key(name: &str) -> ProjectKey {
    ProjectKey::of(name).expect("a name")
}

fn user(name: &str) -> Principal {
    Principal::new(Actor::User(UserName::new(name)))
}

fn token(owner: &str, limits: impl IntoIterator<Item = Limit>) -> Principal {
    let (id, owner) = (TokenId::new("1f"), UserName::new(owner));
    Principal::new(Actor::Token { id, owner }).within(limits)
}

fn rules(locks: &[Lock], written: &[&str]) -> AccessRules {
    let written = written.iter().map(|text| text.parse().expect(text));
    AccessRules::new(locks, written)
}

const ALL_LOCKS: [Lock; 3] = [Lock::Update, Lock::Download, Lock::List];

fn words(rights: &str) -> Rights {
    if rights.is_empty() {
        return Rights::default();
    }
    rights.parse().expect(rights)
}

/// Which rights somebody has with a project, or with everything.
fn rights(rules: &AccessRules, who: &Principal, index: &str, project: Option<&str>) -> Rights {
    let index: IndexName = index.parse().expect(index);
    let project = project.map(key);
    let has_part = project.as_ref().is_some_and(|key| key.as_str() == "mine");
    let roles = [
        (UserName::new("owen"), Role::Owner),
        (UserName::new("mia"), Role::Maintainer),
    ];
    let allowed = |right: &Right| {
        let question = Question {
            right: *right,
            index: &index,
            project: project.as_ref(),
            roles: if has_part { &roles } else { &[] },
        };
        decide(rules, who, question).is_allowed()
    };
    Right::ALL.iter().copied().filter(allowed).collect()
}

#[test]
fn a_lock_shuts_its_rights_to_those_who_did_not_sign_in_and_no_others() {
    let anonymous = Principal::new(Actor::Anonymous);
    for (locks, open) in [
        (&[][..], "list+download+update"),
        (&[Lock::List], "download+update"),
        (&[Lock::Download], "list+update"),
        (&[Lock::Update], "list+download"),
        (&ALL_LOCKS, ""),
    ] {
        let rules = rules(locks, &[]);
        for project in [None, Some("demo")] {
            let found = rights(&rules, &anonymous, "main", project);
            assert_eq!(found, words(open), "{locks:?}");
            let found = rights(&rules, &user("ada"), "main", project);
            assert_eq!(
                found,
                words("list+download+update"),
                "pypiserver's users may do everything"
            );
        }
        for right in Right::ALL {
            assert_eq!(
                rules.is_open(*right),
                words(open).contains(*right),
                "{right}"
            );
        }
    }
}

/// Every actor, every right, every scope: the table is the policy.
#[expect(clippy::too_many_lines, reason = "a table is read best in one piece")]
#[test]
fn the_rules_of_a_company_give_each_actor_what_they_say() {
    let rules = rules(
        &[Lock::Update, Lock::Download],
        &[
            "group:staff download",
            "user:ada all",
            "group:data upload+create data-* main",
            "user:bob yank Data.Tools",
            "user:robot upload team-* main",
            "users create sandbox-*",
        ],
    );
    let data = || [GroupName::new("data"), GroupName::new("staff")];
    let limited = |rights: Option<&str>, projects: Option<&str>| Limit {
        rights: rights.map(words),
        projects: projects.map(|pattern| vec![pattern.parse().expect(pattern)]),
        index: None,
    };
    let anonymous = Principal::new(Actor::Anonymous);
    let administrator = Principal::new(Actor::Administrator);
    let open = "list";
    let none = [open; 6];
    // The columns: everything, data-x, data-tools, team-x, sandbox-x, mine; in the index main.
    let table: &[(&str, Principal, [&str; 6])] = &[
        ("anonymous", anonymous, none),
        ("administrator", administrator, ["all"; 6]),
        ("system", Principal::new(Actor::System), ["all"; 6]),
        ("ada", user("ada"), ["all"; 6]),
        (
            "a stranger",
            user("eve"),
            [open, open, open, open, "list+create", open],
        ),
        (
            "staff",
            user("sue").in_groups([GroupName::new("staff")]),
            [
                "list+download",
                "list+download",
                "list+download",
                "list+download",
                "list+download+create",
                "list+download",
            ],
        ),
        (
            "data",
            user("dan").in_groups(data()),
            [
                "list+download",
                "list+download+upload+create",
                "list+download+upload+create",
                "list+download",
                "list+download+create",
                "list+download",
            ],
        ),
        (
            "bob",
            user("bob"),
            [open, open, "list+yank", open, "list+create", open],
        ),
        (
            "robot",
            user("robot"),
            [open, open, open, "list+upload", "list+create", open],
        ),
        (
            "owner",
            user("owen"),
            [
                open,
                open,
                open,
                open,
                "list+create",
                "list+download+update",
            ],
        ),
        (
            "maintainer",
            user("mia"),
            [
                open,
                open,
                open,
                open,
                "list+create",
                "list+download+upload+yank",
            ],
        ),
        (
            "ada's token for uploads",
            token("ada", [limited(Some("upload"), None)]),
            ["list+upload"; 6],
        ),
        (
            "ada's token for a project",
            token("ada", [limited(None, Some("data-*"))]),
            [open, "all", "all", open, open, open],
        ),
        (
            "a token narrowed twice",
            token(
                "ada",
                [
                    limited(Some("upload+yank"), Some("data-*")),
                    limited(Some("yank"), Some("*-tools")),
                ],
            ),
            [open, open, "list+yank", open, open, open],
        ),
        (
            "a stranger's wide token",
            token("eve", [limited(Some("all"), Some("*"))]),
            [open, open, open, open, "list+create", open],
        ),
        (
            "an owner's token",
            token("owen", [limited(Some("upload"), Some("mine"))]),
            [open, open, open, open, open, "list+upload"],
        ),
    ];
    let columns = [
        None,
        Some("data-x"),
        Some("data-tools"),
        Some("team-x"),
        Some("sandbox-x"),
        Some("mine"),
    ];
    for (name, who, expected) in table {
        for (project, expected) in columns.iter().zip(expected) {
            let found = rights(&rules, who, INDEX_NAMES[0], *project);
            assert_eq!(found, words(expected), "{name} with {project:?}: {found}");
        }
    }
    // Rules of one index do not hold in another.
    let dan = user("dan").in_groups(data());
    assert_eq!(
        rights(&rules, &dan, INDEX_NAMES[1], Some("data-x")),
        words("list+download")
    );
    assert_eq!(
        rights(&rules, &user("robot"), INDEX_NAMES[1], Some("team-x")),
        words("list")
    );
    let elsewhere = Limit {
        index: Some(IndexName::main()),
        ..Limit::default()
    };
    let ada = token("ada", [elsewhere]);
    assert_eq!(rights(&rules, &ada, INDEX_NAMES[0], None), words("all"));
    assert_eq!(rights(&rules, &ada, INDEX_NAMES[1], None), words("list"));
}

#[test]
fn a_decision_names_its_reason() {
    let rules = rules(&ALL_LOCKS, &["user:ada upload a"]);
    let main = IndexName::main();
    let (a, b) = (key("a"), key("b"));
    let decided = |who: &Principal, project: &ProjectKey| {
        let question = Question {
            right: Right::Upload,
            index: &main,
            project: Some(project),
            roles: &[],
        };
        decide(&rules, who, question)
    };
    let Decision::Allowed(reason) = decided(&user("ada"), &a) else {
        panic!("allowed");
    };
    assert!(reason.to_string().contains("user:ada upload a"), "{reason}");
    assert_eq!(
        decided(&user("ada"), &b),
        Decision::Refused(Refusal::NoRule)
    );
    assert_eq!(
        decided(&Principal::new(Actor::Anonymous), &a),
        Decision::SignInNeeded
    );
    let narrow = Limit {
        rights: Some(words("list")),
        ..Limit::default()
    };
    assert_eq!(
        decided(&token("ada", [narrow]), &a),
        Decision::Refused(Refusal::Token)
    );
}

#[test]
fn somebody_may_somewhere_what_any_rule_says() {
    let rules = rules(
        &[Lock::Update],
        &["user:ada upload a", "group:g create x-*"],
    );
    let main = IndexName::main();
    let may = |who: &Principal, right, has_projects| {
        may_somewhere(&rules, who, right, &main, has_projects).is_allowed()
    };
    assert!(may(&user("ada"), Right::Upload, false));
    assert!(!may(&user("ada"), Right::Create, false));
    assert!(may(
        &user("bob").in_groups([GroupName::new("g")]),
        Right::Create,
        false
    ));
    assert!(!may(&user("bob"), Right::Upload, false));
    assert!(
        may(&user("bob"), Right::Upload, true),
        "bob has a part in some project"
    );
    let anonymous = Principal::new(Actor::Anonymous);
    let decided = may_somewhere(&rules, &anonymous, Right::Upload, &main, false);
    assert_eq!(decided, Decision::SignInNeeded);
    let reading = Limit {
        rights: Some(words("list")),
        ..Limit::default()
    };
    assert!(!may(&token("ada", [reading]), Right::Upload, false));
}

#[test]
fn sight_is_what_the_right_to_list_says_of_each_project() {
    let rules = rules(&ALL_LOCKS, &["users list open-*", "user:ada list"]);
    let main = IndexName::main();
    let sight = |who: &Principal, own: &[&str]| {
        Sight::of(
            &rules,
            who,
            &main,
            own.iter().map(|name| key(name)).collect(),
        )
    };
    assert!(matches!(sight(&user("ada"), &[]), Sight::Everything));
    let bob = sight(&user("bob"), &["own"]);
    for (name, is_seen) in [("open-a", true), ("closed", false), ("own", true)] {
        assert_eq!(bob.has(&key(name)), is_seen, "{name}");
    }
    let narrow = Limit {
        projects: Some(vec!["open-b".parse().expect("a pattern")]),
        ..Limit::default()
    };
    let narrow = sight(&token("bob", [narrow]), &[]);
    assert!(narrow.has(&key("open-b")) && !narrow.has(&key("open-a")));
    // Who sees the same shares pages; who sees something else does not.
    let print = |sight: &Sight| sight.fingerprint();
    assert_eq!(print(&sight(&user("ada"), &[])), 0);
    assert_eq!(
        print(&sight(&user("bob"), &[])),
        print(&sight(&user("eve"), &[]))
    );
    assert_ne!(print(&bob), print(&sight(&user("eve"), &[])));
    assert_ne!(print(&narrow), print(&sight(&user("eve"), &[])));
}

#[test]
fn rules_are_written_and_read_back() {
    for text in [
        "everybody list *",
        "users list+download *",
        "user:ada all *",
        "group:data upload+create data-* main",
        "owners upload+create+yank+delete *",
        "maintainers yank a",
    ] {
        let rule: Rule = text.parse().expect(text);
        assert_eq!(rule.to_string(), text);
    }
    let short: Rule = "user:ada  update".parse().expect("blanks do not matter");
    assert_eq!(short.to_string(), "user:ada upload+create+yank+delete *");
    for (text, words) in [
        ("", "WHO RIGHTS"),
        ("user:ada", "WHO RIGHTS"),
        ("user:ada list a b c", "WHO RIGHTS"),
        ("ada list", "`ada` is nobody"),
        ("user: list", "`user:` is nobody"),
        ("users read", "`read` is no right"),
        ("users list+", "`` is no right"),
        ("users list a/b", "`a/b`"),
        ("users list * Main", "`Main`"),
    ] {
        let error = text.parse::<Rule>().expect_err(text).to_string();
        assert!(error.contains(words), "{text}: {error}");
    }
}
