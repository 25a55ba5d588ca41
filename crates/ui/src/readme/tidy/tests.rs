use super::super::elements::kept_names;
use super::*;

fn of(html: &str) -> String {
    tidied(html, Limits::default()).expect("little")
}

#[test]
fn every_element_has_an_end() {
    let apart = [
        "a", "code", "pre", "table", "h1", "h2", "h3", "h4", "h5", "h6",
    ];
    for name in kept_names().filter(|name| !apart.contains(name)) {
        assert_eq!(closing(name), format!("</{name}>"));
    }
}

#[test]
fn pictures_are_links_or_words() {
    for (html, tidy) in [
        (
            "<img src=\"https://a.example/b.png\" alt=\"a &amp; b\">",
            "<a class=\"image\" href=\"https://a.example/b.png\">a &amp; b</a>",
        ),
        (
            "<a href=https://a.example><img src='https://b.example/c.svg'></a>",
            "<a href=\"https://a.example\">picture</a>",
        ),
        (
            "<img src=data:image/png;base64,aa alt=x>",
            "[picture left out: x]",
        ),
        ("<img src=docs/a.png>", "[picture left out]"),
    ] {
        assert_eq!(of(html), tidy);
    }
}

#[test]
fn links_lead_outside_or_to_anchors_or_are_words() {
    for (html, tidy) in [
        ("<a href=docs/a.md>a</a>", "<span>a</span>"),
        ("<a href=//a.example>a</a>", "<span>a</span>"),
        ("<a href=&#106;avascript:x>a</a>", "<span>a</span>"),
        ("<a href=#A%20b>a</a>", "<a href=\"#readme-a-b\">a</a>"),
        (
            "<a name=A></a><a id=a></a>",
            "<span id=\"readme-a\"></span><span></span>",
        ),
        ("<a href=https://a.example></a>b", "b"),
        (
            "<a href=MAILTO:a@b.example title='\"<'>a<a href=https://c.example>b</a>c",
            "<a href=\"MAILTO:a@b.example\" title=\"&quot;&lt;\">abc</a>",
        ),
    ] {
        assert_eq!(of(html), tidy);
    }
}

#[test]
fn headings_fit_below_those_of_the_page() {
    assert_eq!(
        of("<h2>A b!</h2><h1>A <em>b</em></h1><h4>C</h4><h1></h1><h1 id=x>D"),
        "<h3 id=\"readme-a-b\">A b!</h3><h3 id=\"readme-a-b-1\">A <em>b</em></h3>\
         <h4 id=\"readme-c\">C</h4><h3 id=\"readme-x\">D</h3>"
    );
}

#[test]
fn what_is_open_is_closed_and_what_is_not_is_not() {
    for (html, tidy) in [
        ("<p>a<p>b", "<p>a</p><p>b</p>"),
        ("</div></p>a<b><i>b</b>c</i>", "a<b><i>b</i></b>c"),
        (
            "<ul><li>a<li>b</ul><li>c",
            "<ul><li>a</li><li>b</li></ul><div>c</div>",
        ),
        (
            "<div><table><tr><td>a</div>b",
            "<div><div class=\"scroll\" tabindex=\"0\"><table><tr><td>ab</td></tr></table></div></div>",
        ),
        ("<td>a</td>", "a"),
        (
            "<p>a <table><th></th>",
            "<p>a </p><div class=\"scroll\" tabindex=\"0\"><table><td></td></table></div>",
        ),
        ("<x-y>a</x-y><form>b<button>c", "abc"),
    ] {
        assert_eq!(of(html), tidy);
    }
}

#[test]
fn what_is_not_for_reading_is_left_out() {
    for (html, tidy) in [
        ("a<script>b<b></script>c", "ac"),
        ("a<STYLE>b</style >c", "ac"),
        ("a<svg><script>b</script></svg>c", "a[picture left out]c"),
        ("a<!-- b -->c<!doctype d>e<?f?>g", "aceg"),
        ("a<!-- b", "a&lt;!-- b"),
        ("a<script>b", "ab"),
        ("a < b <c", "a &lt; b &lt;c"),
    ] {
        assert_eq!(of(html), tidy);
    }
}

#[test]
fn code_has_colours_if_its_language_is_known() {
    assert_eq!(
        of("<pre><code class=\"language-python\">a = &quot;&lt;&quot;\n</code></pre>"),
        "<pre tabindex=\"0\"><code>a = <span class=\"hl-s\">&quot;&lt;&quot;</span>\n</code></pre>"
    );
    assert_eq!(
        of("<pre><code class=\"language-x\">1</code></pre>"),
        "<pre tabindex=\"0\"><code>1</code></pre>"
    );
}

#[test]
fn nests_have_an_end() {
    let html = of(&format!(
        "{}a{}b",
        "<div>".repeat(500),
        "</div>".repeat(500)
    ));
    let depth = Limits::default().nesting;
    assert_eq!(
        html,
        format!("{}a{}b", "<div>".repeat(depth), "</div>".repeat(depth))
    );
}

#[test]
fn pieces_of_text_have_few_references_and_values_are_short() {
    assert_eq!(of(&"&amp;".repeat(2_500)).matches("<wbr>").count(), 2);
    let url = format!("<a href=https://a.example/{}>a</a>", "&".repeat(10_000));
    assert_eq!(of(&url), "<span>a</span>");
}
