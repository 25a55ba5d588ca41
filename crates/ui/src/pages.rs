//! Templates, compiled once; pages, made from them.

use minijinja::value::ValueKind;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};
use serde::Serialize;

use crate::asset::Assets;
use crate::escape::push_escaped;
use crate::format;
use crate::frame::Frame;
use crate::theme::{Theme, ThemeError};

/// A page: a value that has a template.
pub trait Page: Serialize {
    /// The name of its template, such as `home.html`.
    const TEMPLATE: &'static str;
}

/// The templates that are built in. A theme may have others of the same names.
const TEMPLATES: &[(&str, &str)] = &[
    ("layout.html", include_str!("../templates/layout.html")),
    ("parts.html", include_str!("../templates/parts.html")),
    ("home.html", include_str!("../templates/home.html")),
    ("search.html", include_str!("../templates/search.html")),
    ("project.html", include_str!("../templates/project.html")),
    ("failure.html", include_str!("../templates/failure.html")),
    ("inside.html", include_str!("../templates/inside.html")),
    ("member.html", include_str!("../templates/member.html")),
    ("changes.html", include_str!("../templates/changes.html")),
    ("forms.html", include_str!("../templates/forms.html")),
    ("events.html", include_str!("../templates/events.html")),
    ("sign_in.html", include_str!("../templates/sign_in.html")),
    ("account.html", include_str!("../templates/account.html")),
    ("tokens.html", include_str!("../templates/tokens.html")),
    (
        "publishers.html",
        include_str!("../templates/publishers.html"),
    ),
    ("upload.html", include_str!("../templates/upload.html")),
    ("manage.html", include_str!("../templates/manage.html")),
    ("change.html", include_str!("../templates/change.html")),
    ("confirm.html", include_str!("../templates/confirm.html")),
    ("admin.html", include_str!("../templates/admin.html")),
    ("users.html", include_str!("../templates/users.html")),
    ("rules.html", include_str!("../templates/rules.html")),
    ("journal.html", include_str!("../templates/journal.html")),
    ("trail.html", include_str!("../templates/trail.html")),
    ("health.html", include_str!("../templates/health.html")),
];

/// Returns the names of all templates, for a sentence.
pub(crate) fn template_names() -> String {
    let names: Vec<_> = TEMPLATES.iter().map(|(name, _)| *name).collect();
    names.join(", ")
}

/// Makes pages.
#[derive(Debug)]
pub struct Pages {
    templates: Environment<'static>,
    assets: Assets,
}

impl Pages {
    /// Compiles the templates, those of a company's own theme in place of ours.
    ///
    /// # Errors
    /// [`ThemeError`] for a template of the theme that cannot be compiled, or that no page uses.
    pub fn new(theme: Theme) -> Result<Self, ThemeError> {
        let mut templates = Environment::new();
        templates.set_trim_blocks(true);
        templates.set_lstrip_blocks(true);
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        // Whatever a template is called, what it shows is escaped, by one function.
        templates.set_auto_escape_callback(|_| AutoEscape::Html);
        templates.set_formatter(|out, state, value| {
            let is_text = value.kind() == ValueKind::String && !value.is_safe();
            match value.as_str() {
                Some(text) if is_text => Ok(push_escaped(out, text)?),
                _ => minijinja::escape_formatter(out, state, value),
            }
        });
        templates.add_filter("size", format::size);
        templates.add_filter("number", format::number);
        templates.add_filter("date", format::date);
        templates.add_filter("instant", format::instant);
        templates.add_filter("minute", format::minute);
        for (name, text) in TEMPLATES {
            templates
                .add_template(name, text)
                .expect("a test compiles the built-in templates");
        }
        for (name, text) in theme.templates {
            if !TEMPLATES.iter().any(|(known, _)| *known == name) {
                return Err(ThemeError::UnknownTemplate(name));
            }
            templates
                .add_template_owned(name.clone(), text)
                .map_err(|error| ThemeError::Template(name, error.to_string()))?;
        }
        let assets = Assets::new(theme.style, theme.logo);
        let (style, script, logo) = (
            assets.address("style.css"),
            assets.address("script.js"),
            assets.address("logo"),
        );
        templates.add_global("site", theme.site_name.unwrap_or("Wheelhouse".to_owned()));
        templates.add_global("style", style);
        templates.add_global("script", script);
        templates.add_global("logo", logo);
        Ok(Self { templates, assets })
    }

    /// Makes a page.
    ///
    /// # Errors
    /// A sentence, if a template of a theme asks for what the page does not have.
    pub fn render<P: Page>(&self, frame: &Frame, page: &P) -> Result<String, RenderError> {
        let template = self.templates.get_template(P::TEMPLATE)?;
        Ok(template.render(context! { frame, page => Value::from_serialize(page) })?)
    }

    /// Returns the files that pages refer to.
    pub fn assets(&self) -> &Assets {
        &self.assets
    }
}

/// A page cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("a page cannot be made: {0:#}")]
pub struct RenderError(#[from] minijinja::Error);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn built_in_templates_compile() {
        Pages::new(Theme::default()).expect("sound templates");
    }

    #[test]
    fn a_theme_takes_the_place_of_a_template_that_there_is() {
        let with = |name: &str, text: &str| {
            Pages::new(Theme {
                templates: vec![(name.to_owned(), text.to_owned())],
                ..Theme::default()
            })
        };
        with("home.html", "<p>{{ site }}</p>").expect("a page that there is");
        let unknown = with("house.html", "").expect_err("no such page");
        assert!(unknown.to_string().contains("home.html"), "{unknown}");
        let broken = with("home.html", "{% if %}").expect_err("no template");
        assert!(broken.to_string().contains("home.html"), "{broken}");
    }
}
