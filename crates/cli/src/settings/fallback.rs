//! Where a project that is not here may be looked for.

use super::source::Source;
use crate::options::defs;

/// Where a project that is not here may be looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FallbackSettings {
    /// Whether there is a fallback at all.
    pub mode: FallbackMode,
    /// The simple URL that was given, without its final slashes. `None` if none was.
    pub url: Option<String>,
    /// Whether the settings of pip and uv on this machine may tell the address.
    pub read_installer_settings: bool,
}

/// Whether there is a fallback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FallbackMode {
    /// Never.
    Off,
    /// To [`FallbackSettings::url`] if one was given, else not at all.
    Given,
    /// To [`FallbackSettings::url`], else to the public index if its address is known.
    Known,
}

impl FallbackSettings {
    pub(super) fn of(source: Source<'_>) -> Self {
        let values = source.values;
        Self {
            mode: match values.text(&defs::FALLBACK_SOURCE) {
                _ if values.truth(&defs::DISABLE_FALLBACK) => FallbackMode::Off,
                Some("known") => FallbackMode::Known,
                _ => FallbackMode::Given,
            },
            url: source.simple_url(&defs::FALLBACK_URL),
            read_installer_settings: values.truth(&defs::INSTALLER_SETTINGS),
        }
    }
}
