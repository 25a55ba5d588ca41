//! Where a project that is not here may be looked for.

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
