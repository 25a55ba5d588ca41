//! Where the server listens.

/// Where the server listens and under which path it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindSettings {
    /// The address or host name to listen on, such as `127.0.0.1`, `::1` or `localhost`.
    pub host: String,
    /// The port to listen on. 0 lets the system choose one.
    pub port: u16,
    /// The path below which everything is served: empty, or begins with a slash and does not end
    /// in one, such as `/team/python`.
    pub base_path: String,
}
