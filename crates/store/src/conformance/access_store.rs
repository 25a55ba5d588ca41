//! The promises of the port `AccessStore`. [`access_store_promises!`] makes a test of each for a
//! backend.

use AuditKind::{RoleGiven, RuleAdded, SignInFailed, TokenRevoked};
use serde_json::json;
use wheelhouse_index::actor::{Actor, ActorFilter, TokenId, UserName};
use wheelhouse_index::audit::{AuditEvent, AuditFilter, AuditKind};
use wheelhouse_index::change::Attribution;
use wheelhouse_index::identity::Timestamp;
use wheelhouse_index::ports::{AccessChange, AccessRecord, AccessStore};
use wheelhouse_standards::name::ProjectKey;

/// Makes a test of each promise. `$fresh` gives an empty store and whatever must outlive it.
macro_rules! access_store_promises {
    ($fresh:expr) => {
        $crate::conformance::access_store::access_store_promises! { @each $fresh;
            records_are_put_replaced_and_removed
            a_change_is_written_with_its_events
            a_claim_is_given_to_one_of_many_until_its_time_is_up
            the_trail_is_told_backwards_and_filtered
            the_trail_is_turned_page_by_page
        }
    };
    (@each $fresh:expr; $($promise:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                let (store, _kept) = $fresh;
                $crate::conformance::access_store::$promise(&store).await;
            }
        )*
    };
}
pub(crate) use access_store_promises;

fn record(kind: &str, key: &str, number: i64) -> AccessRecord {
    AccessRecord {
        kind: kind.into(),
        key: key.into(),
        body: json!({ "number": number, "text": "\u{0}\"\u{1f980}" }),
    }
}

fn event(kind: AuditKind, actor: Actor, at: i64, project: Option<&str>) -> AuditEvent {
    AuditEvent {
        kind,
        by: Attribution {
            actor,
            address: Some("::1".into()),
            agent: None,
            request_id: Some("r1".into()),
            at: Timestamp(at),
        },
        project: project.and_then(ProjectKey::of),
        detail: json!({ "at": at }),
    }
}

fn ada() -> Actor {
    Actor::User(UserName::new("ada"))
}

pub(crate) async fn records_are_put_replaced_and_removed(store: &impl AccessStore) {
    assert_eq!(store.access_records().await.expect("none"), []);
    let put = vec![
        record("token", "b", 1),
        record("rule", "z", 2),
        record("token", "a", 3),
    ];
    let change = AccessChange {
        put,
        ..AccessChange::default()
    };
    store.change_access(change).await.expect("written");
    let expected = [
        record("rule", "z", 2),
        record("token", "a", 3),
        record("token", "b", 1),
    ];
    assert_eq!(store.access_records().await.expect("records"), expected);
    let change = AccessChange {
        put: vec![record("token", "a", 4)],
        remove: vec![
            ("token".into(), "b".into()),
            ("token".into(), "not there".into()),
        ],
        ..AccessChange::default()
    };
    store.change_access(change).await.expect("written");
    let expected = [record("rule", "z", 2), record("token", "a", 4)];
    assert_eq!(store.access_records().await.expect("records"), expected);
}

pub(crate) async fn a_change_is_written_with_its_events(store: &impl AccessStore) {
    let events = vec![event(AuditKind::TokenMade, ada(), 5, Some("demo"))];
    let change = AccessChange {
        put: vec![record("token", "a", 1)],
        events: events.clone(),
        ..AccessChange::default()
    };
    store.change_access(change).await.expect("written");
    assert_eq!(store.access_records().await.expect("records").len(), 1);
    let told = store.audit_trail(&AuditFilter::default(), 10).await;
    let told = told.expect("the trail").into_iter();
    assert_eq!(told.map(|entry| entry.event).collect::<Vec<_>>(), events);
}

pub(crate) async fn a_claim_is_given_to_one_of_many_until_its_time_is_up(store: &impl AccessStore) {
    let claim = |key, until, now| store.claim(key, Timestamp(until), Timestamp(now));
    let all = futures_util::future::join_all((0..20).map(|_| claim("jti", 100, 1))).await;
    let given = all
        .into_iter()
        .filter(|given| *given.as_ref().expect("told"))
        .count();
    assert_eq!(given, 1, "one of twenty");
    assert!(claim("another", 100, 2).await.expect("told"));
    assert!(!claim("jti", 300, 99).await.expect("told"));
    assert!(
        claim("jti", 300, 100).await.expect("told"),
        "its time is up"
    );
    assert!(!claim("jti", 400, 299).await.expect("told"));
}

pub(crate) async fn the_trail_is_told_backwards_and_filtered(store: &impl AccessStore) {
    let token = Actor::Token {
        id: TokenId::new("1f"),
        owner: UserName::new("ada"),
    };
    let events = vec![
        event(AuditKind::SignInFailed, Actor::Anonymous, 10, None),
        event(AuditKind::TokenRevoked, token, 20, Some("demo")),
        event(AuditKind::RuleAdded, ada(), 20, None),
        event(AuditKind::RoleGiven, ada(), 5, Some("demo")),
    ];
    let change = AccessChange {
        events: events.clone(),
        ..AccessChange::default()
    };
    store.change_access(change).await.expect("written");
    let told = async |filter: AuditFilter, limit| {
        let told = store.audit_trail(&filter, limit).await.expect("the trail");
        told.iter()
            .map(|entry| entry.event.kind)
            .collect::<Vec<_>>()
    };
    let every = AuditFilter::default();
    assert_eq!(
        told(every.clone(), 9).await,
        [RuleAdded, TokenRevoked, SignInFailed, RoleGiven]
    );
    assert_eq!(told(every.clone(), 2).await, [RuleAdded, TokenRevoked]);
    for (asked, expected) in [
        ("token:1f:ada", &[TokenRevoked][..]),
        ("user:ada", &[RuleAdded, TokenRevoked, RoleGiven]),
        ("ada", &[RuleAdded, TokenRevoked, RoleGiven]),
        ("user:1f:ada", &[]),
        ("user:da", &[]),
    ] {
        let of = AuditFilter {
            actor: Some(ActorFilter::new(asked)),
            ..every.clone()
        };
        assert_eq!(told(of, 9).await, expected, "{asked}");
    }
    let of = AuditFilter {
        project: ProjectKey::of("demo"),
        ..every.clone()
    };
    assert_eq!(told(of, 9).await, [TokenRevoked, RoleGiven]);
    let of = AuditFilter {
        kind: Some(RuleAdded),
        ..every.clone()
    };
    assert_eq!(told(of, 9).await, [RuleAdded]);
    let of = AuditFilter {
        since: Some(Timestamp(10)),
        ..every
    };
    assert_eq!(told(of, 9).await, [RuleAdded, TokenRevoked, SignInFailed]);
}

pub(crate) async fn the_trail_is_turned_page_by_page(store: &impl AccessStore) {
    let at = [3, 1, 2, 2, 2, 1, 3];
    let kinds = [RuleAdded, SignInFailed];
    let events: Vec<_> = at
        .iter()
        .zip(kinds.iter().cycle())
        .map(|(&at, &kind)| event(kind, ada(), at, None))
        .collect();
    let change = AccessChange {
        events,
        ..AccessChange::default()
    };
    store.change_access(change).await.expect("written");
    let page = async |kind, before, limit| {
        let filter = AuditFilter {
            kind,
            before,
            ..AuditFilter::default()
        };
        store.audit_trail(&filter, limit).await.expect("the trail")
    };
    let whole = page(None, None, 99).await;
    assert_eq!(whole.len(), at.len());
    assert!(whole.is_sorted_by(|a, b| a.place > b.place), "{whole:?}");
    for limit in 1..=3 {
        let (mut turned, mut before) = (Vec::new(), None);
        loop {
            let some = page(None, before, limit).await;
            let Some(last) = some.last() else { break };
            before = Some(last.place);
            turned.extend(some);
        }
        assert_eq!(turned, whole, "{limit} at a time");
    }
    let first = page(Some(RuleAdded), None, 1).await;
    let rest = page(Some(RuleAdded), Some(first[0].place), 99).await;
    let all = page(Some(RuleAdded), None, 99).await;
    assert_eq!([first, rest].concat(), all);
}
