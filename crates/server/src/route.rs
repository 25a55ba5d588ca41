//! The routes by name: what logs and counters call them.

macro_rules! routes {
    ($($(#[$doc:meta])* $variant:ident = $template:literal,)*) => {
        /// A route, as logs and counters call it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub(crate) enum Route {
            $($(#[$doc])* $variant,)*
        }

        impl Route {
            /// All routes, each at the place of its number.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant),*];

            /// Returns the route's template.
            pub(crate) const fn template(self) -> &'static str {
                match self {
                    $(Self::$variant => $template,)*
                }
            }
        }
    };
}

routes! {
    /// The welcome page, uploads and XML-RPC.
    Root = "/",
    /// Uploads, as at the public index.
    Legacy = "/legacy/",
    /// The list of projects.
    ProjectList = "/simple/",
    /// The page of a project.
    ProjectPage = "/simple/{project}/",
    /// The list of all files.
    FlatList = "/packages/",
    /// A file, or something that stands beside it.
    File = "/packages/{path}",
    /// The JSON API's document of a project.
    ProjectJson = "/pypi/{project}/json",
    /// The JSON API's document of a release.
    ReleaseJson = "/pypi/{project}/{version}/json",
    /// Feeds.
    Rss = "/rss/{feed}",
    /// Attestations.
    Integrity = "/integrity/{project}/{version}/{file}/provenance",
    /// The way from the bare host to the simple page.
    ProjectRedirect = "/{project}/",
    /// XML-RPC.
    XmlRpc = "/RPC2",
    /// The page for people of a project, and what is below it.
    Project = "/project/{project}/{…}",
    /// The page of what a search found.
    Search = "/search",
    /// The pages of somebody who signed in.
    Account = "/account/{…}",
    /// The pages of administrators.
    Administration = "/admin/{…}",
    /// Style sheet, script and pictures of pages.
    Asset = "/_/assets/{name}",
    /// Our own API.
    Api = "/api/{…}",
    /// Health checks.
    Health = "/healthz",
    /// Counters.
    Metrics = "/metrics",
    /// Nothing that is here.
    Other = "other",
}
